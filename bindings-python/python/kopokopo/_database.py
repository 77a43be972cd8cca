"""What the stores and `once` ask of connections: of sqlite3, of other drivers with DB-API 2, and of SQLAlchemy."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kopokopo._errors import ConfigurationError

JOURNAL_TABLE, EVENTS_TABLE = "kopokopo_journal", "kopokopo_events"

_SHARED = "its connection is inside of a transaction of the program: open a connection for the journal alone"

_MARKS = {"qmark": "?", "format": "%s", "pyformat": "%s"}


def is_missing_table(error: BaseException | None, table: str) -> bool:
    """Whether a database reports that this table does not exist, in the error or in what caused it."""
    while error is not None:
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        is_missing = state == "42P01" or error.args[:1] == (1146,) or "no such table" in str(error)
        if is_missing and table in str(error):
            return True
        error = getattr(error, "orig", None) or error.__cause__
    return False


@contextmanager
def explaining(table: str) -> Generator[None]:
    """Raises an error that says how to create the table if it is missing."""
    try:
        yield
    except Exception as error:
        if not is_missing_table(error, table):
            raise
        raise ConfigurationError(
            f"connection: the table {table} does not exist: create it with kopokopo.journal.create_tables(connection), "
            "or in a migration with the statements of kopokopo.journal_schema(dialect)",
            field="connection",
        ) from error


def is_alive(connection: Any) -> bool:
    if isinstance(connection, sqlite3.Connection):
        return True
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.fetchall()
        cursor.close()
        connection.rollback()
    except Exception:
        return False
    return True


def close(connection: Any) -> None:
    with suppress(Exception):
        connection.rollback()
    with suppress(Exception):
        connection.close()


def is_in_transaction(connection: Any) -> bool:
    """Whether a DB-API connection has an open transaction. Drivers that do not say have none."""
    if isinstance(connection, sqlite3.Connection):
        return connection.in_transaction
    return bool(getattr(getattr(connection, "info", None), "transaction_status", 0))


def refuse_transaction(connection: Any) -> None:
    """A rollback of the program would remove the record of a sent request, and the next call would pay again."""
    if is_in_transaction(connection):
        raise RuntimeError(_SHARED)


def refuse_memory(connection: Any) -> None:
    """A database in memory, or in a temporary file, forgets what was sent."""
    if isinstance(connection, sqlite3.Connection) and not connection.execute("PRAGMA database_list").fetchone()[2]:
        raise RuntimeError("its database is in memory: it must be a file, because a journal must survive the program")


def refuse_autocommit(connection: Any) -> None:
    """A claim that is committed before the handler has succeeded loses the event if the handler fails."""
    if hasattr(connection, "in_atomic_block"):
        # Django's.
        is_by_itself = not connection.in_atomic_block and bool(connection.get_autocommit())
    else:
        is_by_itself = getattr(connection, "autocommit", False) is True
        if isinstance(connection, sqlite3.Connection):
            is_by_itself = is_by_itself or connection.isolation_level is None
        is_by_itself = is_by_itself and not is_in_transaction(connection)
    if is_by_itself:
        raise ConfigurationError(
            "connection: must be inside of a transaction: otherwise an event whose handler fails would be lost",
            field="connection",
        )


def execute(connection: Any, statement: str, parameters: Sequence[Any]) -> str:
    cursor = connection.cursor()
    try:
        cursor.execute(statement, tuple(parameters))
        rows = [list(row) for row in cursor.fetchall()] if cursor.description else []
        return json.dumps({"rows": rows, "changed": max(cursor.rowcount, 0)})
    finally:
        cursor.close()


def engine_dialect(engine: Any) -> tuple[str, str]:
    name = {"postgresql": "postgres", "mariadb": "mysql"}.get(engine.dialect.name, engine.dialect.name)
    mark = _MARKS.get(engine.dialect.paramstyle)
    if name not in ("sqlite", "postgres", "mysql") or mark is None:
        raise ConfigurationError(
            "engine: must be an engine of SQLite, PostgreSQL or MySQL whose driver marks parameters with ? or %s",
            field="engine",
        )
    return name, mark


def connection_dialect(connection: Any) -> tuple[str, str]:
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
