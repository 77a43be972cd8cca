"""A sandbox for a class of Django's tests."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.test import Client, SimpleTestCase, override_settings
from harness import Sandbox
from kopokopo import Event as ReceivedEvent
from kopokopo import WebhookVerifier
from kopokopo.contrib.django import signals
from kopokopo.contrib.django.client import forget
from kopokopo.contrib.django.models import Payment
from kopokopo.testing import Delivery, FaultKind

from orders.models import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLBACK = "https://shop.example/k2/events/"
PHONE = "254700000001"
PUSH: dict[str, Any] = {"phone_number": PHONE, "amount": 100}


class SandboxTests(SimpleTestCase):
    """Tests with a sandbox, which is reset before each test."""

    sandbox: Sandbox
    options: dict[str, Any]

    @classmethod
    def setUpClass(cls) -> None:
        cls.sandbox = Sandbox()
        cls.addClassCleanup(cls.sandbox.close)
        credentials = {name.upper(): value for name, value in cls.sandbox.credentials.items()}
        more = {"TILL_NUMBER": "K000000", "CALLBACK_URL": CALLBACK, "CLIENT_OPTIONS": {"private_token": True}}
        cls.options = {**credentials, **more}
        override = override_settings(KOPOKOPO=cls.options)
        override.enable()
        cls.addClassCleanup(override.disable)
        super().setUpClass()

    def setUp(self) -> None:
        self.sandbox.reset()
        # The sandbox forgot the token of the client.
        forget()
        self.sandbox.set_till("000000", 1_000_000)

    def sent(self, operation: str = "incoming_payments.create") -> int:
        """The number of requests that had an effect."""
        return sum(1 for request in self.sandbox.requests() if request.operation == operation and request.took_effect)

    def fault(self, kind: FaultKind, operation: str = "incoming_payments.create") -> None:
        self.sandbox.fault(kind, operation=operation)

    def deliveries(self, topic: str = "incoming_payment") -> list[Delivery]:
        """The events of the sandbox with this topic, which it cannot deliver to shop.example."""
        self.sandbox.wait_for_delivery(topic)
        return [delivery for delivery in self.sandbox.deliveries() if delivery.topic == topic]

    def deliver(self, delivery: Delivery, raises: bool = False) -> int:
        """Posts an event to the project. Returns the status."""
        client = Client(enforce_csrf_checks=True, raise_request_exception=raises)
        response = client.post(
            "/k2/events/",
            delivery.body,
            content_type="application/json",
            headers={"X-KopoKopo-Signature": delivery.signature},
        )
        return response.status_code

    def event(self, delivery: Delivery) -> ReceivedEvent:
        return WebhookVerifier(api_keys=[self.options["API_KEY"]]).verify(delivery.body.encode(), delivery.signature)


def mentions(text: str, delivery: Delivery) -> bool:
    """Whether a text has a phone number, a name or the body of an event."""
    attributes = json.loads(delivery.body)["data"]["attributes"]
    name = attributes["event"]["resource"]["sender_first_name"]
    return PHONE[3:] in text or name in text or delivery.body in text


class Receivers:
    """Receivers of all signals, which credit the order of a payment."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.fails = False
        self.event_payments: list[Payment | None] = []

    @contextmanager
    def connected(self) -> Iterator[Receivers]:
        named = {name: getattr(signals, name) for name in dir(signals) if name.endswith(("paid", "failed", "received"))}

        def receiver_of(name: str) -> Any:
            def receive(**arguments: Any) -> None:
                self.receive(name, arguments)

            return receive

        receivers = {name: receiver_of(name) for name in named}
        for name, signal in named.items():
            signal.connect(receivers[name])
        try:
            yield self
        finally:
            for name, signal in named.items():
                signal.disconnect(receivers[name])

    def receive(self, name: str, arguments: dict[str, Any]) -> None:
        self.names.append(name)
        if name == "event_received":
            self.event_payments.append(arguments["payment"])
        if name == "payment_paid":
            number = arguments["payment"].key
            Order.objects.get_or_create(number=number)
            Order.objects.filter(number=number).update(credits=F("credits") + 1)
            if self.fails:
                raise LookupError(f"no order of {PHONE}")

    @staticmethod
    def credits() -> dict[str, int]:
        return dict(Order.objects.values_list("number", "credits"))
