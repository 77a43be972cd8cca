"""What every adapter does the same way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from kopokopo import DecodeError, InvalidRequestError, SignatureError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kopokopo import KopoKopoError, WebhookVerifier

HEADER = "X-KopoKopo-Signature"
REFUSALS = (SignatureError, DecodeError)

_log = logging.getLogger("kopokopo.webhooks")


def one_signature(values: Iterable[str]) -> str | None:
    """The header's value. Joining different ones would let a proxy's or a stranger's stand beside the real one."""
    different = set(values)
    if len(different) > 1:
        raise SignatureError(f"the header {HEADER} came {len(different)} times with different values: send it once")
    return different.pop() if different else None


def check_length(verifier: WebhookVerifier, length: str | int | None) -> int | None:
    """Refuses a body by its Content-Length, before it is read. None where the header says nothing usable."""
    text = str(length or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    # Python refuses to read a number of thousands of digits; one of twenty is beyond every cap already.
    announced = int(text[:20])
    check_size(verifier, announced)
    return announced


def check_size(verifier: WebhookVerifier, size: int) -> None:
    """Refuses a body beyond the verifier's cap."""
    if size > verifier.max_body:
        raise SignatureError(f"the body has {size} bytes or more, and at most {verifier.max_body} are looked at")


def broken_off() -> SignatureError:
    """The error for a sender who left before the end of the body."""
    return SignatureError("the body broke off before its end: nothing can be verified")


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


def answer_to(refusal: KopoKopoError) -> tuple[int, str]:
    """Status and text for a refusal. Strangers learn nothing from the text; the log says why."""
    _log.warning("webhook refused: %s", refusal)
    if isinstance(refusal, SignatureError):
        return 401, "signature refused"
    return 400, "body not understood"
