"""The logger `kopokopo`. It records the operation, its result and its duration, and no data of the request."""

from __future__ import annotations

import logging
import sys
import traceback
from functools import wraps
from time import monotonic
from typing import TYPE_CHECKING, ParamSpec

from kopokopo._errors import KopoKopoError, OutcomeUnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("kopokopo")
_P = ParamSpec("_P")


def _without_effect(log: Callable[_P, None]) -> Callable[_P, None]:
    """Makes a function that prints the exceptions of a program's filters and handlers. They must not replace the result
    of a call: a create that was sent would look as if it failed.
    """

    @wraps(log)
    def run(*arguments: _P.args, **named: _P.kwargs) -> None:
        try:
            log(*arguments, **named)
        except Exception:
            if logging.raiseExceptions:
                traceback.print_exc(file=sys.stderr)

    return run


@_without_effect
def succeeded(operation: str, started: float) -> None:
    """Logs a call that returned a result, at DEBUG."""
    if _log.isEnabledFor(logging.DEBUG):
        seconds = monotonic() - started
        _log.debug("%s succeeded in %.3f s", operation, seconds, extra=_fields(operation, "succeeded", seconds))


@_without_effect
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


@_without_effect
def warned(text: str) -> None:
    """Logs what no exception says, at WARNING."""
    _log.warning("%s", text)


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
