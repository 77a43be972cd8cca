"""Compares the speed and memory of this package with Python's own tools and with the official SDK.

The compared functions run in turns, so that a busy machine slows down all of them. Prints lines for `cargo xtask bench`.
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

from harness import TESTS, Sandbox
from kopokopo import AsyncKopoKopo, EventPayload, KopoKopo, WebhookVerifier, sign_webhook

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


def print_comparison(name: str, times: dict[str, list[float]], scale: float, unit: str) -> None:
    ours = statistics.median(times["ours"]) * scale
    for baseline, seconds in times.items():
        if baseline != "ours":
            line = {
                "id": f"python/{name}/{baseline}",
                "ours": ours,
                "baseline": statistics.median(seconds) * scale,
                "unit": unit,
            }
            print("measured", json.dumps(line), flush=True)


def measure_in_turns(count: int, **functions: Callable[[], object]) -> dict[str, list[float]]:
    """Returns the seconds of one call of each function, for each round."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for round_number in range(ROUNDS + 1):
        for name, function in functions.items():
            started = time.perf_counter()
            for _ in range(count):
                function()
            # The first round is a warm-up.
            if round_number:
                times[name].append((time.perf_counter() - started) / count)
    return times


class OfficialRequest:
    """A webhook request as the official SDK expects it."""

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

    def hmac_and_json() -> str:
        assert hmac.compare_digest(hmac.new(key, BODY, "sha256").hexdigest(), signature)
        amount: str = json.loads(BODY)["event"]["resource"]["amount"]
        return amount

    def hmac_and_json_typed() -> Decimal:
        return Decimal(hmac_and_json())

    def sdk() -> str:
        amount: str = json.loads(official.process(OfficialRequest()))["event"]["resource"]["amount"]
        return amount

    times = measure_in_turns(2000, ours=ours, own=hmac_and_json, own_typed=hmac_and_json_typed, official=sdk)
    print_comparison("verify_parse", times, 1e6, "us")


def creates(sandbox: Sandbox) -> None:
    client = KopoKopo(**sandbox.credentials)
    token = client.oauth.token().access_token
    url = f"{sandbox.base_url}/api/v2/incoming_payments"
    headers = {"authorization": f"Bearer {token}"}
    http_client = httpx.Client(headers=headers)
    k2connect.initialize(sandbox.client_id, sandbox.client_secret, f"{sandbox.base_url}/")
    service = k2connect.IncomingPayments(token)
    fields = {name: value for name, value in WIRE.items() if name != "_links"}
    fields |= {"callback_url": PAYMENT["callback_url"], "metadata": {}}

    def ours() -> str:
        return client.incoming_payments.create(**PAYMENT).id

    def with_httpx() -> str:
        response = http_client.post(url, json=WIRE)
        assert response.status_code == 201
        return response.headers["location"].rsplit("/", 1)[1]

    def sdk() -> str:
        location: str = service.create_incoming_payment(dict(fields))
        return location.rsplit("/", 1)[1]

    print_comparison("create_1", measure_in_turns(60, ours=ours, httpx=with_httpx, official=sdk), 1e6, "us")

    with ThreadPoolExecutor(64) as pool:

        def in_parallel(function: Callable[[], str]) -> Callable[[], object]:
            return lambda: list(pool.map(lambda _: function(), range(256)))

        times = measure_in_turns(1, ours=in_parallel(ours), httpx=in_parallel(with_httpx), official=in_parallel(sdk))
        print_comparison("create_64_threads", times, 1e6 / 256, "us")
    asyncio.run(creates_async(sandbox, url, headers))


async def creates_async(sandbox: Sandbox, url: str, headers: dict[str, str]) -> None:
    client = AsyncKopoKopo(**sandbox.credentials)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with (
        aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=64)) as session,
        httpx.AsyncClient(headers=headers, limits=limits) as http_client,
    ):

        async def ours() -> None:
            assert (await client.incoming_payments.create(**PAYMENT)).id

        async def with_aiohttp() -> None:
            async with session.post(url, json=WIRE) as response:
                assert response.status == 201 and response.headers["location"]
                await response.read()

        async def with_httpx() -> None:
            response = await http_client.post(url, json=WIRE)
            assert response.status_code == 201 and response.headers["location"]

        for parallel, count in ((1, 60), (64, 512)):
            times: dict[str, list[float]] = {}
            functions: dict[str, Callable[[], Awaitable[None]]] = {
                "ours": ours,
                "aiohttp": with_aiohttp,
                "httpx": with_httpx,
            }
            for round_number in range(ROUNDS + 1):
                for name, function in functions.items():
                    semaphore = asyncio.Semaphore(parallel)

                    async def run_one(
                        function: Callable[[], Awaitable[None]] = function, semaphore: asyncio.Semaphore = semaphore
                    ) -> None:
                        async with semaphore:
                            await function()

                    started = time.perf_counter()
                    await asyncio.gather(*(run_one() for _ in range(count)))
                    if round_number:
                        times.setdefault(name, []).append((time.perf_counter() - started) / count)
            print_comparison(f"create_{parallel}_async", times, 1e6, "us")


IMPORT = "import time; t = time.perf_counter(); import {0}; print(time.perf_counter() - t)"
# VmRSS does not count the memory that the parent had before it executed this program. ru_maxrss does.
MEMORY = "import {0}; print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmRSS')))"


def imports() -> None:
    packages = {"ours": "kopokopo", "official": "k2connect"}
    for name, program, scale, unit in (("import", IMPORT, 1e3, "ms"), ("memory", MEMORY, 1 / 1024, "MB")):
        values: dict[str, list[float]] = {owner: [] for owner in packages}
        for round_number in range(ROUNDS + 1):
            for owner, package in packages.items():
                process = subprocess.run(
                    [sys.executable, "-c", program.format(package)], capture_output=True, text=True, check=True
                )
                if round_number:
                    values[owner].append(float(process.stdout))
        print_comparison(name, values, scale, unit)
        line = {"id": f"python/{name}", "ours": statistics.median(values["ours"]) * scale, "unit": unit}
        print("measured", json.dumps(line), flush=True)


def main() -> None:
    webhooks()
    with Sandbox() as sandbox:
        # The sandbox does no background work, so that only the calls are measured.
        sandbox.change_settings(pace="manual")
        creates(sandbox)
    imports()


if __name__ == "__main__":
    main()
