"""Takes a payment with the installed package. `cargo xtask package` runs this program in clean environments."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import kopokopo
from harness import Sandbox
from kopokopo import AsyncKopoKopo, EventPayload, KopoKopo

PAYMENT: dict[str, Any] = {
    "till_number": "K000000",
    "phone_number": "0712345678",
    "amount": "100",
    "callback_url": "https://shop.example",
}


async def pays_with_asyncio(sandbox: Sandbox) -> bool:
    async with AsyncKopoKopo(**sandbox.credentials) as k2:
        return (await (await k2.incoming_payments.create(**PAYMENT)).wait(interval=0.02)).is_paid


def main() -> None:
    module = Path(kopokopo.__file__).resolve()
    assert "site-packages" in module.parts, module
    assert (module.parent / "py.typed").exists()
    with Sandbox() as sandbox:
        with KopoKopo(**sandbox.credentials) as k2:
            assert k2.incoming_payments.create(**PAYMENT).wait(interval=0.02).is_paid
            body = b'{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Jane"}}}'
            event = k2.webhooks.verify(body, kopokopo.sign_webhook(sandbox.credentials["api_key"], body))
            assert isinstance(event.payload, EventPayload.CustomerCreated)
        assert asyncio.run(pays_with_asyncio(sandbox))
    print(f"kopokopo {kopokopo.__version__} works on Python {sys.version.split()[0]}")


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"{time.perf_counter() - started:.2f} s")
