"""Webhooks in AWS Lambda, behind API Gateway (REST, version 1; HTTP, version 2), a function URL or a load balancer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, TypeVar

from kopokopo import Event, SignatureError, WebhookVerifier
from kopokopo.webhooks._request import (
    HEADER,
    AnyJournal,
    EarlyResponse,
    OnUnreadable,
    check_size,
    error_response,
    join_signatures,
    not_a_request,
    observe,
    raw_body_error,
    verify_event,
)

__all__ = ["verify", "webhook"]

_Context = TypeVar("_Context")
_Result = TypeVar("_Result")

_FIX = "use a proxy integration and pass the event of the handler, before anything parses event['body']"


def verify(verifier: WebhookVerifier, request: Mapping[str, Any]) -> Event:
    """Verifies the body in the event of the handler against the `X-KopoKopo-Signature` header, and returns the webhook.

    Raises: `SignatureError` if the signature is missing or invalid, or if the body is too large. `DecodeError` if the
    body is authentic but cannot be read. `InvalidRequestError` if the body was parsed already, or if the event does
    not contain an HTTP request.
    """
    return verifier.verify(*_raw(verifier, request))


def _raw(verifier: WebhookVerifier, request: Mapping[str, Any]) -> tuple[bytes, str | None]:
    if not hasattr(request, "get") or not any(name in request for name in ("body", "headers", "multiValueHeaders")):
        raise not_a_request(request, "AWS Lambda", _FIX)
    body = _body(verifier, request)
    check_size(verifier, len(body))
    return body, join_signatures(_signatures(request))


def webhook(
    verifier: WebhookVerifier, *, on_unreadable: OnUnreadable | None = None, journal: AnyJournal | None = None
) -> Callable[
    [Callable[[Event, _Context], _Result | None]], Callable[[Mapping[str, Any], _Context], _Result | dict[str, Any]]
]:
    """Decorates `def handler(event, context)`, and returns a Lambda handler. `event` is the verified webhook.

    The handler returns a response of Lambda, or None for an empty 200 response. The response is 401 for
    `SignatureError` and 400 for `DecodeError`. Any other exception is raised: the gateway responds with 5xx, and the
    webhook is delivered again.

    Args:
        verifier: Verifies the request, for example `client.webhooks`.
        on_unreadable: Is called as `on_unreadable(body, error)` with the raw body of an authentic webhook that cannot
            be read. If it returns, the response is 200 and the webhook is not delivered again. Without it the response
            is 400.
        journal: `client.journal` of `KopoKopo`. It observes each event before the handler is called, so that unknown
            requests become accepted. If its store fails, the handler is not called, the response is 500, and the
            webhook is delivered again.
    """

    def decorate(
        handler: Callable[[Event, _Context], _Result | None],
    ) -> Callable[[Mapping[str, Any], _Context], _Result | dict[str, Any]]:
        @wraps(handler, assigned=("__module__", "__name__", "__qualname__", "__doc__"))
        def handle(request: Mapping[str, Any], context: _Context) -> _Result | dict[str, Any]:
            try:
                event = _event(verifier, request, on_unreadable)
                observe(journal, event)
            except EarlyResponse as response:
                return _response(response.status, response.text)
            result = handler(event, context)
            return _response(200, "") if result is None else result

        return handle

    return decorate


def _event(verifier: WebhookVerifier, request: Mapping[str, Any], on_unreadable: OnUnreadable | None) -> Event:
    try:
        raw = _raw(verifier, request)
    except SignatureError as error:
        raise error_response(error) from None
    return verify_event(verifier, *raw, on_unreadable)


def _body(verifier: WebhookVerifier, request: Mapping[str, Any]) -> bytes:
    body = request.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise raw_body_error("AWS Lambda", f"event['body'] is {type(body).__name__}, not the text that arrived", _FIX)
    # Gateways of other vendors, and tests, send the flag as text.
    if str(request.get("isBase64Encoded")).lower() != "true":
        # A lone surrogate must fail the verification, and must not raise here.
        return body.encode("utf-8", "surrogatepass")
    check_size(verifier, len(body) // 4 * 3 - 2)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        what = "event['isBase64Encoded'] is true, but event['body'] is not Base64"
        raise raw_body_error("AWS Lambda", what, _FIX) from None


def _signatures(request: Mapping[str, Any]) -> Iterator[object]:
    """Yields all values of the header from both header fields of the event. The case of its name does not matter."""
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
