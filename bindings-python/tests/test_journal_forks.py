"""Forks of a program that has a journal in a file of SQLite."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from harness import Sandbox
from kopokopo import _forks
from kopokopo._forks import ForkGuard

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs fork as on Linux")

PROGRAM = """
import os, sys, time
from kopokopo import Destination, KopoKopo
from kopokopo.journal import SQLAlchemyJournal, SqliteJournal

kind, path, done = sys.argv[1:]
if kind == "sqlite":
    store = SqliteJournal(path)
else:
    import sqlalchemy
    store = SQLAlchemyJournal(sqlalchemy.create_engine(f"sqlite:///{path}"))
k2 = KopoKopo.from_env(journal=store)

def pay(key):
    wage = Destination.MobileWallet(phone_number="0712345678", amount=100, description="Wages")
    k2.send_money.create(idempotency_key=key, destinations=[wage], callback_url="https://shop.example/results")

pay("parent")
reading, writing = os.pipe()
if os.fork() == 0:
    parent = os.getppid()
    pay("child-before")
    os.write(writing, b"!")
    while os.getppid() == parent:
        time.sleep(0.01)
    pay("child-after")
    open(done, "w").close()
    time.sleep(60)
os.read(reading, 1)
"""


@pytest.mark.parametrize("kind", ["sqlite", "sqlalchemy"])
def test_records_of_a_child_stay_after_the_end_of_its_parent(sandbox: Sandbox, tmp_path: Path, kind: str) -> None:
    path, done = tmp_path / "journal.db", tmp_path / "done"
    with closing(sqlite3.connect(path)) as file:
        # The log of this mode is what the end of the parent would remove.
        file.execute("PRAGMA journal_mode = WAL")
    environment = {**os.environ, **sandbox.env}
    # A group of its own, so that the child can be ended too.
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, kind, str(path), str(done)], env=environment, start_new_session=True
    )
    try:
        assert program.wait(30) == 0
        deadline = threading.Event()
        for _ in range(1000):
            if done.exists():
                break
            deadline.wait(0.02)
        with closing(sqlite3.connect(path)) as file:
            rows = file.execute("SELECT idempotency_key, state FROM kopokopo_journal ORDER BY created_at").fetchall()
    finally:
        os.killpg(program.pid, 9)
    assert rows == [("parent", "accepted"), ("child-before", "accepted"), ("child-after", "accepted")]


class Store:
    closed = 0

    def close_idle(self) -> None:
        self.closed += 1


def in_child(guard: ForkGuard) -> str:
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            with guard.statement():
                os.write(writing, b"ran")
        except sqlite3.OperationalError as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.wait()
    return os.read(reading, 1000).decode()


def test_fork_waits_for_a_statement_and_closes_idle_connections() -> None:
    store = Store()
    guard = ForkGuard(store.close_idle)
    runs, events = threading.Event(), []

    def work() -> None:
        with guard.statement():
            runs.set()
            threading.Event().wait(0.3)
            events.append("statement")

    thread = threading.Thread(target=work)
    thread.start()
    runs.wait()
    assert in_child(guard) == "ran"
    assert events == ["statement"]
    assert store.closed == 1
    thread.join()


def test_child_of_a_fork_during_a_statement_refuses_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_forks, "_LONGEST", 0.1)
    store = Store()
    guard = ForkGuard(store.close_idle)
    runs, end = threading.Event(), threading.Event()

    def work() -> None:
        with guard.statement():
            runs.set()
            end.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    runs.wait()
    assert "forked during a statement" in in_child(guard)
    end.set()
    thread.join()
    with guard.statement():
        pass
