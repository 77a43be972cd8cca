"""What every adapter does the same way."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from kopokopo import DecodeError, Event, InvalidRequestError, KopoKopoError, SignatureError, WebhookVerifier

HEADER = "X-KopoKopo-Signature"

Unreadable = Callable[[bytes, DecodeError], object]
"""A program's function for an authentic body that cannot be read."""

_log = logging.getLogger("kopokopo.webhooks")


class Refused(Exception):
    """A request that gets a response without the program's handler."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def read(verifier: WebhookVerifier, body: bytes, signature: str | None, on_unreadable: Unreadable | None) -> Event:
    """Verifies a body for a handler, or raises `Refused`."""
    try:
        return verifier.verify(body, signature)
    except SignatureError as refusal:
        raise refused(refusal) from None
    except DecodeError as refusal:
        if on_unreadable is None:
            raise refused(refusal) from None
        _log.warning("webhook left to on_unreadable: %s", refusal)
        result = on_unreadable(body, refusal)
        if isinstance(result, Coroutine):
            result.close()
            raise TypeError("on_unreadable: a blocking handler needs a function that is not asynchronous") from None
        raise Refused(200, "") from None


async def read_async(
    verifier: WebhookVerifier, body: bytes, signature: str | None, on_unreadable: Unreadable | None
) -> Event:
    """The same, for a function that may be asynchronous."""
    pending: list[Any] = []

    def call(body: bytes, error: DecodeError) -> None:
        if on_unreadable is not None:
            pending.append(on_unreadable(body, error))

    try:
        return read(verifier, body, signature, None if on_unreadable is None else call)
    except Refused:
        for result in pending:
            if isinstance(result, Awaitable):
                await result
        raise


def refused(refusal: KopoKopoError) -> Refused:
    """The response to a refusal. Its text does not give the reason; the log does."""
    _log.warning("webhook refused: %s", refusal)
    if isinstance(refusal, SignatureError):
        return Refused(401, "invalid signature")
    return Refused(400, "unreadable body")


def one_signature(values: Iterable[object]) -> str | None:
    """All values of the header in one, as HTTP joins them. The verifier refuses different ones."""
    return ", ".join(map(str, values)) or None


def check_length(verifier: WebhookVerifier, length: str | int | None) -> int | None:
    """Refuses a body by its Content-Length, before it is read. None where the header says nothing usable."""
    text = str(length or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    # Python refuses to read a number of thousands of digits; one of twenty is beyond every limit already.
    announced = int(text[:20])
    check_size(verifier, announced)
    return announced


def check_size(verifier: WebhookVerifier, size: int) -> None:
    """Refuses a body larger than the verifier's limit."""
    if size > verifier.max_body:
        raise SignatureError(f"the body has {size} bytes or more; the limit is max_body={verifier.max_body}")


def broken_off() -> SignatureError:
    """The error for a sender who left before the end of the body."""
    return SignatureError("the connection closed before the full body was received")


def wrong_set_up(framework: str, what: str, fix: str) -> InvalidRequestError:
    """The one error for a body that is not raw any more."""
    return InvalidRequestError(f"{framework}: {what}. A signature covers the raw body only: {fix}", field="body")


def check_request(given: object, kind: type, framework: str, fix: str) -> None:
    """Refuses a parsed body, or anything else, in the place of the request."""
    if not isinstance(given, kind):
        raise not_a_request(given, framework, fix)


def not_a_request(given: object, framework: str, fix: str) -> InvalidRequestError:
    """The error for a parsed body, or anything else, in the place of the request."""
    return wrong_set_up(framework, f"verify was given {type(given).__name__} instead of the request", fix)
