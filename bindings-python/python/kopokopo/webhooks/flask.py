"""Webhooks in Flask."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from flask import Request, Response, current_app
from flask import request as current_request

from kopokopo import Event, JournalError, SignatureError, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    AnyJournal,
    EarlyResponse,
    OnUnreadable,
    check_length,
    check_request,
    check_size,
    error_response,
    journal_response,
    raw_body_error,
    verify_event,
)

__all__ = ["verify", "webhook"]

_Result = TypeVar("_Result")
_P = ParamSpec("_P")

_FIX = (
    "call verify(verifier, request) before anything reads request.form, request.files or request.stream, "
    "or read it with request.get_data(cache=True)"
)


def verify(verifier: WebhookVerifier, request: Request) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header, and returns the event.

    Raises: `SignatureError` if the signature is missing or invalid, or if the body is too large. `DecodeError` if the
    body is authentic but cannot be read. `InvalidRequestError` if the body was read as a stream before.
    """
    return verifier.verify(*_raw(verifier, request))


def _raw(verifier: WebhookVerifier, request: Request) -> tuple[bytes, str | None]:
    check_request(request, Request, "Flask", _FIX)
    stream_used = "stream" in request.__dict__
    length = check_length(verifier, request.content_length)
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    body = _read(verifier, request) if chunked and not stream_used else request.get_data(cache=True)
    if not body and stream_used and (length or chunked):
        raise raw_body_error("Flask", "the body was read before and not cached", _FIX)
    return body, request.headers.get(HEADER)


class _Decorator(Protocol):
    """Takes a view with the event, and returns a view without the event."""

    @overload
    def __call__(
        self, view: Callable[Concatenate[Event, _P], Coroutine[Any, Any, _Result | None]], /
    ) -> Callable[_P, _Result | Response]: ...

    @overload
    def __call__(
        self, view: Callable[Concatenate[Event, _P], _Result | None], /
    ) -> Callable[_P, _Result | Response]: ...


def webhook(
    verifier: WebhookVerifier, *, on_unreadable: OnUnreadable | None = None, journal: AnyJournal | None = None
) -> _Decorator:
    """Decorates `def view(event)` or `async def view(event)`. Only verified webhooks reach the view.

    Put it below `@app.post(...)`. The view returns a response of Flask, or None for an empty 200 response. The response
    is 401 for `SignatureError` and 400 for `DecodeError`. Any other exception is raised: Flask responds with 500, and
    the webhook is delivered again.

    Args:
        verifier: Verifies the request, for example `client.webhooks`.
        on_unreadable: Is called as `on_unreadable(body, error)` with the raw body of an authentic webhook that cannot
            be read. If it returns, the response is 200 and the webhook is not delivered again. Without it the response
            is 400.
        journal: `client.journal` of `KopoKopo` or `AsyncKopoKopo`. It observes each event before the handler is called,
            so that unknown requests become accepted. If its store fails, the handler is not called, the response is
            500, and the webhook is delivered again.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def handle(*args: Any, **kwargs: Any) -> Any:
            try:
                hook = None if on_unreadable is None else current_app.ensure_sync(on_unreadable)
                event = verify_event(verifier, *_raw_or_response(verifier, current_request), hook)
                if journal is not None:
                    _observe(journal, event)
            except EarlyResponse as response:
                return Response(response.text, status=response.status, content_type="text/plain")
            result = current_app.ensure_sync(view)(event, *args, **kwargs)
            return Response() if result is None else result

        return handle

    return decorate


def _raw_or_response(verifier: WebhookVerifier, request: Request) -> tuple[bytes, str | None]:
    try:
        return _raw(verifier, request)
    except SignatureError as error:
        raise error_response(error) from None


def _observe(journal: AnyJournal, event: Event) -> None:
    try:
        current_app.ensure_sync(journal.observe)(event)
    except JournalError as error:
        raise journal_response(error) from None


def _read(verifier: WebhookVerifier, request: Request) -> bytes:
    """Reads a body without a Content-Length, up to the verifier's limit."""
    body = bytearray()
    while part := request.stream.read(65536):
        body += part
        check_size(verifier, len(body))
    return bytes(body)
