"""What several tests do with the sandbox."""

from __future__ import annotations

import time
from typing import Any

from stage import Sandbox

CALLBACK = "https://shop.example/k2/results"
PUSH: dict[str, Any] = {
    "till_number": "K000000",
    "phone_number": "0712345678",
    "amount": "100",
    "callback_url": CALLBACK,
}
UNDECIDED = "254700000006"
"""This customer's payment stays Pending."""


def fault(sandbox: Sandbox, **fault: Any) -> None:
    sandbox.control("PUT /_sandbox/faults", fault)


def requests(sandbox: Sandbox, operation: str) -> list[dict[str, Any]]:
    seen = sandbox.control("GET /_sandbox/requests")
    return [request for request in seen if request["operation"] == operation]


def until_seen(sandbox: Sandbox, operation: str) -> None:
    """Waits until a request of this operation has reached the sandbox."""
    deadline = time.monotonic() + 20
    while not requests(sandbox, operation):
        assert time.monotonic() < deadline, f"{operation} was not sent"
        time.sleep(0.02)
