"""The cost of this package, compared in one run with Python's own tools and with the official SDK.

Each comparison takes turns, so that a busy machine slows down both. Prints lines for `cargo xtask bench`.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import k2connect
from k2connect.result_processor import ResultProcessor

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from kopokopo import AsyncKopoKopo, EventPayload, KopoKopo, WebhookVerifier, sign_webhook
from stage import TESTS, Sandbox

BODY = (TESTS / "benches" / "webhook.json").read_bytes()
KEY = "an-api-key-of-the-usual-length-0123456789"
ROUNDS = 15

PAYMENT: dict[str, Any] = {
    "till_number": "K000000",
    "phone_number": "+254712345678",
    "amount": "100",
    "callback_url": "https://shop.example/k2/results",
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane@shop.example",
}
WIRE: dict[str, Any] = {
    "payment_channel": "M-PESA STK Push",
    "till_number": "K000000",
    "subscriber": {
        "first_name": "Jane", "last_name": "Doe", "phone_number": "+254712345678", "email": "jane@shop.example",
    },
    "amount": {"currency": "KES", "value": 100},
    "_links": {"callback_url": "https://shop.example/k2/results"},
}  # fmt: skip


def measured(what: str, times: dict[str, list[float]], scale: float, unit: str) -> None:
    ours = statistics.median(times["ours"]) * scale
    for name, found in times.items():
        if name != "ours":
            line = {
                "id": f"python/{what}/{name}",
                "ours": ours,
                "baseline": statistics.median(found) * scale,
                "unit": unit,
            }
            print("measured", json.dumps(line), flush=True)


def in_turns(count: int, **works: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds for one call of each, round by round."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for at in range(ROUNDS + 1):
        for name, work in works.items():
            started = time.perf_counter()
            for _ in range(count):
                work()
            # The first round warms up.
            if at:
                times[name].append((time.perf_counter() - started) / count)
    return times


class Delivered:
    """A request in the official SDK's format."""

    headers = {"X-KopoKopo-Signature": sign_webhook(KEY, BODY)}

    def get_data(self) -> bytes:
        return BODY

    def get_json(self) -> Any:
        return json.loads(BODY)


def webhooks() -> None:
    signature = sign_webhook(KEY, BODY)
    verifier = WebhookVerifier(api_keys=[KEY])
    key = KEY.encode()
    official = ResultProcessor("https://sandbox.kopokopo.com/", KEY)

    def ours() -> Decimal | None:
        payload = verifier.verify(BODY, signature).payload
        assert isinstance(payload, EventPayload.BuygoodsTransactionReceived)
        return payload.transaction.amount

    def own() -> str:
        assert hmac.compare_digest(hmac.new(key, BODY, "sha256").hexdigest(), signature)
        amount: str = json.loads(BODY)["event"]["resource"]["amount"]
        return amount

    def own_typed() -> Decimal:
        return Decimal(own())

    def sdk() -> str:
        amount: str = json.loads(official.process(Delivered()))["event"]["resource"]["amount"]
        return amount

    measured("verify_parse", in_turns(2000, ours=ours, own=own, own_typed=own_typed, official=sdk), 1e6, "us")


def creates(sandbox: Sandbox) -> None:
    client = KopoKopo(**sandbox.credentials)
    token = client.oauth.token().access_token
    url = f"{sandbox.base_url}/api/v2/incoming_payments"
    headers = {"authorization": f"Bearer {token}"}
    own = httpx.Client(headers=headers)
    k2connect.initialize(sandbox.said["client_id"], sandbox.said["client_secret"], f"{sandbox.base_url}/")
    service = k2connect.IncomingPayments(token)
    given = {name: value for name, value in WIRE.items() if name != "_links"}
    given |= {"callback_url": PAYMENT["callback_url"], "metadata": {}}

    def ours() -> str:
        return client.incoming_payments.create(**PAYMENT).id

    def by_hand() -> str:
        answer = own.post(url, json=WIRE)
        assert answer.status_code == 201
        return answer.headers["location"].rsplit("/", 1)[1]

    def sdk() -> str:
        location: str = service.create_incoming_payment(dict(given))
        return location.rsplit("/", 1)[1]

    measured("create_1", in_turns(60, ours=ours, httpx=by_hand, official=sdk), 1e6, "us")

    with ThreadPoolExecutor(64) as pool:

        def together(work: Callable[[], str]) -> Callable[[], object]:
            return lambda: list(pool.map(lambda _: work(), range(256)))

        times = in_turns(1, ours=together(ours), httpx=together(by_hand), official=together(sdk))
        measured("create_64_threads", times, 1e6 / 256, "us")
    asyncio.run(creates_async(sandbox, url, headers))


async def creates_async(sandbox: Sandbox, url: str, headers: dict[str, str]) -> None:
    client = AsyncKopoKopo(**sandbox.credentials)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with (
        aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=64)) as session,
        httpx.AsyncClient(headers=headers, limits=limits) as own,
    ):

        async def ours() -> None:
            assert (await client.incoming_payments.create(**PAYMENT)).id

        async def by_aiohttp() -> None:
            async with session.post(url, json=WIRE) as answer:
                assert answer.status == 201 and answer.headers["location"]
                await answer.read()

        async def by_httpx() -> None:
            answer = await own.post(url, json=WIRE)
            assert answer.status_code == 201 and answer.headers["location"]

        for together, count in ((1, 60), (64, 512)):
            times: dict[str, list[float]] = {}
            works: dict[str, Callable[[], Awaitable[None]]] = {"ours": ours, "aiohttp": by_aiohttp, "httpx": by_httpx}
            for at in range(ROUNDS + 1):
                for name, work in works.items():
                    turns = asyncio.Semaphore(together)

                    async def turn(
                        work: Callable[[], Awaitable[None]] = work, turns: asyncio.Semaphore = turns
                    ) -> None:
                        async with turns:
                            await work()

                    started = time.perf_counter()
                    await asyncio.gather(*(turn() for _ in range(count)))
                    if at:
                        times.setdefault(name, []).append((time.perf_counter() - started) / count)
            measured(f"create_{together}_async", times, 1e6, "us")


IMPORT = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"
# What a parent had before it became this program is not counted, as it is in ru_maxrss.
MEMORY = "import {0}; print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')))"


def imports() -> None:
    packages = {"ours": "kopokopo", "official": "k2connect"}
    for what, program, scale, unit in (("import", IMPORT, 1e3, "ms"), ("memory", MEMORY, 1 / 1024, "MB")):
        found: dict[str, list[float]] = {name: [] for name in packages}
        for at in range(ROUNDS + 1):
            for name, package in packages.items():
                said = subprocess.run(
                    [sys.executable, "-c", program.format(package)], capture_output=True, text=True, check=True
                )
                if at:
                    found[name].append(float(said.stdout))
        measured(what, found, scale, unit)
        alone = {"id": f"python/{what}", "ours": statistics.median(found["ours"]) * scale, "unit": unit}
        print("measured", json.dumps(alone), flush=True)


def main() -> None:
    webhooks()
    with Sandbox() as sandbox:
        # Nothing runs in the background, so only the calls are measured.
        sandbox.control("PUT /_sandbox/settings", {"pace": "manual"})
        creates(sandbox)
    imports()


if __name__ == "__main__":
    main()
