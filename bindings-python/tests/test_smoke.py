"""The main uses of the package, from end to end, with the sandbox."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import kopokopo
import pytest
from fixtures import CALLBACK, PUSH, requests
from harness import Sandbox, payloads
from kopokopo import (
    AsyncKopoKopo,
    Destination,
    EventPayload,
    IncomingPayment,
    IncomingPaymentStatus,
    InvalidRequestError,
    KopoKopo,
    KopoKopoError,
    KopoKopoTimeoutError,
    NotFoundError,
    OutcomeUnknownError,
    Scope,
    SignatureError,
    WebhookVerifier,
    sign_webhook,
)

PAID = dict(payloads("webhook-buygoods_transaction_received"))["webhook-buygoods_transaction_received"]


# Payments.


def test_blocking_client_takes_payment(k2: KopoKopo) -> None:
    push = k2.incoming_payments.create(**PUSH, metadata={"order": "42", "again": False, "of": 3})
    assert push.location.endswith(push.id)
    payment = push.wait(interval=0.02)
    assert payment.is_paid
    assert payment.status == "Success"
    assert payment.status is IncomingPaymentStatus.SUCCESS
    assert payment.transaction is not None
    assert payment.transaction.amount == Decimal("100")
    assert isinstance(payment.transaction.origination_time, datetime)
    assert payment.transaction.origination_time.utcoffset() is not None
    assert payment.metadata == {"order": "42", "again": False, "of": 3}
    assert payment == push.get() == k2.incoming_payments.get(push.id)


def test_metadata_is_read_without_changes() -> None:
    written = (
        '{"z":"1","a":1,"huge":123456789012345678901234567890,"part":-1.50,"e":1e2,"on":true,"off":false,"none":null,'
        '"list":[1,"\\u00e9",{"deep":[]}],"a b":"\\"","wide":1e999}'
    )
    body = f'{{"data":{{"id":"1","type":"incoming_payment","attributes":{{"status":"Success","metadata":{written}}}}}}}'
    payload = WebhookVerifier(api_keys=["key"]).parse_unverified(body.encode()).payload
    assert isinstance(payload, EventPayload.IncomingPayment)
    metadata = payload.incoming_payment.metadata
    assert metadata == json.loads(written)
    assert list(metadata) == list(json.loads(written))
    assert [type(value) for value in metadata.values()] == [type(value) for value in json.loads(written).values()]


def test_asyncio_client_takes_payment(k2_async: AsyncKopoKopo) -> None:
    async def pay() -> IncomingPayment:
        async with k2_async as k2:
            push = await k2.incoming_payments.create(**PUSH)
            return await push.wait(interval=0.02)

    assert asyncio.run(pay()).is_paid


def test_send_money_to_two_destinations(k2: KopoKopo) -> None:
    sent = k2.send_money.create(
        destinations=[
            Destination.MobileWallet(phone_number="0712345678", amount=500, description="Wages"),
            Destination.MobileWallet(phone_number="254700000003", amount=Decimal("700"), description="Wages"),
        ],
        callback_url=CALLBACK,
    ).wait(interval=0.02)
    assert not sent.is_paid
    [paid] = kopokopo.disbursements_to(sent, "0712345678")
    assert (paid.is_paid, paid.amount) == (True, Decimal(500))
    assert [failed.amount for failed in sent.failed_disbursements] == [700]


def test_time_without_time_zone_is_refused(k2: KopoKopo, sandbox: Sandbox) -> None:
    nairobi = timezone(timedelta(hours=3))
    period: dict[str, Any] = {
        "from_time": datetime(2026, 5, 1, tzinfo=nairobi),
        "to_time": datetime(2026, 5, 2, tzinfo=timezone.utc),
    }
    k2.polling.create(scope=Scope.COMPANY, callback_url=CALLBACK, **period)
    [sent] = requests(sandbox, "polling.create")
    assert sent.body["from_time"] == "2026-05-01T00:00:00+03:00"
    with pytest.raises(InvalidRequestError, match="time zone") as refused:
        k2.polling.create(scope="company", callback_url=CALLBACK, **{**period, "from_time": datetime(2026, 5, 1)})
    assert refused.value.field == "from_time"


def test_error_of_wrong_type_names_field(k2: KopoKopo) -> None:
    wrong: list[tuple[str, Any]] = [
        ("amount", 10.5), ("amount", float("nan")), ("amount", object()), ("phone_number", b"0712345678"),
        ("phone_number", "\ud800"), ("metadata", {"a": object()}), ("metadata", {1: "a"}), ("metadata", [1]),
        ("till_number", 7), ("callback_url", None),
    ]  # fmt: skip
    for field, value in wrong:
        with pytest.raises(InvalidRequestError) as refused:
            k2.incoming_payments.create(**{**PUSH, field: value})
        assert refused.value.field is not None
        assert refused.value.field.split(".")[0] == field, (value, refused.value)
        assert refused.value.attempts == 0
    nested: list[Any] = []
    nested.append(nested)
    with pytest.raises(InvalidRequestError, match="nested"):
        k2.incoming_payments.create(**{**PUSH, "metadata": {"a": nested}})
    float_amount: Any = 0.5
    with pytest.raises(InvalidRequestError) as refused:
        k2.send_money.create(
            destinations=[Destination.Till(till_number="1", amount=float_amount, description="x")],
            callback_url=CALLBACK,
        )
    assert refused.value.field == "destinations[0].amount"


# Errors.


def test_invalid_field_is_named_and_nothing_is_sent(k2: KopoKopo, sandbox: Sandbox) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        k2.incoming_payments.create(**{**PUSH, "phone_number": "12"})
    assert (refused.value.kind, refused.value.field, refused.value.attempts) == ("invalid_request", "phone_number", 0)
    assert str(refused.value) == f"invalid_request: incoming_payments.create: {refused.value.detail}"
    assert refused.value.operation == "incoming_payments.create"
    assert not requests(sandbox, "incoming_payments.create")


def test_lost_response_raises_outcome_unknown_and_is_sent_once(k2: KopoKopo, sandbox: Sandbox) -> None:
    sandbox.fault(operation="send_money.create", kind="reset_after_effect")
    with pytest.raises(OutcomeUnknownError) as unknown:
        k2.send_money.create(
            destinations=[Destination.Till(till_number="112233", amount=1, description="x")], callback_url=CALLBACK
        )
    assert unknown.value.operation == "send_money.create"
    assert len(requests(sandbox, "send_money.create")) == 1


def test_error_has_status_and_retry_after(k2: KopoKopo, sandbox: Sandbox) -> None:
    with pytest.raises(NotFoundError) as missing:
        k2.incoming_payments.get("11111111-1111-4111-8111-111111111112")
    assert missing.value.status == 404
    sandbox.fault(operation="payments.get", kind="status", status=429, retry_after="7", times=None)
    with pytest.raises(kopokopo.RateLimitError) as limited:
        k2.with_options(max_retries=0).payments.get("33333333-3333-4333-8333-333333333333")
    assert limited.value.retry_after == 7.0


def test_pickled_errors_keep_all_fields(k2: KopoKopo) -> None:
    for options in ({"phone_number": "12"}, {"till_number": "999"}):
        with pytest.raises(KopoKopoError) as raised:
            k2.incoming_payments.create(**{**PUSH, **options})
        error = pickle.loads(pickle.dumps(raised.value))
        assert type(error) is type(raised.value)
        assert (vars(error), str(error), error.args) == (vars(raised.value), str(raised.value), raised.value.args)
        assert vars(copy.copy(error)) == vars(copy.deepcopy(error)) == vars(error)
        assert error.to_dict() == {"kind": error.kind, **vars(error)}
        assert json.loads(json.dumps(error.to_dict(), default=str))["detail"] == error.detail
    error_copy = pickle.loads(pickle.dumps(KopoKopoTimeoutError("x", operation="a.b", attempts=2)))
    assert (str(error_copy), error_copy.attempts) == ("timeout: a.b: x", 2)


# Webhooks.


def test_only_signed_webhook_is_accepted() -> None:
    verifier = WebhookVerifier(api_keys=["key"])
    signature = sign_webhook("key", PAID)
    for body in (PAID, bytearray(PAID), memoryview(PAID)):
        event = verifier.verify(body, signature)
        assert isinstance(event.payload, EventPayload.BuygoodsTransactionReceived)
        assert event.payload.transaction.is_received
        assert event.raw == PAID.decode()
    for body, header in ((PAID + b" ", signature), (PAID, None), (PAID, "x"), (PAID, "\ud800")):
        with pytest.raises(SignatureError):
            verifier.verify(body, header)
    assert (verifier.max_body, WebhookVerifier(api_keys=["k"], max_body=7).max_body) == (10_485_760, 7)


def test_large_body_is_verified_without_gil() -> None:
    body = b'{"topic":"x","pad":"' + b"a" * 3_000_000 + b'"}'
    assert WebhookVerifier(api_keys=["key"]).verify(body, sign_webhook("key", body)).topic == "x"


@pytest.mark.parametrize("body", [PAID.decode(), json.loads(PAID), None, 7, [1]])
def test_error_of_parsed_body_names_fix(k2: KopoKopo, body: Any) -> None:
    for method in (
        k2.webhooks.verify,
        k2.webhooks.verify_signature,
        lambda body, _: k2.webhooks.parse_unverified(body),
    ):
        with pytest.raises(InvalidRequestError, match=r"raw body.*request\.body") as refused:
            method(body, "x")
        assert refused.value.field == "body"


def test_events_are_distinguished_by_class_and_kind() -> None:
    payload = WebhookVerifier(api_keys=["key"]).parse_unverified(PAID).payload
    assert payload.kind == "buygoods_transaction_received"
    match payload:
        case EventPayload.BuygoodsTransactionReceived(transaction):
            assert transaction.reference
        case _:
            raise AssertionError
    unknown = WebhookVerifier(api_keys=["key"]).parse_unverified(b'{"topic":"new_topic","id":"1"}')
    assert unknown.payload == EventPayload.Unknown()
    assert unknown.topic == "new_topic"
