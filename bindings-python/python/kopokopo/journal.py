"""Stores for the journal, and events that are handled once.

A client with a journal sends a create with an `idempotency_key` once, whatever happens in between:

    k2 = KopoKopo.from_env(journal=SqliteJournal("payments.db"))
    k2.send_money.create(idempotency_key="wages-2026-11-7", destinations=[...], callback_url="https://...")

Any function that runs a request of the journal is a store. `SqliteJournal`, `DBAPIJournal` and `SQLAlchemyJournal` run
its SQL in a database, and `CustomJournal` keeps records anywhere else. Workers in other languages can share the tables.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from kopokopo._database import (
    EVENTS_TABLE,
    JOURNAL_TABLE,
    close,
    connection_dialect,
    engine_dialect,
    execute,
    explaining,
    is_alive,
    refuse_autocommit,
    refuse_memory,
    refuse_transaction,
)
from kopokopo._errors import ConfigurationError
from kopokopo._files import SqliteFiles
from kopokopo._forks import ForkGuard
from kopokopo._local import event_claim, journal_schema

if TYPE_CHECKING:
    from pathlib import Path

    from kopokopo import Event

__all__ = ["CustomJournal", "DBAPIJournal", "SQLAlchemyJournal", "SqliteJournal", "create_tables", "once"]

_MOST_IDLE = 10
"""How many connections are kept after many calls at once."""


class DBAPIJournal:
    """A journal in a database with a DB-API 2 driver, such as psycopg.

    Args:
        connect: Opens a new connection: `lambda: psycopg.connect("dbname=shop")`. It must not return one that the
            program uses, because the journal commits and closes it. Connections are used again, one call at a time.
        dialect: `sqlite`, `postgres` or `mysql`.
        placeholder: How the driver marks parameters: `?` or `%s`.
        create_tables: Whether the tables are created if they do not exist.
    """

    _trusted = 1.0
    """The seconds for which an idle connection is used without a test."""

    def __init__(
        self, connect: Callable[[], Any], *, dialect: str, placeholder: str = "%s", create_tables: bool = True
    ) -> None:
        if not callable(connect):
            raise ConfigurationError("connect: must be a function that opens a connection", field="connect")
        self.dialect, self.placeholder, self.create_tables = dialect, placeholder, create_tables
        self._connect = connect
        self._idle: tuple[int, list[tuple[Any, float]]] = (os.getpid(), [])
        self._inherited: list[Any] = []
        self._files = SqliteFiles()
        self._guard = ForkGuard(self._close_idle) if dialect == "sqlite" else None

    def __call__(self, request: str) -> str:
        asked = json.loads(request)
        with nullcontext() if self._guard is None else self._guard.statement():
            return self._run(asked["sql"], asked["parameters"])

    def _run(self, sql: str, parameters: list[Any]) -> str:
        self._files.check()
        idle = self._idle_connections()
        connection = self._take(idle)
        refuse_transaction(connection)
        refuse_memory(connection)
        try:
            with self._files.of(connection), explaining(JOURNAL_TABLE):
                result = execute(connection, sql, parameters)
                connection.commit()
        except BaseException:
            # A broken connection is not used again, and those that are as old are probably broken too.
            idle.clear()
            close(connection)
            raise
        if self._is_reusable(connection) and len(idle) < _MOST_IDLE:
            idle.append((connection, time.monotonic()))
        else:
            close(connection)
        return result

    def _take(self, idle: list[tuple[Any, float]]) -> Any:
        """Takes a connection that works out of those that are not in use, or opens one."""
        while True:
            try:
                connection, since = idle.pop()
            except IndexError:
                return self._connect()
            # The server may have closed it, and a statement that fails would make the call fail.
            if time.monotonic() - since < self._trusted or is_alive(connection):
                return connection
            close(connection)

    def _idle_connections(self) -> list[tuple[Any, float]]:
        # Calls come on threads that the native module makes, so connections do not belong to threads. A connection of
        # the parent process must not be used in its fork. It is not closed there either: that would end the parent's
        # session with the server.
        process, idle = self._idle
        if process != os.getpid():
            if self._guard is None:
                self._inherited.append(idle)
            else:
                # A program in C that forks does not call what the guard does before.
                self._close_idle()
            self._idle = (os.getpid(), idle := [])
        return idle

    def _close_idle(self) -> None:
        idle = self._idle[1]
        while idle:
            close(idle.pop()[0])

    def _is_reusable(self, connection: Any) -> bool:
        # Python's sqlite3 refuses other threads, unless an option allows them.
        return not isinstance(connection, sqlite3.Connection)


class SqliteJournal(DBAPIJournal):
    """A journal in a SQLite file, for programs on one machine. Commits are on the disk when they return.

    Args:
        path: The file. It is created if it does not exist.
        timeout: How long to wait for another writer, in seconds.
        create_tables: Whether the tables are created if they do not exist.
    """

    def __init__(self, path: str | Path, *, timeout: float = 30.0, create_tables: bool = True) -> None:
        if str(path) in ("", ":memory:") or str(path).startswith("file:"):
            raise ConfigurationError("path: must be a file, because a journal must survive the program", field="path")
        # Later connections must open the same file, also after the program has changed its folder.
        path = os.path.abspath(path)

        def connect() -> sqlite3.Connection:
            try:
                connection = sqlite3.connect(path, timeout=timeout, check_same_thread=False)
            except sqlite3.OperationalError as error:
                raise sqlite3.OperationalError(f"{error}: {path}") from error
            _make_durable(connection, timeout)
            return connection

        super().__init__(connect, dialect="sqlite", placeholder="?", create_tables=create_tables)

    def _is_reusable(self, connection: Any) -> bool:
        return True


def _make_durable(connection: sqlite3.Connection, timeout: float) -> None:
    """Commits are on the disk when they return. A new file gets a write-ahead log."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA synchronous = FULL")
            # A file that other programs use keeps its mode, which is durable too.
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:  # noqa: PERF203
            # While another process makes this change in a new file, SQLite does not wait.
            if "locked" not in str(error) or time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(0.01)


class SQLAlchemyJournal:
    """A journal in the database of an SQLAlchemy engine.

    Args:
        engine: A blocking engine of SQLite, PostgreSQL or MySQL, with connections that the program does not share. A
            database in memory is refused: it does not survive the program.
        create_tables: Whether the tables are created if they do not exist.

    Raises:
        ConfigurationError: The engine has one connection for everyone, or one for each thread.
    """

    def __init__(self, engine: Any, *, create_tables: bool = True) -> None:
        if type(engine.pool).__name__ in ("StaticPool", "SingletonThreadPool"):
            # Its connection can be inside of a transaction of the program, whose rollback would remove the record of a
            # sent request. And these are the pools of databases in memory.
            raise ConfigurationError(
                "engine: must give each user a connection of its own: use a file or a server, and no StaticPool",
                field="engine",
            )
        self.dialect, self.placeholder = engine_dialect(engine)
        self.create_tables = create_tables
        self._engine = engine
        self._files = SqliteFiles()
        self._process = os.getpid()

    def __call__(self, request: str) -> str:
        asked = json.loads(request)
        if self._process != os.getpid():
            # A fork must not use connections of its parent. The end of one to a server would end the parent's session.
            self._process = os.getpid()
            self._engine.dispose(close=self.dialect == "sqlite")
        self._files.check()
        with (
            explaining(JOURNAL_TABLE),
            self._engine.connect() as connection,
            # Around the transaction: its commit too must reach the file.
            self._files.of(connection.connection.dbapi_connection),
            connection.begin(),
        ):
            result = connection.exec_driver_sql(asked["sql"], tuple(asked["parameters"]))
            rows = [list(row) for row in result] if result.returns_rows else []
            return json.dumps({"rows": rows, "changed": max(result.rowcount, 0)})


class CustomJournal(ABC):
    """A journal whose records are kept anywhere. Records are dicts that JSON can hold: look only at `idempotency_key`,
    `version`, `state`, `operation` and `created_at` (milliseconds since 1970). Each method must be atomic and durable.
    """

    @abstractmethod
    def insert(self, record: dict[str, Any]) -> bool:
        """Adds a record. Returns False, and changes nothing, if its key exists."""

    @abstractmethod
    def update(self, record: dict[str, Any], version: int) -> bool:
        """Replaces a record with the same key if it has this version. Returns False otherwise, and changes nothing."""

    @abstractmethod
    def get(self, key: str) -> dict[str, Any] | None:
        """Reads a record."""

    @abstractmethod
    def list(self, query: dict[str, Any]) -> Sequence[dict[str, Any]]:
        """Reads the records that match, in the order of their keys, at most `limit`. `states` (empty: all), `name` (the
        operation), `created_from`, `created_before` and `after_key` are None if they do not matter.
        """

    def __call__(self, request: str) -> str:
        asked = json.loads(request)
        operation = asked.pop("operation")
        if operation == "list":
            return json.dumps(list(self.list(asked)))
        methods: dict[str, Callable[..., Any]] = {"insert": self.insert, "update": self.update, "get": self.get}
        return json.dumps(methods[operation](**asked))


def once(event: Event, connection: Any) -> bool:
    """Claims an event inside of the caller's own database transaction. Returns whether it is the first time: then
    handle it and commit. If the transaction is rolled back, the next delivery is the first again. Payments are claimed
    by their `payment_key`, because one payment can be reported by two events; others by their `dedupe_key`.

    Args:
        connection: A DB-API 2 connection (sqlite3, psycopg, Django's), or a connection or session of SQLAlchemy. The
            tables must exist: see `create_tables`.

    Raises: `ConfigurationError` if the table `kopokopo_events` does not exist, or if the connection is not inside
    of a transaction.
    """
    with explaining(EVENTS_TABLE):
        return _claim(event.payment_key or event.dedupe_key, connection)


def _claim(key: str, connection: Any) -> bool:
    parameters = (key, int(time.time() * 1000))
    if hasattr(connection, "exec_driver_sql") or hasattr(connection, "get_bind"):
        inner = connection if hasattr(connection, "exec_driver_sql") else connection.connection()
        refuse_autocommit(inner.connection.dbapi_connection)
        claimed = inner.exec_driver_sql(event_claim(*engine_dialect(inner.engine)), parameters)
        return _is_first(claimed.rowcount)
    refuse_autocommit(connection)
    cursor = connection.cursor()
    try:
        cursor.execute(event_claim(*connection_dialect(connection)), parameters)
        return _is_first(cursor.rowcount)
    finally:
        cursor.close()


def _is_first(count: int) -> bool:
    if count < 0:
        # Every event would look as if it was handled.
        raise ConfigurationError("connection: its driver must count the rows that it inserts", field="connection")
    return count == 1


def create_tables(connection: Any, dialect: str | None = None) -> None:
    """Creates the journal's tables, unless they exist, with a DB-API 2 connection. Commits."""
    cursor = connection.cursor()
    for statement in journal_schema(dialect or connection_dialect(connection)[0]):
        cursor.execute(statement)
    cursor.close()
    connection.commit()
