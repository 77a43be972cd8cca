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
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kopokopo._errors import ConfigurationError
from kopokopo._local import event_claim, journal_schema

if TYPE_CHECKING:
    from pathlib import Path

    from kopokopo import Event

__all__ = ["CustomJournal", "DBAPIJournal", "SQLAlchemyJournal", "SqliteJournal", "create_tables", "once"]

_MARKS = {"qmark": "?", "format": "%s", "pyformat": "%s"}


class DBAPIJournal:
    """A journal in a database with a DB-API 2 driver, such as psycopg.

    Args:
        connect: Opens a new connection: `lambda: psycopg.connect("dbname=shop")`. It must not return one that the
            program uses, because the journal commits and closes it.
        dialect: `sqlite`, `postgres` or `mysql`.
        placeholder: How the driver marks parameters: `?` or `%s`.
        create_tables: Whether the tables are created if they do not exist.
    """

    def __init__(
        self, connect: Callable[[], Any], *, dialect: str, placeholder: str = "%s", create_tables: bool = True
    ) -> None:
        if not callable(connect):
            raise ConfigurationError("connect: must be a function that opens a connection", field="connect")
        self.dialect, self.placeholder, self.create_tables = dialect, placeholder, create_tables
        self._connect = connect
        self._local = threading.local()

    def __call__(self, request: str) -> str:
        asked = json.loads(request)
        kept = self._connection()
        try:
            result = _execute(kept, asked["sql"], asked["parameters"])
            kept.commit()
        except BaseException:
            # A broken connection is not used again.
            self._local.kept = None
            with suppress(Exception):
                kept.rollback()
            with suppress(Exception):
                kept.close()
            raise
        return result

    def _connection(self) -> Any:
        kept = getattr(self._local, "kept", None)
        # A connection of the parent process must not be used in its fork.
        if kept is None or kept[0] != os.getpid():
            kept = self._local.kept = (os.getpid(), self._connect())
        return kept[1]


class SqliteJournal(DBAPIJournal):
    """A journal in a SQLite file, for programs on one machine. Commits are on the disk when they return.

    Args:
        path: The file. It is created if it does not exist.
        timeout: How long to wait for another writer, in seconds.
        create_tables: Whether the tables are created if they do not exist.
    """

    def __init__(self, path: str | Path, *, timeout: float = 30.0, create_tables: bool = True) -> None:
        if str(path) == ":memory:":
            raise ConfigurationError("path: must be a file, because a journal must survive the program", field="path")

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(path, timeout=timeout)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            return connection

        super().__init__(connect, dialect="sqlite", placeholder="?", create_tables=create_tables)


class SQLAlchemyJournal:
    """A journal in the database of an SQLAlchemy engine.

    Args:
        engine: A blocking engine of SQLite, PostgreSQL or MySQL.
        create_tables: Whether the tables are created if they do not exist.
    """

    def __init__(self, engine: Any, *, create_tables: bool = True) -> None:
        self.dialect, self.placeholder = _engine_dialect(engine)
        self.create_tables = create_tables
        self._engine = engine

    def __call__(self, request: str) -> str:
        asked = json.loads(request)
        with self._engine.begin() as connection:
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
    """
    parameters = (event.payment_key or event.dedupe_key, int(time.time() * 1000))
    if hasattr(connection, "exec_driver_sql") or hasattr(connection, "get_bind"):
        inner = connection if hasattr(connection, "exec_driver_sql") else connection.connection()
        statement = event_claim(*_engine_dialect(inner.engine))
        return bool(inner.exec_driver_sql(statement, parameters).rowcount == 1)
    if _commits_by_itself(connection):
        raise ConfigurationError(
            "connection: must be inside of a transaction: otherwise an event whose handler fails would be lost",
            field="connection",
        )
    cursor = connection.cursor()
    try:
        cursor.execute(event_claim(*_connection_dialect(connection)), parameters)
        return bool(cursor.rowcount == 1)
    finally:
        cursor.close()


def _commits_by_itself(connection: Any) -> bool:
    """Whether a DB-API connection, or Django's, commits each statement."""
    if hasattr(connection, "in_atomic_block"):
        return not connection.in_atomic_block and bool(connection.get_autocommit())
    if isinstance(connection, sqlite3.Connection):
        is_manual = connection.isolation_level is None or getattr(connection, "autocommit", False) is True
        return is_manual and not connection.in_transaction
    status = getattr(getattr(connection, "info", None), "transaction_status", 0)
    return getattr(connection, "autocommit", False) is True and status == 0


def create_tables(connection: Any, dialect: str | None = None) -> None:
    """Creates the journal's tables, unless they exist, with a DB-API 2 connection. Commits."""
    cursor = connection.cursor()
    for statement in journal_schema(dialect or _connection_dialect(connection)[0]):
        cursor.execute(statement)
    cursor.close()
    connection.commit()


def _execute(connection: Any, statement: str, parameters: Sequence[Any]) -> str:
    cursor = connection.cursor()
    try:
        cursor.execute(statement, tuple(parameters))
        rows = [list(row) for row in cursor.fetchall()] if cursor.description else []
        return json.dumps({"rows": rows, "changed": max(cursor.rowcount, 0)})
    finally:
        cursor.close()


def _engine_dialect(engine: Any) -> tuple[str, str]:
    name = {"postgresql": "postgres", "mariadb": "mysql"}.get(engine.dialect.name, engine.dialect.name)
    mark = _MARKS.get(engine.dialect.paramstyle)
    if name not in ("sqlite", "postgres", "mysql") or mark is None:
        raise ConfigurationError(
            "engine: must be an engine of SQLite, PostgreSQL or MySQL whose driver marks parameters with ? or %s",
            field="engine",
        )
    return name, mark


def _connection_dialect(connection: Any) -> tuple[str, str]:
    """The dialect of a DB-API connection, by the module of its driver, and how that marks parameters."""
    vendor = getattr(connection, "vendor", None)
    if vendor is not None:
        # Django's connections take %s for every database.
        return {"postgresql": "postgres"}.get(str(vendor), str(vendor)), "%s"
    module = type(connection).__module__.split(".")[0]
    known = {"sqlite3": ("sqlite", "?"), "psycopg": ("postgres", "%s"), "psycopg2": ("postgres", "%s")}
    known |= dict.fromkeys(("pymysql", "MySQLdb", "mysql"), ("mysql", "%s"))
    try:
        return known[module]
    except KeyError:
        raise ConfigurationError(
            f"connection: the database of a connection of {module} is not known", field="connection"
        ) from None
