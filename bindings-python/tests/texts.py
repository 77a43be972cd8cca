"""Every text form of this package's values, in which tests look for secrets and personal data."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kopokopo
from kopokopo import AsyncKopoKopo, KopoKopo, KopoKopoError

PACKAGE = str(Path(kopokopo.__file__).parent)


class Log(logging.Handler):
    """Collects what all loggers write, with the attributes for structured logs."""

    def __enter__(self) -> Log:
        self.lines: list[str] = []
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {vars(record)}")

    def text(self) -> str:
        return "\n".join(self.lines)


def texts(value: Any) -> dict[str, str]:
    """Returns the text forms of a result, an error or a client, by their names."""
    found = {"repr": repr(value), "str": str(value), "format": f"{value}"}
    if isinstance(value, KopoKopoError):
        found["locals"] = traceback_with_locals(value)
    if isinstance(value, (KopoKopo, AsyncKopoKopo)):
        found["properties"] = "\n".join(properties(value))
        found["vars"] = str(getattr(value, "__dict__", ""))
    return found


def traceback_with_locals(error: BaseException) -> str:
    """Returns the traceback with the local variables of the package's frames, as error reporters send it."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    for frame in report.stack:
        # The package cannot hide the variables of its caller.
        if not frame.filename.startswith(PACKAGE):
            frame.locals = None
    return "".join(report.format())


def properties(client: Any) -> Iterator[str]:
    for name, member in vars(type(client)).items():
        if isinstance(member, property):
            try:
                yield repr(getattr(client, name))
            except KopoKopoError as error:
                yield repr(error)
