"""Requests and sandbox calls that several tests use."""

from __future__ import annotations

import time
from typing import Any

from harness import Sandbox

CALLBACK = "https://shop.example/k2/results"
PUSH: dict[str, Any] = {
    "till_number": "K000000",
    "phone_number": "0712345678",
    "amount": "100",
    "callback_url": CALLBACK,
}
PENDING_PHONE = "254700000006"
"""The payment of this customer stays Pending."""


def inject_fault(sandbox: Sandbox, **fault: Any) -> None:
    sandbox.control("PUT /_sandbox/faults", fault)


def requests(sandbox: Sandbox, operation: str) -> list[dict[str, Any]]:
    received = sandbox.control("GET /_sandbox/requests")
    return [request for request in received if request["operation"] == operation]


def wait_for_request(sandbox: Sandbox, operation: str) -> None:
    """Waits until a request of this operation has reached the sandbox."""
    deadline = time.monotonic() + 20
    while not requests(sandbox, operation):
        assert time.monotonic() < deadline, f"{operation} was not sent"
        time.sleep(0.02)
