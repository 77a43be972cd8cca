"""Records in pydantic models and in FastAPI. The package depends on neither."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from harness import payloads
from kopokopo import (
    AnyEventPayload,
    Event,
    EventPayload,
    IncomingPayment,
    IncomingPaymentStatus,
    PaymentLink,
    SendMoney,
    Token,
    WebhookVerifier,
)
from pydantic import BaseModel, TypeAdapter, ValidationError

EVENTS = [
    (name, WebhookVerifier(api_keys=["key"]).parse_unverified(raw)) for name, raw in payloads("webhook-", "result-")
]


def payment() -> IncomingPayment:
    found: Any = dict(EVENTS)["result-incoming-payment-success"].payload
    incoming: IncomingPayment = found.incoming_payment
    return incoming


class Order(BaseModel):
    payment: IncomingPayment | None = None
    status: IncomingPaymentStatus = IncomingPaymentStatus.PENDING
    history: list[Event] = []


@pytest.mark.parametrize(("name", "event"), EVENTS, ids=lambda value: value if isinstance(value, str) else "")
def test_event_is_equal_after_json_round_trip(name: str, event: Event) -> None:
    adapter = TypeAdapter(Event)
    restored = adapter.validate_json(adapter.dump_json(event))
    assert restored == event
    assert restored.raw == event.raw
    assert adapter.validate_python(event) is event
    assert adapter.validate_python(adapter.dump_python(event)) == event


def test_record_can_be_field_of_model() -> None:
    order = Order(payment=payment(), status=payment().status)
    assert order.payment is not None
    assert order.payment.is_paid_at_least(1)
    dumped = order.model_dump()
    assert dumped["payment"] == {**payment().to_dict(), "errors": ()}
    assert isinstance(dumped["payment"]["transaction"]["amount"], Decimal)
    assert Order.model_validate_json(order.model_dump_json()) == order
    assert "raw" not in order.model_dump(exclude={"payment": {"raw"}})["payment"]
    with pytest.raises(ValidationError):
        Order.model_validate({"payment": 7})
    with pytest.raises(ValidationError):
        Order.model_validate({"payment": {"id": 7}})


def test_unknown_words_are_valid() -> None:
    order = Order.model_validate({"status": "Reviewed"})
    assert order.status == "Reviewed"
    assert isinstance(order.status, IncomingPaymentStatus)
    assert Order.model_validate({"status": "Success"}).status is IncomingPaymentStatus.SUCCESS
    schema = TypeAdapter(IncomingPaymentStatus).json_schema()
    assert schema["type"] == "string"
    assert "enum" not in schema
    assert "Success" in schema["examples"]


def test_variants_are_distinguished_by_kind() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(AnyEventPayload)
    for _, event in EVENTS:
        dumped = adapter.dump_python(event.payload, mode="json")
        assert dumped["kind"] == event.payload.kind
        assert adapter.validate_python(dumped) == event.payload
    assert adapter.validate_python({"kind": "unknown"}) == EventPayload.Unknown()


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("record", [Event, IncomingPayment, PaymentLink, SendMoney, Token])
def test_record_has_json_schema(record: Any, mode: Any) -> None:
    schema = TypeAdapter(record).json_schema(mode=mode)
    definitions = schema.get("$defs", {})
    own = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    assert set(own["properties"]) == set(record.__match_args__)
    assert own["title"] == record.__name__


def test_record_can_be_response_of_fastapi() -> None:
    app = FastAPI()

    @app.get("/annotated")
    async def annotated() -> IncomingPayment:
        return payment()

    @app.get("/model", response_model=IncomingPayment, response_model_exclude={"raw"})
    async def model() -> Any:
        return payment()

    @app.get("/list")
    async def several() -> list[Event]:
        return [event for _, event in EVENTS]

    @app.post("/orders")
    async def order(order: Order) -> Order:
        assert order.payment is not None
        assert order.payment.is_paid_at_least(1)
        return order

    with TestClient(app) as client:
        found = client.get("/annotated").json()
        assert (found["id"], found["status"], found["is_paid"]) == (payment().id, "Success", True)
        assert found["transaction"]["amount"] == str(payment().to_dict()["transaction"]["amount"])
        assert "raw" in found
        assert "raw" not in client.get("/model").json()
        assert len(client.get("/list").json()) == len(EVENTS)
        sent = Order(payment=payment()).model_dump(mode="json")
        assert client.post("/orders", json=sent).json() == sent
        documented = client.get("/openapi.json").json()
    # FastAPI has separate schemas for input and output if they differ, for example for amounts.
    names = {name.partition("-")[0] for name in documented["components"]["schemas"]}
    assert {"IncomingPayment", "Event", "Transaction", "EventPayloadIncomingPayment"} <= names


def test_package_works_without_pydantic() -> None:
    script = (
        "import sys; sys.modules['pydantic'] = sys.modules['pydantic_core'] = None\nimport kopokopo\n"
        "print(kopokopo.WebhookVerifier(api_keys=['k']).parse_unverified(b'{}').raw)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout.strip()
