"""The Python code of the READMEs runs unchanged with a sandbox."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import kopokopo
import psycopg
import pytest
from fastapi.testclient import TestClient
from fixtures import requests
from harness import ROOT, Sandbox
from kopokopo import Destination, KopoKopo, OutcomeUnknownError
from kopokopo.journal import SqliteJournal

READMES = [ROOT / "README.md", ROOT / "bindings-python" / "README.md"]


def snippets(path: Path) -> str:
    found = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, path
    return "\n\n".join(found)


@pytest.mark.parametrize("path", READMES, ids=["repository", "package"])
def test_snippets_run_and_webhook_receives_result(
    path: Path, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    with Sandbox() as sandbox:
        for name, value in sandbox.env.items():
            monkeypatch.setenv(name, value)
        # The sandbox needs no pauses between polls.
        sleep, sleep_async = time.sleep, asyncio.sleep
        monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.02)))
        monkeypatch.setattr(asyncio, "sleep", lambda seconds, *result: sleep_async(min(seconds, 0.02), *result))
        monkeypatch.setattr(logging, "basicConfig", lambda: None)
        names: dict[str, Any] = {"__name__": "readme"}
        try:
            code = snippets(path).replace("/var/lib/shop/", f"{tmp_path}/")
            exec(compile(code, str(path), "exec"), names)
        finally:
            logging.getLogger("kopokopo").setLevel(logging.NOTSET)
        assert "True" in capsys.readouterr().out

        body = (ROOT / "tests" / "vectors" / "payloads" / "result-incoming-payment-success.json").read_bytes()
        signature = kopokopo.sign_webhook(sandbox.credentials["api_key"], body)
        with TestClient(names["app"]) as client:
            response = client.post("/k2/results", content=body, headers={"X-KopoKopo-Signature": signature})
            assert response.status_code == 200
            assert client.post("/k2/results", content=body).status_code == 401
        assert capsys.readouterr().out.strip()
        if "credit" in names:
            event = names["k2"].webhooks.verify(body, signature)
            for _ in range(2):
                names["credit"](event)
            with psycopg.connect(database) as connection:
                assert connection.execute("SELECT payment_key FROM credits").fetchall() == [(event.payment_key,)]


RECIPE = "for record in payer.journal.reconcile_all("


def test_recipe_for_unknown_outcomes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (recipe,) = re.findall(rf"^```python\n({re.escape(RECIPE)}.*?)^```", READMES[1].read_text("utf-8"), re.M | re.S)
    assert len(recipe.splitlines()) <= 5
    path = tmp_path / "payments.db"
    with Sandbox() as sandbox:
        payer = KopoKopo(**sandbox.credentials, journal=SqliteJournal(path))
        wage: dict[str, Any] = {
            "idempotency_key": "wage-1",
            "destinations": [Destination.MobileWallet(phone_number="254700000001", amount=100, description="Wages")],
            "callback_url": "https://shop.example/k2/results",
        }
        sandbox.fault("reset_before_effect", operation="send_money.create")
        with pytest.raises(OutcomeUnknownError):
            payer.send_money.create(**wage)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE kopokopo_journal SET created_at = created_at - 3600000")
        exec(compile(recipe, "recipe", "exec"), {"payer": payer})
        assert "look for it on the dashboard: wage-1 send_money.create" in capsys.readouterr().out
        with pytest.raises(OutcomeUnknownError):
            payer.send_money.create(**wage)
        payer.journal.resolve("wage-1", "not_sent", "the dashboard")
        payer.send_money.create(**wage)
        assert len(requests(sandbox, "send_money.create")) == 2
