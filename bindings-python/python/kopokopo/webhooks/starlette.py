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
    Refused,
    Unreadable,
    broken_off,
    check_length,
    check_request,
    check_size,
    one_signature,
    read_async,
    refused,
    wrong_set_up,
)

__all__ = ["verified", "verify", "webhook"]

_Result = TypeVar("_Result")

_FIX = "call `await verify(verifier, request)` before anything reads request.form() or request.stream()"


async def verify(verifier: WebhookVerifier, request: Request) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header, and returns the event.

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    something has read the body as a stream before.
    """
    return verifier.verify(*await _raw(verifier, request))


async def _raw(verifier: WebhookVerifier, request: Request) -> tuple[bytes, str | None]:
    check_request(request, Request, "Starlette / FastAPI", _FIX)
    announced = check_length(verifier, request.headers.get("content-length"))
    signature = one_signature(request.headers.getlist(HEADER))
    try:
        body = await (_read(verifier, request) if announced is None else request.body())
    except ClientDisconnect:
        raise broken_off() from None
    except RuntimeError as error:
        if "consumed" not in str(error):
            raise
        raise wrong_set_up("Starlette / FastAPI", "the body was read before and not kept", _FIX) from None
    return body, signature


def verified(
    verifier: WebhookVerifier, *, on_unreadable: Unreadable | None = None
) -> Callable[[Request], Coroutine[Any, Any, Event]]:
    """A FastAPI dependency: `event: Annotated[Event, Depends(verified(verifier))]`.

    The response is 401 for SignatureError and 400 for DecodeError. The path operation must not declare a body of its
    own.

    `on_unreadable(body, error)`, which may be asynchronous, is called with the raw body of an authentic webhook that
    cannot be read. If it returns, the response is 200 and the webhook is not delivered again. Without it the response
    is 400.
    """

    async def dependency(request: Request) -> Event:
        try:
            return await _event(verifier, request, on_unreadable)
        except Refused as refusal:
            raise HTTPException(refusal.status, refusal.text) from None

    return dependency


class _Decorator(Protocol):
    """Takes an endpoint, and gives one that is given the request alone."""

    @overload
    def __call__(
        self, endpoint: Callable[[Request, Event], Coroutine[Any, Any, _Result | None]], /
    ) -> Callable[[Request], Coroutine[Any, Any, _Result | Response]]: ...

    @overload
    def __call__(
        self, endpoint: Callable[[Request, Event], _Result | None], /
    ) -> Callable[[Request], Coroutine[Any, Any, _Result | Response]]: ...


def webhook(verifier: WebhookVerifier, *, on_unreadable: Unreadable | None = None) -> _Decorator:
    """Makes `async def endpoint(request, event)`, or a plain function, an endpoint that only verified webhooks reach.

    For a Starlette `Route`, or below FastAPI's `@app.post(...)`. The response is 401 for SignatureError and 400 for
    DecodeError, else what the endpoint returns, or an empty 200 for None. Any other exception is raised, so that the
    server responds with 500 and the webhook is delivered again.

    `on_unreadable(body, error)`, which may be asynchronous, is called with the raw body of an authentic webhook that
    cannot be read. If it returns, the response is 200 and the webhook is not delivered again. Without it the response
    is 400.
    """

    def decorate(endpoint: Callable[[Request, Event], Any]) -> Callable[[Request], Coroutine[Any, Any, Any]]:
        @wraps(endpoint, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        async def handle(request: Request) -> Any:
            try:
                event = await _event(verifier, request, on_unreadable)
            except Refused as refusal:
                return PlainTextResponse(refusal.text, refusal.status)
            if iscoroutinefunction(endpoint):
                answer = await endpoint(request, event)
            else:
                answer = await run_in_threadpool(endpoint, request, event)
            return Response() if answer is None else answer

        # FastAPI would look there for parameters to fill in: the endpoint's event is not one.
        del handle.__wrapped__
        return handle

    return decorate


async def _event(verifier: WebhookVerifier, request: Request, on_unreadable: Unreadable | None) -> Event:
    try:
        raw = await _raw(verifier, request)
    except SignatureError as refusal:
        raise refused(refusal) from None
    return await read_async(verifier, *raw, on_unreadable)


async def _read(verifier: WebhookVerifier, request: Request) -> bytes:
    """A body without a Content-Length, up to the limit."""
    body = bytearray()
    async for part in request.stream():
        body += part
        check_size(verifier, len(body))
    return bytes(body)
