"""The example shop, which runs in uvicorn and takes payments on the sandbox."""

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
from harness import Sandbox
from kopokopo.testing import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHOP = Path(__file__).resolve().parents[1] / "examples" / "fastapi_shop"
CANCELLING_PHONE = "254700000002"
PENDING_PHONE = "254700000006"


class Shop:
    """A running shop with its own sandbox."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = Sandbox()
        self._db = folder / "shop.db"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            environment = {**os.environ, **self.sandbox.env, "SHOP_DB": str(self._db), "SHOP_URL": self.url}
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
        self.until(lambda: self.send("/orders/none")[0] == 404)

    def send(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"content-type": "application/json", **(headers or {})})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def order(self, phone_number: str = "0712345678", item: str = "samosa") -> dict[str, Any]:
        status, order = self.send("/orders", {"item": item, "phone_number": phone_number})
        assert status == 201, order
        assert isinstance(order, dict)
        return order

    def status(self, order: dict[str, Any]) -> str:
        return str(self.send(f"/orders/{order['id']}")[1]["status"])

    def fault(self, **fault: Any) -> None:
        self.sandbox.fault(**fault)

    def deliveries(self) -> list[Delivery]:
        """Returns the results that the sandbox delivered to the shop."""
        deliveries = self.sandbox.deliveries()
        return [delivery for delivery in deliveries if delivery.topic == "incoming_payment" and delivery.attempts]

    def response_statuses(self) -> list[int | None]:
        """Returns the status of the shop's response to each delivery attempt."""
        return [attempt.status for delivery in self.deliveries() for attempt in delivery.attempts]

    def stored_deliveries(self) -> int:
        with closing(sqlite3.connect(self._db)) as db:
            return int(db.execute("SELECT count(*) FROM deliveries").fetchone()[0])

    def requests(self, operation: str) -> int:
        return sum(request.operation == operation for request in self.sandbox.requests())

    def received(self) -> str:
        return str(self.sandbox.state().received)

    def until(self, check: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                if check():
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


def test_callback_marks_order_paid(shop: Shop) -> None:
    order = shop.order()
    shop.until(lambda: len(shop.deliveries()) == 1)
    reads = shop.requests("incoming_payments.get")
    shop.until(lambda: shop.status(order) == "paid")
    assert shop.received() == "62.5"
    assert reads == 0, "the callback is sufficient"
    shop.status(order)
    assert shop.requests("incoming_payments.get") <= 1, "a paid order is not read again"


def test_order_fails_if_customer_cancels(shop: Shop) -> None:
    order = shop.order(CANCELLING_PHONE)
    shop.until(lambda: shop.status(order) == "failed")
    assert "cancelled" in shop.send(f"/orders/{order['id']}")[1]["note"].lower()


def test_repeated_callback_counts_once(shop: Shop) -> None:
    shop.fault(operation="incoming_payment", kind="callback_twice")
    order = shop.order()
    shop.until(lambda: len(shop.response_statuses()) == 2)
    assert shop.status(order) == "paid"
    shop.sandbox.resend_delivery(shop.deliveries()[0].id)
    shop.until(lambda: len(shop.response_statuses()) == 3)
    assert shop.response_statuses() == [200, 200, 200]
    assert shop.stored_deliveries() == 1
    assert shop.status(order) == "paid"


def test_status_page_reads_payment_if_callback_is_lost(shop: Shop) -> None:
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


def test_invalid_phone_number_is_422(shop: Shop) -> None:
    status, content = shop.send("/orders", {"item": "coffee", "phone_number": "12"})
    assert status == 422
    assert "phone_number" in content["detail"]
    assert shop.requests("incoming_payments.create") == 0


def test_order_stays_asked_while_payment_is_pending(shop: Shop) -> None:
    order = shop.order(PENDING_PHONE)
    assert shop.status(order) == "asked"
    shop.sandbox.customer_pays(order["payment_id"])
    shop.until(lambda: shop.status(order) == "paid")


def test_unauthentic_webhook_does_not_pay_order(shop: Shop) -> None:
    order = shop.order(PENDING_PHONE)
    result = {
        "data": {
            "id": "1",
            "type": "incoming_payment",
            "attributes": {"status": "Success", "metadata": {"order_id": order["id"]}},
        }
    }
    for headers in ({}, {"X-KopoKopo-Signature": "0" * 64}):
        assert shop.send("/k2/results", result, headers)[0] == 401
    assert shop.status(order) == "asked"
