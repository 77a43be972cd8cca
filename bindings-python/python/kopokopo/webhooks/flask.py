"""Webhooks in Flask."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

from flask import Request, Response, current_app
from flask import request as current_request

from kopokopo import Event, SignatureError, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    Refused,
    Unreadable,
    check_length,
    check_request,
    check_size,
    read,
    refused,
    wrong_set_up,
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

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    something has read the body as a stream before.
    """
    return verifier.verify(*_raw(verifier, request))


def _raw(verifier: WebhookVerifier, request: Request) -> tuple[bytes, str | None]:
    check_request(request, Request, "Flask", _FIX)
    touched = "stream" in request.__dict__
    announced = check_length(verifier, request.content_length)
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    body = _read(verifier, request) if chunked and not touched else request.get_data(cache=True)
    if not body and touched and (announced or chunked):
        raise wrong_set_up("Flask", "the body was read before and not kept", _FIX)
    return body, request.headers.get(HEADER)


class _Decorator(Protocol):
    """Takes a view, and gives one without the event."""

    @overload
    def __call__(
        self, view: Callable[Concatenate[Event, _P], Coroutine[Any, Any, _Result | None]], /
    ) -> Callable[_P, _Result | Response]: ...

    @overload
    def __call__(
        self, view: Callable[Concatenate[Event, _P], _Result | None], /
    ) -> Callable[_P, _Result | Response]: ...


def webhook(verifier: WebhookVerifier, *, on_unreadable: Unreadable | None = None) -> _Decorator:
    """Makes `def view(event)`, or the same with `async def`, a view that only verified webhooks reach.

    Put it below `@app.post(...)`. The response is 401 for SignatureError and 400 for DecodeError, else what the view
    returns, or an empty 200 for None. Any other exception is raised, so that Flask responds with 500 and the webhook is
    delivered again.

    `on_unreadable(body, error)` is called with the raw body of an authentic webhook that cannot be read. If it returns,
    the response is 200 and the webhook is not delivered again. Without it the response is 400.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def handle(*args: Any, **kwargs: Any) -> Any:
            try:
                hook = None if on_unreadable is None else current_app.ensure_sync(on_unreadable)
                event = read(verifier, *_checked(verifier, current_request), hook)
            except Refused as refusal:
                return Response(refusal.text, status=refusal.status, content_type="text/plain")
            answer = current_app.ensure_sync(view)(event, *args, **kwargs)
            return Response() if answer is None else answer

        return handle

    return decorate


def _checked(verifier: WebhookVerifier, request: Request) -> tuple[bytes, str | None]:
    try:
        return _raw(verifier, request)
    except SignatureError as refusal:
        raise refused(refusal) from None


def _read(verifier: WebhookVerifier, request: Request) -> bytes:
    """A body without a Content-Length, up to the limit."""
    body = bytearray()
    while part := request.stream.read(65536):
        body += part
        check_size(verifier, len(body))
    return bytes(body)
