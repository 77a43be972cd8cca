"""Webhooks in Starlette and FastAPI."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Protocol, TypeVar, overload

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from kopokopo import Event, SignatureError, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    AnyJournal,
    EarlyResponse,
    OnUnreadable,
    check_length,
    check_request,
    check_size,
    error_response,
    incomplete_body,
    join_signatures,
    observe_async,
    raw_body_error,
    verify_event_async,
)

__all__ = ["verified", "verify", "webhook"]

_Result = TypeVar("_Result")

_FIX = "call `await verify(verifier, request)` before anything reads request.form() or request.stream()"


async def verify(verifier: WebhookVerifier, request: Request) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header, and returns the event.

    Raises: `SignatureError` if the signature is missing or invalid, or if the body is too large. `DecodeError` if the
    body is authentic but cannot be read. `InvalidRequestError` if the body was read as a stream before.
    """
    return verifier.verify(*await _raw(verifier, request))


async def _raw(verifier: WebhookVerifier, request: Request) -> tuple[bytes, str | None]:
    check_request(request, Request, "Starlette / FastAPI", _FIX)
    length = check_length(verifier, request.headers.get("content-length"))
    signature = join_signatures(request.headers.getlist(HEADER))
    try:
        body = await (_read(verifier, request) if length is None else request.body())
    except ClientDisconnect:
        raise incomplete_body() from None
    except RuntimeError as error:
        if "consumed" not in str(error):
            raise
        raise raw_body_error("Starlette / FastAPI", "the body was read before and not cached", _FIX) from None
    return body, signature


def verified(
    verifier: WebhookVerifier, *, on_unreadable: OnUnreadable | None = None, journal: AnyJournal | None = None
) -> Callable[[Request], Coroutine[Any, Any, Event]]:
    """Returns a FastAPI dependency: `event: Annotated[Event, Depends(verified(verifier))]`.

    The response is 401 for `SignatureError` and 400 for `DecodeError`. The path operation must not declare a
    body parameter.

    Args:
        verifier: Verifies the request, for example `client.webhooks`.
        on_unreadable: Is called as `on_unreadable(body, error)` with the raw body of an authentic webhook that cannot
            be read. It may be asynchronous. If it returns, the response is 200 and the webhook is not delivered again.
            Without it the response is 400.
        journal: `client.journal` of `KopoKopo` or `AsyncKopoKopo`. It observes each event before the handler is called,
            so that unknown requests become accepted. If its store fails, the handler is not called, the response is
            500, and the webhook is delivered again.
    """

    async def dependency(request: Request) -> Event:
        try:
            return await _event(verifier, request, on_unreadable, journal)
        except EarlyResponse as response:
            raise HTTPException(response.status, response.text) from None

    return dependency


class _Decorator(Protocol):
    """Takes an endpoint with the event, and returns an endpoint with the request only."""

    @overload
    def __call__(
        self, endpoint: Callable[[Request, Event], Coroutine[Any, Any, _Result | None]], /
    ) -> Callable[[Request], Coroutine[Any, Any, _Result | Response]]: ...

    @overload
    def __call__(
        self, endpoint: Callable[[Request, Event], _Result | None], /
    ) -> Callable[[Request], Coroutine[Any, Any, _Result | Response]]: ...


def webhook(
    verifier: WebhookVerifier, *, on_unreadable: OnUnreadable | None = None, journal: AnyJournal | None = None
) -> _Decorator:
    """Decorates `async def endpoint(request, event)` or `def endpoint(request, event)`. Only verified webhooks reach
    the endpoint.

    Use it for a Starlette `Route`, or below FastAPI's `@app.post(...)`. The endpoint returns a response, or None for an
    empty 200 response. The response is 401 for `SignatureError` and 400 for `DecodeError`. Any other exception is
    raised: the server responds with 500, and the webhook is delivered again.

    Args:
        verifier: Verifies the request, for example `client.webhooks`.
        on_unreadable: Is called as `on_unreadable(body, error)` with the raw body of an authentic webhook that cannot
            be read. It may be asynchronous. If it returns, the response is 200 and the webhook is not delivered again.
            Without it the response is 400.
        journal: `client.journal` of `KopoKopo` or `AsyncKopoKopo`. It observes each event before the handler is called,
            so that unknown requests become accepted. If its store fails, the handler is not called, the response is
            500, and the webhook is delivered again.
    """

    def decorate(endpoint: Callable[[Request, Event], Any]) -> Callable[[Request], Coroutine[Any, Any, Any]]:
        @wraps(endpoint, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        async def handle(request: Request) -> Any:
            try:
                event = await _event(verifier, request, on_unreadable, journal)
            except EarlyResponse as response:
                return PlainTextResponse(response.text, response.status)
            if iscoroutinefunction(endpoint):
                result = await endpoint(request, event)
            else:
                result = await run_in_threadpool(endpoint, request, event)
            return Response() if result is None else result

        # FastAPI would read the parameters of the wrapped endpoint. It cannot supply the event.
        del handle.__wrapped__
        return handle

    return decorate


async def _event(
    verifier: WebhookVerifier, request: Request, on_unreadable: OnUnreadable | None, journal: AnyJournal | None
) -> Event:
    try:
        raw = await _raw(verifier, request)
    except SignatureError as error:
        raise error_response(error) from None
    event = await verify_event_async(verifier, *raw, on_unreadable)
    await observe_async(journal, event, _run_blocking)
    return event


async def _run_blocking(function: Callable[[Event], object], event: Event) -> None:
    await run_in_threadpool(function, event)


async def _read(verifier: WebhookVerifier, request: Request) -> bytes:
    """Reads a body without a Content-Length, up to the verifier's limit."""
    body = bytearray()
    async for part in request.stream():
        body += part
        check_size(verifier, len(body))
    return bytes(body)
