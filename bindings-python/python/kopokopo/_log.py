"""The logger `kopokopo`. It records the operation, its result and its duration, and no data of the request."""

from __future__ import annotations

import logging
from time import monotonic

from kopokopo._errors import KopoKopoError, OutcomeUnknownError

_log = logging.getLogger("kopokopo")


def succeeded(operation: str, started: float) -> None:
    """Logs a call that returned a result, at DEBUG."""
    if _log.isEnabledFor(logging.DEBUG):
        seconds = monotonic() - started
        _log.debug("%s succeeded in %.3f s", operation, seconds, extra=_fields(operation, "succeeded", seconds))


def failed(operation: str, raised: BaseException, started: float) -> None:
    """Logs a call that raised an exception: at WARNING if the outcome of a create is unknown, otherwise at DEBUG."""
    unknown = raised.__cause__ if not isinstance(raised, Exception) else raised
    seconds = monotonic() - started
    if isinstance(unknown, OutcomeUnknownError):
        fields = _fields(operation, unknown.kind, seconds, unknown)
        _log.warning(
            "%s: outcome unknown after %.3f s and %d attempts: %s",
            operation, seconds, unknown.attempts, unknown.detail, extra=fields,
        )  # fmt: skip
    elif not _log.isEnabledFor(logging.DEBUG):
        return
    elif isinstance(raised, KopoKopoError):
        fields = _fields(operation, raised.kind, seconds, raised)
        _log.debug(
            "%s failed in %.3f s: %s, status %s, attempts %d",
            operation, seconds, raised.kind, raised.status, raised.attempts, extra=fields,
        )  # fmt: skip
    else:
        _log.debug("%s was cancelled after %.3f s", operation, seconds, extra=_fields(operation, "cancelled", seconds))


def _fields(operation: str, outcome: str, seconds: float, error: KopoKopoError | None = None) -> dict[str, object]:
    """Returns the attributes of the log record, for structured logs."""
    return {
        "operation": operation,
        "outcome": outcome,
        "seconds": seconds,
        "status": error and error.status,
        "attempts": error and error.attempts,
        "request_id": error and error.request_id,
    }
