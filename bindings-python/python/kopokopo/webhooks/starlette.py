"""Webhooks in Starlette and FastAPI."""

from __future__ import annotations

from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from kopokopo import Event, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    REFUSALS,
    answer_to,
    broken_off,
    check_length,
    check_request,
    check_size,
    one_signature,
    wrong_set_up,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["verified", "verify", "webhook"]

_FIX = "call `await verify(verifier, request)` before anything reads request.form() or request.stream()"


async def verify(verifier: WebhookVerifier, request: Request) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header and says what it tells of.

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    something has read the body as a stream before.
    """
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
    return verifier.verify(body, signature)


def verified(verifier: WebhookVerifier) -> Callable[[Request], Awaitable[Event]]:
    """A FastAPI dependency: `event: Annotated[Event, Depends(verified(verifier))]`.

    Answers 401 for SignatureError and 400 for DecodeError. The path operation must not declare a body of its own.
    """

    async def dependency(request: Request) -> Event:
        try:
            return await verify(verifier, request)
        except REFUSALS as refusal:
            status, text = answer_to(refusal)
            raise HTTPException(status, text) from None

    return dependency


def webhook(verifier: WebhookVerifier) -> Callable[[Callable[..., Any]], Callable[[Request], Awaitable[Response]]]:
    """Makes `async def endpoint(request, event)`, or a plain function, an endpoint that only verified webhooks reach.

    For a Starlette `Route`, or below FastAPI's `@app.post(...)`. It answers 401 for SignatureError and 400 for
    DecodeError, else what the endpoint answers, or an empty 200 for None. Any other exception passes through, so that
    the server answers 500 and the webhook is delivered again.
    """

    def decorate(endpoint: Callable[..., Any]) -> Callable[[Request], Awaitable[Response]]:
        @wraps(endpoint, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        async def handle(request: Request) -> Response:
            try:
                event = await verify(verifier, request)
            except REFUSALS as refusal:
                status, text = answer_to(refusal)
                return PlainTextResponse(text, status)
            if iscoroutinefunction(endpoint):
                answer = await endpoint(request, event)
            else:
                answer = await run_in_threadpool(endpoint, request, event)
            return Response() if answer is None else answer

        # FastAPI would look there for parameters to fill in: the endpoint's event is not one.
        del handle.__wrapped__
        return handle

    return decorate


async def _read(verifier: WebhookVerifier, request: Request) -> bytes:
    """A body whose length nobody announced, up to the cap."""
    body = bytearray()
    async for part in request.stream():
        body += part
        check_size(verifier, len(body))
    return bytes(body)
