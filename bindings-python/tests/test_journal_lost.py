"""Outcomes that a journal could not write, and files of SQLite that are deleted or replaced while a journal uses them."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from harness import Sandbox
from kopokopo import Destination, JournalError, KopoKopo
from kopokopo.journal import DBAPIJournal, SQLAlchemyJournal, SqliteJournal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def pay(client: KopoKopo, key: str) -> str:
    wages = Destination.MobileWallet(phone_number="0712345678", amount=100, description="Wages")
    return client.send_money.create(
        idempotency_key=key, destinations=[wages], callback_url="https://shop.example/results"
    ).id


def effects(sandbox: Sandbox) -> int:
    return int(sandbox.state().paid_out)


def test_an_outcome_that_is_not_written_is_a_warning(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(SqliteJournal):
        def __call__(self, request: str) -> str:
            if "UPDATE kopokopo_journal" in request:
                raise sqlite3.OperationalError("the disk is full")
            return super().__call__(request)

    with (
        caplog.at_level(logging.WARNING, "kopokopo"),
        KopoKopo(**sandbox.credentials, journal=Failing(tmp_path / "journal.db")) as client,
    ):
        assert pay(client, "wage-1")
    begin = "the journal could not write the outcome (accepted) of send_money.create with the idempotency key wage-1: "
    assert [record.levelname for record in caplog.records if record.getMessage().startswith(begin)] == ["WARNING"]


def replace(path: Path) -> None:
    shutil.copy(path, f"{path}-2")
    os.rename(f"{path}-2", path)


@pytest.mark.parametrize("move", [os.remove, replace])
@pytest.mark.parametrize("store", ["sqlite", "dbapi", "sqlalchemy"])
def test_nothing_is_sent_if_the_file_is_deleted_or_replaced(
    sandbox: Sandbox, tmp_path: Path, store: str, move: Callable[[Any], None]
) -> None:
    path = tmp_path / "journal.db"
    made: Any
    if store == "sqlite":
        made = SqliteJournal(path)
    elif store == "dbapi":
        made = DBAPIJournal(lambda: sqlite3.connect(path, check_same_thread=False), dialect="sqlite", placeholder="?")
    else:
        made = SQLAlchemyJournal(pytest.importorskip("sqlalchemy").create_engine(f"sqlite:///{path}"))
    with KopoKopo(**sandbox.credentials, journal=made) as client:
        pay(client, "before")
        sent = effects(sandbox)
        move(path)
        there = sorted(os.listdir(tmp_path))
        for key in ("before", "after"):
            with pytest.raises(JournalError, match="was deleted or replaced while it was open"):
                pay(client, key)
        assert effects(sandbox) == sent
        # What is left of the old file can be of use to a person.
        assert sorted(os.listdir(tmp_path)) == there
