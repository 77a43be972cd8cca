"""Webhooks in Flask."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Request, Response, current_app
from flask import request as current_request

from kopokopo.webhooks._request import (
    HEADER,
    REFUSALS,
    answer_to,
    check_length,
    check_request,
    check_size,
    wrong_set_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from kopokopo import Event, WebhookVerifier

__all__ = ["verify", "webhook"]

_FIX = (
    "call verify(verifier, request) before anything reads request.form, request.files or request.stream, "
    "or read it with request.get_data(cache=True)"
)


def verify(verifier: WebhookVerifier, request: Request) -> Event:
    """Verifies the request's raw body against its `X-KopoKopo-Signature` header and says what it tells of.

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    something has read the body as a stream before.
    """
    check_request(request, Request, "Flask", _FIX)
    touched = "stream" in request.__dict__
    announced = check_length(verifier, request.content_length)
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    body = _read(verifier, request) if chunked and not touched else request.get_data(cache=True)
    if not body and touched and (announced or chunked):
        raise wrong_set_up("Flask", "the body was read before and not kept", _FIX)
    return verifier.verify(body, request.headers.get(HEADER))


def webhook(verifier: WebhookVerifier) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes `def view(event)`, or the same with `async def`, a view that only verified webhooks reach.

    Stands below `@app.post(...)`. It answers 401 for SignatureError and 400 for DecodeError, else what the view
    answers, or an empty 200 for None. Any other exception passes through, so that Flask answers 500 and the webhook is
    delivered again.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def handle(*args: Any, **kwargs: Any) -> Any:
            try:
                event = verify(verifier, current_request)
            except REFUSALS as refusal:
                status, text = answer_to(refusal)
                return Response(text, status=status, content_type="text/plain")
            answer = current_app.ensure_sync(view)(event, *args, **kwargs)
            return Response() if answer is None else answer

        return handle

    return decorate


def _read(verifier: WebhookVerifier, request: Request) -> bytes:
    """A body whose length nobody announced, up to the cap."""
    body = bytearray()
    while part := request.stream.read(65536):
        body += part
        check_size(verifier, len(body))
    return bytes(body)
