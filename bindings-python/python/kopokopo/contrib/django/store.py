"""The journal's store in a database of Django."""

# pyright: standard
# The types of managers and cursors are partly unknown in the stubs of Django.
from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from typing import Any

from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DEFAULT_DB_ALIAS, DatabaseError

from kopokopo._database import JOURNAL_TABLE, is_missing_table
from kopokopo._files import SqliteFiles
from kopokopo._forks import ForkGuard

DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres", "mysql": "mysql"}


def dialect_of(alias: str) -> str:
    """The journal's name of a database's SQL.

    Raises: `ImproperlyConfigured` for databases other than SQLite, PostgreSQL and MySQL.
    """
    vendor = connections[alias].vendor
    if vendor not in DIALECTS:
        raise ImproperlyConfigured(f"KOPOKOPO: DATABASE must be SQLite, PostgreSQL or MySQL, not {vendor}")
    return DIALECTS[vendor]


class DjangoJournal:
    """A journal in a database of Django, on connections of its own: a rollback of the program's transaction does not
    delete the record of a request that was sent. The tables are made by `manage.py migrate`.

    Inside of a `TestCase` it uses the connection of the test, so that its records are rolled back with the test.

    Args:
        alias: The alias of the database in `DATABASES`.
    """

    placeholder = "%s"
    create_tables = False

    def __init__(self, alias: str = DEFAULT_DB_ALIAS) -> None:
        self.alias = alias
        self.dialect = dialect_of(alias)
        self._idle: tuple[int, list[BaseDatabaseWrapper]] = (os.getpid(), [])
        self._inherited: list[Any] = []
        self._of_test: BaseDatabaseWrapper | None = None
        self._files = SqliteFiles()
        self._guard = ForkGuard(self.close) if self.dialect == "sqlite" else None

    def __call__(self, request: str) -> str:
        asked = json.loads(request)
        of_test = self._of_test
        if of_test is not None and is_in_test_case(of_test):
            return self._run_in_test(of_test, asked["sql"], asked["parameters"])
        with nullcontext() if self._guard is None else self._guard.statement():
            return self._run_on_own(asked["sql"], asked["parameters"])

    def _run_on_own(self, sql: str, parameters: Sequence[Any]) -> str:
        self._files.check()
        idle = self._idle_connections()
        try:
            connection = idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            # The server may have closed it. A statement that fails would make the call fail.
            if connection.connection is not None and not connection.is_usable():
                connection.close()
            result = self._run(connection, sql, parameters)
            # Closes it after CONN_MAX_AGE. Django deletes a test database only if no connection is open.
            connection.close_if_unusable_or_obsolete()
            if is_testing():
                connection.close()
        except BaseException:
            with suppress(Exception):
                connection.close()
            raise
        idle.append(connection)
        return result

    def join_test(self) -> None:
        """Uses the calling thread's connection if it belongs to a `TestCase`."""
        connection = connections[self.alias]
        if is_in_test_case(connection):
            self._of_test = connection

    def close(self) -> None:
        """Closes the connections that are not in use."""
        idle = self._idle_connections()
        while idle:
            idle.pop().close()

    def _connect(self) -> BaseDatabaseWrapper:
        connection = connections.create_connection(self.alias)
        # Calls come on threads that the native module makes, one at a time for each connection.
        connection.inc_thread_sharing()
        return connection

    def _run(self, connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any]) -> str:
        if connection.connection is None:
            connection.connect()
            self._make_durable(connection)
            connection.set_autocommit(True)
        with self._files.of(connection.connection):
            return self._explained(connection, sql, parameters)

    def _make_durable(self, connection: BaseDatabaseWrapper) -> None:
        # The database's options may trade durability for speed, and a lost record would pay twice.
        statement = {"sqlite": "PRAGMA synchronous = FULL", "postgres": "SET synchronous_commit = on"}.get(self.dialect)
        if statement is not None:
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def _run_in_test(self, connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any]) -> str:
        # The thread of the test waits for this result, so its connection is not used meanwhile.
        connection.inc_thread_sharing()
        try:
            return self._explained(connection, sql, parameters)
        finally:
            connection.dec_thread_sharing()

    def _explained(self, connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any]) -> str:
        try:
            return _execute(connection, sql, parameters)
        except DatabaseError as error:
            if is_missing_table(error, JOURNAL_TABLE):
                raise ImproperlyConfigured("the table kopokopo_journal is missing: run manage.py migrate") from error
            raise

    def _idle_connections(self) -> list[BaseDatabaseWrapper]:
        # A connection of the parent process must not be used in its fork. Closing one to a server would end the
        # parent's session, and keeping one to a file of SQLite would break the locks of the others.
        process, idle = self._idle
        if process != os.getpid():
            if self._guard is None:
                self._inherited.append(idle)
            else:
                for connection in idle:
                    connection.close()
            self._idle = (os.getpid(), idle := [])
        return idle


def _execute(connection: BaseDatabaseWrapper, sql: str, parameters: Sequence[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = [list(row) for row in cursor.fetchall()] if cursor.description else []
        return json.dumps({"rows": rows, "changed": max(cursor.rowcount, 0)})


def is_testing() -> bool:
    """Whether Django's test runner, or pytest-django, has set up its environment."""
    return hasattr(mail, "outbox")


def is_in_test_case(connection: BaseDatabaseWrapper) -> bool:
    """Whether the only open transaction is that of a `TestCase`, which is rolled back after the test."""
    blocks: list[Any] = connection.atomic_blocks
    return bool(connection.in_atomic_block and blocks and blocks[0]._from_testcase)


def refuse_open_transaction(alias: str, what: str) -> None:
    """Raises `TransactionManagementError` if a rollback of the caller's could undo what is written next."""
    connection = connections[alias]
    is_open = not connection.get_autocommit()
    blocks: list[Any] = connection.atomic_blocks
    # The transaction of a TestCase is not the program's.
    is_of_test = bool(blocks) and blocks[-1]._from_testcase
    if (connection.in_atomic_block or is_open) and not is_of_test:
        raise transaction.TransactionManagementError(
            f"{what} must not run inside of a transaction: a rollback would forget a request that was sent. "
            "Call it after the transaction (transaction.on_commit), and decorate the view with "
            "@transaction.non_atomic_requests if ATOMIC_REQUESTS is on."
        )
