"""A shop that takes M-PESA payments. An order sends an STK push, and the callback marks the order as paid.

pip install kopokopo fastapi uvicorn
k2 sandbox                # in another terminal: prints the variables to export here
uvicorn shop:app
curl -d '{"item": "coffee", "phone_number": "0712345678"}' -H content-type:application/json http://127.0.0.1:8000/orders
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import suppress
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from kopokopo import (
    AsyncKopoKopo,
    Event,
    EventPayload,
    IncomingPayment,
    InvalidRequestError,
    KopoKopoError,
    OutcomeUnknownError,
)
from kopokopo.webhooks.starlette import verified
from pydantic import BaseModel

PRICES = {"coffee": Decimal("250"), "mandazi": Decimal("40"), "samosa": Decimal("62.50")}
TILL = os.environ.get("SHOP_TILL", "K000000")
CALLBACK = os.environ.get("SHOP_URL", "http://127.0.0.1:8000") + "/k2/results"

app = FastAPI()
k2 = AsyncKopoKopo.from_env()
db = sqlite3.connect(os.environ.get("SHOP_DB", "shop.db"), isolation_level=None)
db.row_factory = sqlite3.Row
db.executescript("""
    CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, item TEXT NOT NULL, price TEXT NOT NULL,
        status TEXT NOT NULL, -- new, asked, unknown, paid, failed, dispute
        payment_id TEXT, note TEXT);
    CREATE TABLE IF NOT EXISTS deliveries (dedupe_key TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS payments (payment_key TEXT PRIMARY KEY, order_id TEXT NOT NULL);
""")


class NewOrder(BaseModel):
    item: str
    phone_number: str


@app.post("/orders", status_code=201)
async def order(new: NewOrder) -> dict[str, Any]:
    """Commits the order first, because the callback can arrive before `create` returns."""
    if new.item not in PRICES:
        raise HTTPException(404, f"we sell {', '.join(PRICES)}")
    order_id, price = str(uuid.uuid4()), PRICES[new.item]
    db.execute("INSERT INTO orders (id, item, price, status) VALUES (?, ?, ?, 'new')", (order_id, new.item, str(price)))
    try:
        push = await k2.incoming_payments.create(
            till_number=TILL,
            phone_number=new.phone_number,
            amount=price,
            callback_url=CALLBACK,
            metadata={"order_id": order_id},
        )
    except OutcomeUnknownError as error:
        # The customer may see the PIN prompt. A second push could take the money twice, so do not send one. The
        # callback has the order's id in its metadata. If no callback arrives, a person must resolve the order: see note.
        set_status(order_id, "unknown", ("new",), error.detail)
    except InvalidRequestError as error:
        set_status(order_id, "failed", ("new",), error.detail)
        raise HTTPException(422, error.detail) from None
    except KopoKopoError as error:
        # All other errors mean that the customer was not asked.
        set_status(order_id, "failed", ("new",), error.detail)
        raise HTTPException(503, "M-PESA is not available. No money was taken. Please order again later.") from None
    else:
        db.execute("UPDATE orders SET payment_id = ? WHERE id = ?", (push.id, order_id))
        set_status(order_id, "asked", ("new",))  # unless the callback arrived first
    return find(order_id)


@app.post("/k2/results")
async def results(event: Annotated[Event, Depends(verified(k2.webhooks))]) -> None:
    """Receives the result of a payment. A delivery can be repeated, and counts once."""
    db.execute("BEGIN IMMEDIATE")
    with db:  # one transaction: if it fails, the key is not stored, and the delivery is repeated
        if not db.execute("INSERT OR IGNORE INTO deliveries VALUES (?)", (event.dedupe_key,)).rowcount:
            return
        if isinstance(event.payload, EventPayload.IncomingPayment):
            payment = event.payload.incoming_payment
            apply_payment(str(payment.metadata.get("order_id")), payment)


@app.get("/orders/{order_id}")
async def status(order_id: str) -> dict[str, Any]:
    """Returns the state of an order. Reads the payment if the callback is late or lost."""
    order = find(order_id)
    if order["status"] == "asked":
        with suppress(KopoKopoError):  # on errors, return the stored state
            payment = await k2.incoming_payments.get(order["payment_id"])
            db.execute("BEGIN IMMEDIATE")
            with db:
                apply_payment(order_id, payment)
    return find(order_id)


def apply_payment(order_id: str, payment: IncomingPayment) -> None:
    """Updates an order from its payment. Repeated calls are safe: a paid order stays paid."""
    order = db.execute("SELECT price FROM orders WHERE id = ?", (order_id,)).fetchone()
    if payment.payment_key and payment.is_paid and order:
        # A webhook of the same payment has the same payment_key. A second payment has a different one.
        key = (payment.payment_key, order_id)
        is_new = db.execute("INSERT OR IGNORE INTO payments VALUES (?, ?)", key).rowcount
        is_enough = payment.is_paid_at_least(order["price"], till_number=TILL)
        if is_new:
            states = ("new", "asked", "unknown", "failed")
            set_status(order_id, "paid" if is_enough else "dispute", states, payment_id=payment.id)
    elif payment.is_final:
        set_status(order_id, "failed", ("new", "asked", "unknown"), "; ".join(payment.errors), payment.id)


def set_status(
    order_id: str, status: str, allowed: tuple[str, ...], note: str | None = None, payment_id: str | None = None
) -> None:
    """Sets the status of an order if its current status is one of `allowed`."""
    db.execute(
        "UPDATE orders SET status = ?, note = ?, payment_id = coalesce(?, payment_id)"
        f" WHERE id = ? AND status IN ({', '.join('?' * len(allowed))})",
        (status, note, payment_id, order_id, *allowed),
    )


def find(order_id: str) -> dict[str, Any]:
    order = db.execute("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone()
    if order is None:
        raise HTTPException(404, "order not found")
    return dict(order)
