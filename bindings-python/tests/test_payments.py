"""`is_paid_at_least` compares the amount, the currency and the till. `payment_key` identifies the payment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from fixtures import CALLBACK, PUSH
from harness import payloads
from kopokopo import (
    DecodeError,
    Event,
    IncomingPayment,
    IncomingPaymentStatus,
    InvalidRequestError,
    KopoKopo,
    PaymentLink,
    WebhookVerifier,
)

FAST_POLLS: dict[str, Any] = {"interval": 0.02, "max_interval": 0.1}
VERIFIER = WebhookVerifier(api_keys=["key"])


def event(name: str) -> Event:
    return VERIFIER.parse_unverified(dict(payloads(name))[name])


def test_payment_is_compared_with_order(k2: KopoKopo) -> None:
    payment = k2.incoming_payments.create(**PUSH).wait(**FAST_POLLS)
    for amount in ("100", "100.00", "99.99", 1, Decimal("100")):
        assert payment.is_paid_at_least(amount)
    assert payment.is_paid_at_least(amount="100", currency="KES", till_number="K000000")
    assert not payment.is_paid_at_least("100.01")
    assert not payment.is_paid_at_least("100", currency="USD")
    assert not payment.is_paid_at_least("100", till_number="555555")
    failed = k2.incoming_payments.create(**{**PUSH, "phone_number": "254700000002"}).wait(**FAST_POLLS)
    assert not failed.is_paid_at_least("1")


@pytest.mark.parametrize("amount", [0, "-1", "much", 1.5, None])
def test_invalid_amount_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        event("webhook-buygoods_transaction_received").is_paid_at_least(amount)
    assert refused.value.field == "amount"


def test_event_and_its_payment_are_compared_alike() -> None:
    received = event("webhook-buygoods_transaction_received")
    assert received.transaction is not None
    assert received.transaction.amount is not None
    assert received.is_paid_at_least(received.transaction.amount)
    assert not received.is_paid_at_least(received.transaction.amount + 1)
    result = event("result-incoming-payment-success")
    payload: Any = result.payload
    payment: IncomingPayment = payload.incoming_payment
    assert payment.is_paid_at_least(1) and result.is_paid_at_least(1)
    assert payment.payment_key == result.payment_key != result.dedupe_key


def test_payment_link_is_compared_with_order(k2: KopoKopo) -> None:
    link: PaymentLink = k2.payment_links.create(
        till_number="K000000", amount="10001", currency="KES", payment_reference="7", callback_url=CALLBACK
    ).wait(**FAST_POLLS)
    assert link.is_paid_at_least("10001")
    assert not link.is_paid_at_least("10002")


def test_record_without_raw_raises_decode_error() -> None:
    record = IncomingPayment(id="1", status=IncomingPaymentStatus.SUCCESS, is_paid=True, is_final=True)
    with pytest.raises(DecodeError):
        record.is_paid_at_least(1)


@pytest.mark.parametrize("amount", [Decimal("1E+2"), Decimal("100.00").normalize(), Decimal("1000E-1")])
def test_decimal_with_exponent_is_accepted(k2: KopoKopo, amount: Decimal) -> None:
    payment = k2.incoming_payments.create(**{**PUSH, "amount": amount}).wait(**FAST_POLLS)
    assert payment.is_paid_at_least(amount) and payment.is_paid_at_least(100)


@pytest.mark.parametrize(
    "amount", [Decimal("1E+100000000"), Decimal("1E-100000000"), Decimal("NaN"), Decimal("Infinity")]
)
def test_decimal_outside_amounts_is_refused(k2: KopoKopo, amount: Decimal) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        k2.incoming_payments.create(**{**PUSH, "amount": amount})
    assert refused.value.field == "amount"
