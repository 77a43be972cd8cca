"""Files of SQLite that are deleted or replaced while a journal uses them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator


class SqliteFiles:
    """The files that a store has used. The connections that are open go on with a file that was deleted, which other
    processes do not find: a record there protects from nothing.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}

    def check(self) -> None:
        """Raises `RuntimeError` if one was deleted or replaced. Call it before a connection is opened, which would make
        a new file and delete the log of the old one.
        """
        for path, known in list(self._known.items()):
            if _file_at(path) != known:
                raise _moved(path)

    @contextmanager
    def of(self, connection: Any) -> Generator[None, None, None]:
        """Raises `RuntimeError` after a statement if the file of its connection was deleted or replaced meanwhile."""
        # A database in memory has no path.
        path = (
            connection.execute("PRAGMA database_list").fetchone()[2]
            if isinstance(connection, sqlite3.Connection)
            else ""
        )
        yield
        if path:
            # A new file exists from the first statement on.
            found = _file_at(path)
            if found is None or self._known.setdefault(path, found) != found:
                raise _moved(path)


def _file_at(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _moved(path: str) -> RuntimeError:
    return RuntimeError(
        f"the file {path} was deleted or replaced while it was open. Its records are not in another file: restore it, "
        "or find out what was sent, and start the program again"
    )
