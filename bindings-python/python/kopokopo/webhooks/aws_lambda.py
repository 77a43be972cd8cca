"""Webhooks in AWS Lambda: behind API Gateway (REST, version 1; HTTP, version 2), a function URL or a load balancer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar

from kopokopo import Event, SignatureError, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    Refused,
    Unreadable,
    check_size,
    not_a_request,
    one_signature,
    read,
    refused,
    wrong_set_up,
)

__all__ = ["verify", "webhook"]

_Context = TypeVar("_Context")
_Result = TypeVar("_Result")

_FIX = "use a proxy integration and pass the handler's own event, before anything parses event['body']"


def verify(verifier: WebhookVerifier, request: Mapping[str, Any]) -> Event:
    """Verifies the body in the handler's event against the `X-KopoKopo-Signature` header, and returns the event.

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    the body was parsed already, or the event comes from something that passes no HTTP request on.
    """
    return verifier.verify(*_raw(verifier, request))


def _raw(verifier: WebhookVerifier, request: Mapping[str, Any]) -> tuple[bytes, str | None]:
    if not hasattr(request, "get") or not any(name in request for name in ("body", "headers", "multiValueHeaders")):
        raise not_a_request(request, "AWS Lambda", _FIX)
    body = _body(verifier, request)
    check_size(verifier, len(body))
    return body, one_signature(_signatures(request))


def webhook(
    verifier: WebhookVerifier, *, on_unreadable: Unreadable | None = None
) -> Callable[
    [Callable[[Event, _Context], _Result | None]], Callable[[Mapping[str, Any], _Context], _Result | dict[str, Any]]
]:
    """Makes `def handler(event, context)`, where event is the verified one, a Lambda handler.

    The response is 401 for SignatureError and 400 for DecodeError, else what the handler returns, or 200 for None. Any
    other exception is raised, so that the gateway responds with 5xx and the webhook is delivered again.

    `on_unreadable(body, error)` is called with the raw body of an authentic webhook that cannot be read. If it returns,
    the response is 200 and the webhook is not delivered again. Without it the response is 400.
    """

    def decorate(
        handler: Callable[[Event, _Context], _Result | None],
    ) -> Callable[[Mapping[str, Any], _Context], _Result | dict[str, Any]]:
        @wraps(handler, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def handle(request: Mapping[str, Any], context: _Context) -> _Result | dict[str, Any]:
            try:
                event = _event(verifier, request, on_unreadable)
            except Refused as refusal:
                return _response(refusal.status, refusal.text)
            result = handler(event, context)
            return _response(200, "") if result is None else result

        return handle

    return decorate


def _event(verifier: WebhookVerifier, request: Mapping[str, Any], on_unreadable: Unreadable | None) -> Event:
    try:
        raw = _raw(verifier, request)
    except SignatureError as refusal:
        raise refused(refusal) from None
    return read(verifier, *raw, on_unreadable)


def _body(verifier: WebhookVerifier, request: Mapping[str, Any]) -> bytes:
    body = request.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise wrong_set_up("AWS Lambda", f"event['body'] is {type(body).__name__}, not the text that arrived", _FIX)
    # Gateways of other makers, and tests, write it as text.
    if str(request.get("isBase64Encoded")).lower() != "true":
        # A lone surrogate is not text that could have been signed.
        return body.encode("utf-8", "surrogatepass")
    check_size(verifier, len(body) // 4 * 3 - 2)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        what = "event['isBase64Encoded'] is true, and event['body'] is not Base64"
        raise wrong_set_up("AWS Lambda", what, _FIX) from None


def _signatures(request: Mapping[str, Any]) -> Iterator[object]:
    """All values of the header, in any case, from the event's two kinds of headers. Each value may be a list."""
    for part in ("headers", "multiValueHeaders"):
        headers: Mapping[str, Any] = request.get(part) or {}
        for name, value in headers.items():
            if str(name).lower() == HEADER.lower() and value is not None:
                yield from value if isinstance(value, (list, tuple)) else (value,)


def _response(status: int, text: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "text/plain"},
        "body": text,
        "isBase64Encoded": False,
    }
