"""Attaches a journal's store to a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kopokopo import _log
from kopokopo._errors import ConfigurationError, KopoKopoError

if TYPE_CHECKING:
    from kopokopo import Event
    from kopokopo._native import JournalReply, Object

JournalStore = Callable[[str], str]
"""Runs one request of the journal, given as JSON, and returns its result as JSON: see `kopokopo.journal`."""


class Store:
    """The store of a journal. The native module calls `run` and `warn`, on threads that it provides."""

    __slots__ = ("_execute",)

    def __init__(self, execute: JournalStore) -> None:
        if not callable(execute):
            raise ConfigurationError(
                "journal: must be a store, such as kopokopo.journal.SqliteJournal", field="journal"
            )
        self._execute = execute

    def run(self, request: str, reply: JournalReply) -> None:
        try:
            result: Any = self._execute(request)
            if isinstance(result, str):
                return reply.result(result)
            close = getattr(result, "close", None)
            if hasattr(result, "__await__") and close is not None:
                close()
                return reply.fail("its store is asynchronous: it must block, because it runs on a thread of its own")
            reply.fail(f"its store returned {type(result).__name__}; expected text")
        except BaseException as error:
            # Databases say what is wrong in the text. The core removes secrets that it knows.
            reply.fail(error.detail if isinstance(error, KopoKopoError) else f"{type(error).__name__}: {error}")

    def warn(self, warning: str) -> None:
        """Logs that an outcome could not be written."""
        _log.warned(warning)


def attach(native: Object, journal: JournalStore | None) -> Object:
    """A client with this journal."""
    if journal is None:
        return native
    return with_journal(native, journal, {})


def with_journal(native: Object, store: JournalStore, arguments: dict[str, Any]) -> Object:
    """A client with this journal. A store's own attributes are the defaults of its options."""
    for name in ("dialect", "placeholder"):
        if arguments.get(name) is None:
            arguments[name] = getattr(store, name, None)
    if not getattr(store, "create_tables", True):
        arguments["create_tables"] = False
    return native.with_journal(Store(store), arguments)


def raw_text(event: Event | str) -> str:
    """The raw text of an event."""
    return event if isinstance(event, str) else event.raw
