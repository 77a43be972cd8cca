"""Forks of a process that has a journal in a file of SQLite.

SQLite keeps the locks of a file in the memory of the process. A connection that a fork inherits makes the new
connections of the child believe that they have its locks. They write without one, and the end of the parent can remove
what they wrote.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_LONGEST = 5.0
"""The seconds that a fork waits for a statement."""


class ForkGuard:
    """Lets no statement of a store run during a fork, and closes the store's idle connections before it.

    Args:
        close_idle: The store's method that closes the connections that are not in use.
    """

    def __init__(self, close_idle: Callable[[], None]) -> None:
        self._close_idle = weakref.WeakMethod(close_idle)
        self._changed = threading.Condition(threading.Lock())
        self._running = 0
        self._is_broken = False
        _guards.add(self)

    @contextmanager
    def statement(self) -> Generator[None, None, None]:
        """Runs a statement.

        Raises: `sqlite3.OperationalError` if this process was forked during a statement.
        """
        with self._changed:
            if self._is_broken:
                message = (
                    "this process was forked during a statement of SQLite, so its locks do not work: fork it earlier"
                )
                raise sqlite3.OperationalError(message)
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def hold(self) -> None:
        """Waits until no statement runs, and lets none begin until `release`."""
        self._changed.acquire()
        self._changed.wait_for(lambda: not self._running, _LONGEST)
        if (close_idle := self._close_idle()) is not None:
            close_idle()

    def release(self) -> None:
        """Lets statements begin."""
        self._changed.release()

    def begin_child(self) -> None:
        """Begins again in a fork, which has no other thread."""
        self._is_broken = self._is_broken or self._running > 0
        self._running = 0
        self._changed = threading.Condition(threading.Lock())


_guards: weakref.WeakSet[ForkGuard] = weakref.WeakSet()
_forking = threading.Lock()
_held: list[ForkGuard] = []


def _before() -> None:
    # Two threads that fork at once wait for each other.
    _forking.acquire()
    for guard in list(_guards):
        guard.hold()
        _held.append(guard)


def _after_in_parent() -> None:
    while _held:
        _held.pop().release()
    _forking.release()


def _after_in_child() -> None:
    global _forking
    # Programs in C that fork may call only this.
    _held.clear()
    _forking = threading.Lock()
    for guard in list(_guards):
        guard.begin_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
