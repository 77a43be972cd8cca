"""The journal with the stores of this package. The scenarios test what the core does with any store."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from harness import Sandbox
from kopokopo import (
    AsyncKopoKopo,
    ConfigurationError,
    Destination,
    InvalidRequestError,
    JournalError,
    KopoKopo,
    OutcomeUnknownError,
    WebhookVerifier,
    sign_webhook,
)
from kopokopo.journal import CustomJournal, DBAPIJournal, SQLAlchemyJournal, SqliteJournal, create_tables, once

if TYPE_CHECKING:
    from pathlib import Path

EVENT = {
    "topic": "buygoods_transaction_received",
    "id": "1",
    "event": {"resource": {"reference": "OJJ1MPU40Z", "amount": "100", "status": "Received", "till_number": "K000000"}},
}


def wage(amount: int = 100) -> dict[str, Any]:
    wages = Destination.MobileWallet(phone_number="0712345678", amount=amount, description="Wages")
    return {"destinations": [wages], "callback_url": "https://shop.example/results"}


def effects(sandbox: Sandbox) -> int:
    return int(sandbox.state().paid_out)


class MemoryJournal(CustomJournal):
    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}

    def insert(self, record: dict[str, Any]) -> bool:
        return self.records.setdefault(record["idempotency_key"], record) is record

    def update(self, record: dict[str, Any], version: int) -> bool:
        if self.records[record["idempotency_key"]]["version"] != version:
            return False
        self.records[record["idempotency_key"]] = record
        return True

    def get(self, key: str) -> dict[str, Any] | None:
        return self.records.get(key)

    def list(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        return [self.records[key] for key in sorted(self.records) if key > (query["after_key"] or "")]


def stores(folder: Path) -> dict[str, Any]:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    return {
        "sqlite": SqliteJournal(folder / "sqlite.db"),
        "dbapi": DBAPIJournal(lambda: sqlite3.connect(folder / "dbapi.db"), dialect="sqlite", placeholder="?"),
        "sqlalchemy": SQLAlchemyJournal(sqlalchemy.create_engine(f"sqlite:///{folder / 'sqlalchemy.db'}")),
        "custom": MemoryJournal(),
    }


@pytest.mark.parametrize("name", ["sqlite", "dbapi", "sqlalchemy", "custom"])
def test_same_key_sends_one_request(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    k2 = KopoKopo(**sandbox.credentials, journal=stores(tmp_path)[name])
    before = effects(sandbox)
    first = k2.send_money.create(idempotency_key=name, **wage())
    assert k2.send_money.create(idempotency_key=name, **wage()).id == first.id
    assert effects(sandbox) - before == 100
    record = k2.journal.get(name)
    assert record is not None
    assert (record.state, record.id, record.attempt) == ("accepted", first.id, 1)
    with pytest.raises(InvalidRequestError, match="idempotency_key: was used for another request"):
        k2.send_money.create(idempotency_key=name, **wage(200))
    assert [found.key for found in k2.journal.list()] == [name]


def test_relative_path_means_the_same_file_in_every_folder(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    journal = SqliteJournal("payments.db")
    monkeypatch.chdir(tmp_path / "other")
    KopoKopo(**sandbox.credentials, journal=journal).send_money.create(idempotency_key="a", **wage())
    assert (tmp_path / "one" / "payments.db").exists()
    assert not (tmp_path / "other" / "payments.db").exists()


def test_lost_response_is_unknown_until_result_is_observed(sandbox: Sandbox, tmp_path: Path) -> None:
    k2 = KopoKopo(**sandbox.credentials, journal=SqliteJournal(tmp_path / "payments.db"))
    sandbox.fault("reset_after_effect", operation="send_money.create")
    before = effects(sandbox)
    with pytest.raises(OutcomeUnknownError) as lost:
        k2.send_money.create(idempotency_key="lost", **wage())
    assert lost.value.idempotency_key == "lost" and lost.value.fingerprint and lost.value.sent_at
    with pytest.raises(OutcomeUnknownError):
        k2.send_money.create(idempotency_key="lost", **wage())
    delivery = [found for found in sandbox.deliveries() if "lost" in found.body][-1]
    event = WebhookVerifier(api_keys=["k"]).parse_unverified(delivery.body.encode())
    record = k2.journal.observe(event)
    assert record is not None and record.state == "accepted" and record.id == event.id
    assert k2.send_money.create(idempotency_key="lost", **wage()).id == event.id
    assert effects(sandbox) - before == 100


def test_asyncio(sandbox: Sandbox, tmp_path: Path) -> None:
    async def pay() -> set[str]:
        k2 = AsyncKopoKopo(**sandbox.credentials, journal=SqliteJournal(tmp_path / "payments.db"))
        k2 = k2.with_options(in_progress_wait=20)
        handles = await asyncio.gather(*(k2.send_money.create(idempotency_key="a", **wage()) for _ in range(20)))
        return {handle.id for handle in handles}

    before = effects(sandbox)
    assert len(asyncio.run(pay())) == 1
    assert effects(sandbox) - before == 100


WORKER = """
import sys
from kopokopo import Destination, KopoKopo
from kopokopo.journal import SqliteJournal
k2 = KopoKopo.from_env(journal=SqliteJournal(sys.argv[1])).with_options(in_progress_wait=30)
for wage in range(10):
    wages = Destination.MobileWallet(phone_number="0712345678", amount=100 + wage, description="Wages")
    k2.send_money.create(
        idempotency_key=f"wage-{wage}", destinations=[wages], callback_url="https://shop.example/results"
    )
"""


def test_processes_share_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = {**os.environ, **sandbox.env}
    before = effects(sandbox)
    command = [sys.executable, "-c", WORKER, str(tmp_path / "payments.db")]
    workers = [subprocess.Popen(command, env=environment) for _ in range(4)]
    assert [worker.wait(120) for worker in workers] == [0] * 4
    assert effects(sandbox) - before == sum(100 + wage for wage in range(10))


def test_key_without_journal_and_broken_stores(sandbox: Sandbox, tmp_path: Path) -> None:
    before = effects(sandbox)
    with pytest.raises(ConfigurationError, match="journal: is missing"):
        KopoKopo(**sandbox.credentials).send_money.create(idempotency_key="a", **wage())

    def broken(_: str) -> str:
        raise OSError("no space left")

    async def asynchronous(_: str) -> str:
        return "true"

    for store, text in [(broken, "OSError: no space left"), (asynchronous, "must block"), (lambda _: "[", "form")]:
        with pytest.raises(JournalError, match=text):
            KopoKopo(**sandbox.credentials, journal=store).send_money.create(  # type: ignore[arg-type]
                idempotency_key="a", **wage()
            )
    with pytest.raises(JournalError, match=f"unable to open database file: {tmp_path}"):
        KopoKopo(**sandbox.credentials, journal=SqliteJournal(tmp_path)).send_money.create(
            idempotency_key="a", **wage()
        )
    assert effects(sandbox) == before
    with pytest.raises(ConfigurationError, match="must be a file"):
        SqliteJournal(":memory:")
    with pytest.raises(ConfigurationError, match="journal: must be a store"):
        KopoKopo(**sandbox.credentials, journal="payments.db")  # type: ignore[arg-type]


def test_event_is_handled_once_and_again_after_a_rollback(tmp_path: Path) -> None:
    key, body = "an-api-key-of-the-usual-length", json.dumps(EVENT).encode()
    event = WebhookVerifier(api_keys=[key]).verify(body, sign_webhook(key, body))
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        create_tables(connection)
    connection = sqlite3.connect(path)
    assert once(event, connection)
    connection.rollback()
    connection.close()
    by_itself = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(ConfigurationError, match="must be inside of a transaction"):
        once(event, by_itself)
    by_itself.close()
    handled = []
    together = threading.Barrier(16)

    def deliver(_: int) -> None:
        own = sqlite3.connect(path, timeout=60)
        together.wait()
        if once(event, own):
            handled.append(event.payment_key)
        own.commit()
        own.close()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(deliver, range(64)))
    assert handled == ["mpesa:received:OJJ1MPU40Z"]
    sqlalchemy = pytest.importorskip("sqlalchemy")
    with sqlalchemy.create_engine(f"sqlite:///{path}").begin() as found:
        assert not once(event, found)


def test_missing_tables_are_named(sandbox: Sandbox, tmp_path: Path) -> None:
    key, body = "an-api-key-of-the-usual-length", json.dumps(EVENT).encode()
    event = WebhookVerifier(api_keys=[key]).verify(body, sign_webhook(key, body))
    path = tmp_path / "shop.db"
    engine = pytest.importorskip("sqlalchemy").create_engine(f"sqlite:///{path}")
    expected = r"the table kopokopo_events does not exist: .*create_tables"
    with closing(sqlite3.connect(path)) as connection, pytest.raises(ConfigurationError, match=expected):
        once(event, connection)
    with engine.connect() as connection, pytest.raises(ConfigurationError, match=expected):
        once(event, connection)
    before = effects(sandbox)
    for store in (SqliteJournal(path, create_tables=False), SQLAlchemyJournal(engine, create_tables=False)):
        with pytest.raises(JournalError, match=r"the table kopokopo_journal does not exist: .*create_tables"):
            KopoKopo(**sandbox.credentials, journal=store).send_money.create(idempotency_key="a", **wage())
    # The table of another error keeps the error of the driver.
    with closing(sqlite3.connect(path)) as connection:
        create_tables(connection)
        connection.execute(
            "CREATE TRIGGER log AFTER INSERT ON kopokopo_events BEGIN INSERT INTO log_of_shop VALUES (1); END"
        )
        with pytest.raises(sqlite3.OperationalError, match="log_of_shop"):
            once(event, connection)
    assert effects(sandbox) == before


def test_connections_are_used_again_and_not_in_transactions_of_the_program(sandbox: Sandbox, tmp_path: Path) -> None:
    opened = []

    class Connection(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            opened.append(self)

    class Journal(SqliteJournal):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self._connect = lambda: sqlite3.connect(path, factory=Connection, check_same_thread=False)

    k2 = KopoKopo(**sandbox.credentials, journal=Journal(tmp_path / "pool.db"))
    for _ in range(50):
        k2.journal.get("none")
    assert len(opened) == 1

    shared = sqlite3.connect(tmp_path / "shared.db", check_same_thread=False)
    before = effects(sandbox)
    shared.execute("CREATE TABLE orders (number TEXT)")
    shared.execute("INSERT INTO orders VALUES ('1')")
    assert shared.in_transaction
    store = DBAPIJournal(lambda: shared, dialect="sqlite", placeholder="?")
    with pytest.raises(JournalError, match="inside of a transaction of the program"):
        KopoKopo(**sandbox.credentials, journal=store).send_money.create(idempotency_key="a", **wage())
    assert shared.in_transaction
    assert effects(sandbox) == before


def test_an_engine_that_shares_its_connection_is_refused() -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    for pool in (sqlalchemy.pool.StaticPool, sqlalchemy.pool.SingletonThreadPool):
        with pytest.raises(ConfigurationError, match="engine: must give each user"):
            SQLAlchemyJournal(sqlalchemy.create_engine("sqlite://", poolclass=pool))


def test_processes_that_open_a_new_file_together(tmp_path: Path) -> None:
    script = "import sys; from kopokopo.journal import SqliteJournal as J; J(sys.argv[1])._connect().close()"
    for attempt in range(10):
        command = [sys.executable, "-c", script, str(tmp_path / f"new-{attempt}.db")]
        workers = [subprocess.Popen(command) for _ in range(8)]
        assert [worker.wait(60) for worker in workers] == [0] * 8
