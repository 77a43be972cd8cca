"""The journal and `once` with psycopg and SQLAlchemy, on the PostgreSQL server of `tests/with-postgres.sh`."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from harness import Sandbox
from kopokopo import ConfigurationError, Destination, Event, JournalError, KopoKopo, WebhookVerifier
from kopokopo.journal import DBAPIJournal, SQLAlchemyJournal, create_tables, once
from sqlalchemy import Engine, create_engine

PARALLEL = 64
BODY = json.dumps(
    {
        "topic": "buygoods_transaction_received",
        "id": "1",
        "event": {"resource": {"reference": "OJJ1MPU40Z", "amount": "100", "status": "Received"}},
    }
)


@pytest.fixture
def event() -> Event:
    return WebhookVerifier(api_keys=["key"]).parse_unverified(BODY.encode())


def journal_of(database: str) -> DBAPIJournal:
    return DBAPIJournal(lambda: psycopg.connect(database), dialect="postgres")


def engine_of(database: str) -> Engine:
    return create_engine(database.replace("postgresql://", "postgresql+psycopg://"), pool_size=PARALLEL)


STORES: dict[str, Callable[[str], Any]] = {
    "psycopg": journal_of,
    "sqlalchemy": lambda database: SQLAlchemyJournal(engine_of(database)),
}


def pay(k2: KopoKopo, key: str = "wage-1") -> str:
    wage = Destination.MobileWallet(phone_number="254700000001", amount=100, description="Wages")
    sent = k2.send_money.create(idempotency_key=key, destinations=[wage], callback_url="https://shop.example/results")
    return sent.id


def effects(sandbox: Sandbox) -> int:
    return int(sandbox.state().paid_out)


def in_parallel(function: Callable[[int], Any]) -> list[Any]:
    together = threading.Barrier(PARALLEL)

    def call(number: int) -> Any:
        together.wait(60)
        return function(number)

    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(call, range(PARALLEL)))


@pytest.mark.parametrize("store", list(STORES))
def test_parallel_creates_with_one_key_have_one_effect(sandbox: Sandbox, database: str, store: str) -> None:
    k2 = KopoKopo(**sandbox.credentials, journal=STORES[store](database)).with_options(in_progress_wait=60)
    before = effects(sandbox)
    assert len(set(in_parallel(lambda _: pay(k2)))) == 1
    assert effects(sandbox) - before == 100


def test_parallel_claims_have_one_effect(database: str, event: Event) -> None:
    with psycopg.connect(database) as connection:
        create_tables(connection)
        connection.execute("CREATE TABLE orders (credits INTEGER)")
        connection.execute("INSERT INTO orders VALUES (0)")

    def deliver(_: int) -> bool:
        with psycopg.connect(database) as own:
            is_first = once(event, own)
            if is_first:
                own.execute("UPDATE orders SET credits = credits + 1")
            return is_first

    assert sorted(in_parallel(deliver)) == [False] * (PARALLEL - 1) + [True]
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT credits FROM orders").fetchall() == [(1,)]


def test_parallel_claims_of_sqlalchemy_have_one_effect(database: str, event: Event) -> None:
    with psycopg.connect(database) as connection:
        create_tables(connection)
    engine = engine_of(database)

    def deliver(_: int) -> bool:
        with engine.begin() as own:
            return once(event, own)

    assert sorted(in_parallel(deliver)) == [False] * (PARALLEL - 1) + [True]
    engine.dispose()


def test_event_is_delivered_again_after_a_rollback(database: str, event: Event) -> None:
    with psycopg.connect(database) as first:
        create_tables(first)
        assert once(event, first)
        with ThreadPoolExecutor(1) as pool, psycopg.connect(database) as second:
            waiting = pool.submit(once, event, second)
            with psycopg.connect(database, autocommit=True) as watcher:
                wait_until(lambda: lock_waits(watcher) == 1)
            assert not waiting.done(), "it waits for the transaction that claimed the event"
            first.rollback()
            assert waiting.result(60), "the first handler failed, so the second is the first"
            second.commit()
        assert not once(event, first)


def lock_waits(connection: psycopg.Connection[Any]) -> int:
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    return int(found[0]) if found else 0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_missing_tables_are_named(sandbox: Sandbox, database: str, event: Event) -> None:
    expected = r"the table kopokopo_events does not exist: .*create_tables"
    with psycopg.connect(database) as connection, pytest.raises(ConfigurationError, match=expected):
        once(event, connection)
    engine = engine_of(database)
    with engine.connect() as own, pytest.raises(ConfigurationError, match=expected):
        once(event, own)
    before = effects(sandbox)
    for store in (
        DBAPIJournal(lambda: psycopg.connect(database), dialect="postgres", create_tables=False),
        SQLAlchemyJournal(engine, create_tables=False),
    ):
        with pytest.raises(JournalError, match=r"the table kopokopo_journal does not exist: .*create_tables"):
            pay(KopoKopo(**sandbox.credentials, journal=store))
    assert effects(sandbox) == before
    engine.dispose()


def close_connections(database: str) -> int:
    """Closes all connections to a database, as a restart of the server does. Returns their number."""
    with psycopg.connect(database, autocommit=True) as connection:
        closed = connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        ).fetchall()
    return len(closed)


def test_idle_connections_that_the_server_closed_are_replaced(sandbox: Sandbox, database: str) -> None:
    journal = journal_of(database)
    journal._trusted = 0.0
    k2 = KopoKopo(**sandbox.credentials, journal=journal)
    first = pay(k2)
    for _ in range(3):
        assert close_connections(database) == 1
        assert pay(k2) == first
    assert pay(k2, "wage-2") != first


def test_call_after_a_broken_connection_works(sandbox: Sandbox, database: str) -> None:
    journal = journal_of(database)
    # The connection is trusted, as if the server had closed it a moment ago.
    journal._trusted = 3600.0
    k2 = KopoKopo(**sandbox.credentials, journal=journal).with_options(in_progress_wait=60)
    before = effects(sandbox)
    in_parallel(lambda number: pay(k2, f"wage-{number}"))
    assert effects(sandbox) - before == 100 * PARALLEL
    assert 1 <= close_connections(database) <= 10, "a few connections are kept"
    with pytest.raises(JournalError, match=r"terminat|closed"):
        pay(k2, "wage-x")
    assert effects(sandbox) - before == 100 * PARALLEL, "nothing was sent"
    assert pay(k2, "wage-x")
    assert effects(sandbox) - before == 100 * (PARALLEL + 1)


def test_server_that_cannot_be_reached_sends_nothing(sandbox: Sandbox, database: str) -> None:
    # The journal tries twice to create its tables.
    places = iter(["postgresql://127.0.0.1:1/none"] * 2 + [database] * 4)
    k2 = KopoKopo(
        **sandbox.credentials, journal=DBAPIJournal(lambda: psycopg.connect(next(places)), dialect="postgres")
    )
    before = effects(sandbox)
    with pytest.raises(JournalError, match="OperationalError"):
        pay(k2)
    assert effects(sandbox) == before
    pay(k2)
    assert effects(sandbox) - before == 100


def test_fork_uses_connections_of_its_own(sandbox: Sandbox, database: str) -> None:
    journal = journal_of(database)
    journal._trusted = 3600.0
    k2 = KopoKopo(**sandbox.credentials, journal=journal)
    first = pay(k2)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            record = k2.journal.get("wage-1")
            status = 0 if record is not None and record.id == first and pay(k2) == first else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    # The parent's connection still works: an error would not be repeated with a new one.
    assert len(journal._idle[1]) == 1
    assert pay(k2) == first
