"""Webhooks in AWS Lambda: behind API Gateway (REST, version 1; HTTP, version 2), a function URL or a load balancer."""

from __future__ import annotations

import base64
import binascii
from functools import wraps
from typing import TYPE_CHECKING, Any

from kopokopo.webhooks._request import (
    HEADER,
    REFUSALS,
    answer_to,
    check_size,
    not_a_request,
    one_signature,
    wrong_set_up,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kopokopo import Event, WebhookVerifier

__all__ = ["verify", "webhook"]

_FIX = "use a proxy integration and pass the handler's own event, before anything parses event['body']"


def verify(verifier: WebhookVerifier, request: Mapping[str, Any]) -> Event:
    """Verifies the body in the handler's event against the `X-KopoKopo-Signature` header and says what it tells of.

    Raises SignatureError, DecodeError where the body is authentic and cannot be read, and InvalidRequestError where
    the body was parsed already, or the event comes from something that passes no HTTP request on.
    """
    if not hasattr(request, "get") or not any(name in request for name in ("body", "headers", "multiValueHeaders")):
        raise not_a_request(request, "AWS Lambda", _FIX)
    body = _body(verifier, request)
    check_size(verifier, len(body))
    return verifier.verify(body, one_signature(_signatures(request)))


def webhook(verifier: WebhookVerifier) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes `def handler(event, context)`, where event is the verified one, a Lambda handler.

    It answers 401 for SignatureError and 400 for DecodeError, else what the handler answers, or 200 for None. Any other
    exception passes through, so that the gateway answers 5xx and the webhook is delivered again.
    """

    def decorate(handler: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(handler)
        def handle(request: Mapping[str, Any], context: Any) -> Any:
            try:
                event = verify(verifier, request)
            except REFUSALS as refusal:
                return _response(*answer_to(refusal))
            answer = handler(event, context)
            return _response(200, "") if answer is None else answer

        return handle

    return decorate


def _body(verifier: WebhookVerifier, request: Mapping[str, Any]) -> bytes:
    body = request.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise wrong_set_up("AWS Lambda", f"event['body'] is {type(body).__name__}, not the text that arrived", _FIX)
    if not request.get("isBase64Encoded"):
        # Half of a surrogate pair stands for no bytes that anybody could have signed.
        return body.encode("utf-8", "surrogatepass")
    check_size(verifier, len(body) // 4 * 3 - 2)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        what = "event['isBase64Encoded'] is true, and event['body'] is not Base64"
        raise wrong_set_up("AWS Lambda", what, _FIX) from None


def _signatures(request: Mapping[str, Any]) -> Iterator[str]:
    """Every value of the header, from the event's two ways to write headers, in whatever case the sender chose."""
    headers: Mapping[str, Any] = request.get("headers") or {}
    for name, value in headers.items():
        if name.lower() == HEADER.lower() and value is not None:
            yield value
    headers = request.get("multiValueHeaders") or {}
    for name, values in headers.items():
        if name.lower() == HEADER.lower():
            yield from values or ()


def _response(status: int, text: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "text/plain"},
        "body": text,
        "isBase64Encoded": False,
    }
