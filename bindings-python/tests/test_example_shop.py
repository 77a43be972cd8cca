"""The example shop, in a real uvicorn, taking money on the sandbox."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from stage import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHOP = Path(__file__).resolve().parents[1] / "examples" / "fastapi_shop"
CANCELS = "254700000002"
LEFT_TO_YOU = "254700000006"


class Shop:
    """A running shop on a sandbox of its own."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = Sandbox()
        self._db = folder / "shop.db"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            said = self.sandbox.said
            environment = {
                **os.environ, "K2_BASE_URL": said["base_url"], "K2_CLIENT_ID": said["client_id"],
                "K2_CLIENT_SECRET": said["client_secret"], "K2_API_KEY": said["api_key"],
                "SHOP_DB": str(self._db), "SHOP_URL": self.url,
            }  # fmt: skip
            command = [
                sys.executable,
                "-m",
                "uvicorn",
                "shop:app",
                "--fd",
                str(listener.fileno()),
                "--log-level",
                "warning",
            ]
            self._process = subprocess.Popen(command, cwd=SHOP, env=environment, pass_fds=[listener.fileno()])
        self.until(lambda: self.ask("/orders/none")[0] == 404)

    def ask(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def order(self, phone_number: str = "0712345678", item: str = "samosa") -> dict[str, Any]:
        status, order = self.ask("/orders", {"item": item, "phone_number": phone_number})
        assert status == 201, order
        assert isinstance(order, dict)
        return order

    def status(self, order: dict[str, Any]) -> str:
        return str(self.ask(f"/orders/{order['id']}")[1]["status"])

    def fault(self, **fault: Any) -> None:
        self.sandbox.control("PUT /_sandbox/faults", fault)

    def deliveries(self) -> list[dict[str, Any]]:
        """The results that the sandbox delivered to the shop."""
        sent = self.sandbox.control("GET /_sandbox/deliveries")
        return [one for one in sent if one["topic"] == "incoming_payment" and one["attempts"]]

    def answers(self) -> list[int]:
        """The shop's response to each delivery, repeated ones too."""
        return [attempt["status"] for one in self.deliveries() for attempt in one["attempts"]]

    def kept_deliveries(self) -> int:
        with closing(sqlite3.connect(self._db)) as db:
            return int(db.execute("SELECT count(*) FROM deliveries").fetchone()[0])

    def requests(self, operation: str) -> int:
        return sum(one["operation"] == operation for one in self.sandbox.control("GET /_sandbox/requests"))

    def received(self) -> str:
        return str(self.sandbox.control("GET /_sandbox/state")["received"])

    def until(self, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                if look():
                    return
            except OSError:
                assert self._process.poll() is None, "the shop did not start"
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self.sandbox.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    try:
        yield shop
    finally:
        shop.close()


def test_an_order_is_paid_by_its_callback(shop: Shop) -> None:
    order = shop.order()
    shop.until(lambda: len(shop.deliveries()) == 1)
    reads = shop.requests("incoming_payments.get")
    shop.until(lambda: shop.status(order) == "paid")
    assert shop.received() == "62.5"
    assert reads == 0, "the callback was sufficient"
    shop.status(order)
    assert shop.requests("incoming_payments.get") <= 1, "a paid order is not asked about again"


def test_a_customer_who_cancels_has_a_failed_order(shop: Shop) -> None:
    order = shop.order(CANCELS)
    shop.until(lambda: shop.status(order) == "failed")
    assert "cancelled" in shop.ask(f"/orders/{order['id']}")[1]["note"].lower()


def test_a_callback_that_comes_twice_counts_once(shop: Shop) -> None:
    shop.fault(operation="incoming_payment", kind="callback_twice")
    order = shop.order()
    shop.until(lambda: len(shop.answers()) == 2)
    assert shop.status(order) == "paid"
    shop.sandbox.control(f"POST /_sandbox/deliveries/{shop.deliveries()[0]['id']}/resend")
    shop.until(lambda: len(shop.answers()) == 3)
    assert shop.answers() == [200, 200, 200]
    assert shop.kept_deliveries() == 1
    assert shop.status(order) == "paid"


def test_a_callback_that_never_comes_is_made_up_for_by_the_status_page(shop: Shop) -> None:
    shop.fault(operation="incoming_payment", kind="callback_never")
    order = shop.order()
    shop.until(lambda: shop.status(order) == "paid")
    assert not shop.deliveries()
    assert shop.requests("incoming_payments.get") >= 1


def test_order_with_lost_response_is_not_sent_again_and_is_paid_by_callback(shop: Shop) -> None:
    shop.fault(operation="incoming_payments.create", kind="reset_after_effect")
    order = shop.order()
    assert order["status"] in ("unknown", "paid"), order
    shop.until(lambda: shop.status(order) == "paid")
    assert shop.requests("incoming_payments.create") == 1
    assert shop.received() == "62.5"


def test_order_with_unknown_outcome_stays_unknown_until_resolved(shop: Shop) -> None:
    shop.fault(operation="incoming_payments.create", kind="reset_before_effect")
    order = shop.order()
    assert order["status"] == "unknown"
    assert order["note"]
    assert shop.status(order) == "unknown"
    assert shop.requests("incoming_payments.create") == 1


def test_a_wrong_phone_number_is_the_customer_s_to_correct(shop: Shop) -> None:
    status, answer = shop.ask("/orders", {"item": "coffee", "phone_number": "12"})
    assert status == 422
    assert "phone_number" in answer["detail"]
    assert shop.requests("incoming_payments.create") == 0


def test_a_pending_payment_stays_asked(shop: Shop) -> None:
    order = shop.order(LEFT_TO_YOU)
    assert shop.status(order) == "asked"
    shop.sandbox.control(f"POST /_sandbox/incoming_payments/{order['payment_id']}/customer", {"action": "enter_pin"})
    shop.until(lambda: shop.status(order) == "paid")


def test_unauthentic_webhook_pays_no_order(shop: Shop) -> None:
    order = shop.order(LEFT_TO_YOU)
    claim = {
        "data": {
            "id": "1",
            "type": "incoming_payment",
            "attributes": {"status": "Success", "metadata": {"order_id": order["id"]}},
        }
    }
    for headers in ({}, {"X-KopoKopo-Signature": "0" * 64}):
        assert shop.ask("/k2/results", claim, headers)[0] == 401
    assert shop.status(order) == "asked"
