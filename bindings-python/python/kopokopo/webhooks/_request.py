"""Functions that all adapters share."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from inspect import iscoroutinefunction
from typing import Any

from kopokopo import (
    AsyncJournal,
    DecodeError,
    Event,
    InvalidRequestError,
    Journal,
    JournalError,
    KopoKopoError,
    SignatureError,
    WebhookVerifier,
)

HEADER = "X-KopoKopo-Signature"

OnUnreadable = Callable[[bytes, DecodeError], object]
"""A function of the program for authentic bodies that cannot be read."""

AnyJournal = Journal | AsyncJournal
"""The journal of a client: `client.journal`."""

RunBlocking = Callable[[Callable[[Event], object], Event], Awaitable[object]]
"""Runs a blocking function on another thread, so that the event loop is not blocked."""

_log = logging.getLogger("kopokopo.webhooks")


class EarlyResponse(Exception):
    """The response to a request that must not reach the program's handler."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def verify_event(
    verifier: WebhookVerifier, body: bytes, signature: str | None, on_unreadable: OnUnreadable | None
) -> Event:
    """Verifies a body for a handler, and returns the event.

    Raises: `EarlyResponse` if the handler must not be called.
    """
    try:
        return verifier.verify(body, signature)
    except SignatureError as error:
        raise error_response(error) from None
    except DecodeError as error:
        if on_unreadable is None:
            raise error_response(error) from None
        _log.warning("webhook passed to on_unreadable: %s", error)
        result = on_unreadable(body, error)
        if isinstance(result, Coroutine):
            result.close()
            raise TypeError("on_unreadable: must not be asynchronous, because the handler is blocking") from None
        raise EarlyResponse(200, "") from None


async def verify_event_async(
    verifier: WebhookVerifier, body: bytes, signature: str | None, on_unreadable: OnUnreadable | None
) -> Event:
    """Does the same as `verify_event`. `on_unreadable` may be asynchronous."""
    pending: list[Any] = []

    def call(body: bytes, error: DecodeError) -> None:
        if on_unreadable is not None:
            pending.append(on_unreadable(body, error))

    try:
        return verify_event(verifier, body, signature, None if on_unreadable is None else call)
    except EarlyResponse:
        for result in pending:
            if isinstance(result, Awaitable):
                await result
        raise


def observe(journal: AnyJournal | None, event: Event) -> None:
    """Gives an event to the journal, before the handler gets it.

    Raises: `EarlyResponse` if the journal's store fails.
    """
    if journal is None:
        return
    if iscoroutinefunction(journal.observe):
        raise TypeError("journal: must be the journal of KopoKopo, not of AsyncKopoKopo, as the handler is blocking")
    try:
        journal.observe(event)
    except JournalError as error:
        raise journal_response(error) from None


async def observe_async(journal: AnyJournal | None, event: Event, run_blocking: RunBlocking) -> None:
    """Does the same as `observe`, for both kinds of clients, and does not block the event loop."""
    if journal is None:
        return
    try:
        if iscoroutinefunction(journal.observe):
            await journal.observe(event)
        else:
            await run_blocking(journal.observe, event)
    except JournalError as error:
        raise journal_response(error) from None


def journal_response(error: JournalError) -> EarlyResponse:
    """Returns the response that makes Kopo Kopo deliver the webhook again."""
    _log.error("webhook not handled, because the journal failed: %s", error)
    return EarlyResponse(500, "journal failed")


def error_response(error: KopoKopoError) -> EarlyResponse:
    """Returns the response to an invalid webhook. The reason is in the log only, as the sender may be an attacker."""
    _log.warning("webhook refused: %s", error)
    if isinstance(error, SignatureError):
        return EarlyResponse(401, "invalid signature")
    return EarlyResponse(400, "unreadable body")


def join_signatures(values: Iterable[object]) -> str | None:
    """Joins all values of the header with commas, as HTTP does. The verifier refuses different values."""
    return ", ".join(map(str, values)) or None


def check_length(verifier: WebhookVerifier, length: str | int | None) -> int | None:
    """Checks the Content-Length before the body is read.

    Returns the length, or None if the header is absent or not a number.

    Raises: `SignatureError` if the length exceeds the limit.
    """
    text = str(length or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    # int() refuses texts with thousands of digits. A number with 20 digits exceeds every limit.
    size = int(text[:20])
    check_size(verifier, size)
    return size


def check_size(verifier: WebhookVerifier, size: int) -> None:
    """Raises `SignatureError` if the size of a body exceeds the verifier's limit."""
    if size > verifier.max_body:
        raise SignatureError(f"the body has {size} bytes or more; the limit is max_body={verifier.max_body}")


def incomplete_body() -> SignatureError:
    """Returns the error for a sender that closed the connection before the end of the body."""
    return SignatureError("the connection closed before the full body was received")


def raw_body_error(framework: str, what: str, fix: str) -> InvalidRequestError:
    """Returns the error for a request whose raw body is not available."""
    return InvalidRequestError(f"{framework}: {what}. The signature covers the raw body: {fix}", field="body")


def check_request(argument: object, kind: type, framework: str, fix: str) -> None:
    """Raises the error of `not_a_request` if the argument is not of this type."""
    if not isinstance(argument, kind):
        raise not_a_request(argument, framework, fix)


def not_a_request(argument: object, framework: str, fix: str) -> InvalidRequestError:
    """Returns the error for a parsed body, or any other value, in place of the request."""
    return raw_body_error(framework, f"verify received {type(argument).__name__} instead of the request", fix)
