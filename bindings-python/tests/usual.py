"""What several tests do with the sandbox."""

from __future__ import annotations

from typing import Any

from stage import Sandbox

CALLBACK = "https://shop.example/k2/results"
PUSH: dict[str, Any] = {
    "till_number": "K000000",
    "phone_number": "0712345678",
    "amount": "100",
    "callback_url": CALLBACK,
}


def fault(sandbox: Sandbox, **fault: Any) -> None:
    sandbox.control("PUT /_sandbox/faults", fault)


def requests(sandbox: Sandbox, operation: str) -> list[dict[str, Any]]:
    seen = sandbox.control("GET /_sandbox/requests")
    return [request for request in seen if request["operation"] == operation]
