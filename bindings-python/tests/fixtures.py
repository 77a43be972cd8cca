"""Requests and sandbox calls that several tests use."""

from __future__ import annotations

from typing import Any

from kopokopo.testing import RecordedRequest, Sandbox

CALLBACK = "https://shop.example/k2/results"
PUSH: dict[str, Any] = {
    "till_number": "K000000",
    "phone_number": "0712345678",
    "amount": "100",
    "callback_url": CALLBACK,
}
PENDING_PHONE = "254700000006"
"""The payment of this customer stays Pending."""


def requests(sandbox: Sandbox, operation: str) -> list[RecordedRequest]:
    return [request for request in sandbox.requests() if request.operation == operation]
