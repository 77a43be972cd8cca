"""Forks, threads, event loops, and the end of a program."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kopokopo import AsyncKopoKopo, KopoKopo
from stage import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks as Linux does")

SERVERS = Path(__file__).parent / "servers"
PAYMENT = "33333333-3333-4333-8333-333333333333"
AT_ONCE = 4
RUNS = 200
LEAVES_TASKS_BEHIND = {
    "after_one_of_several_on_an_open_loop",
    "in_the_midst_of_a_call_on_an_open_loop",
    "in_the_midst_of_a_thread_s_call",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def environment(sandbox: Sandbox) -> dict[str, str]:
    names = ("base_url", "client_id", "client_secret", "api_key")
    return {**os.environ, **{f"K2_{name.upper()}": sandbox.said[name] for name in names}}


def options(sandbox: Sandbox) -> dict[str, Any]:
    return {**sandbox.credentials}


def run(sandbox: Sandbox, script: str, what: str, within: float) -> tuple[str, float]:
    """How a script ended: "0" or what went wrong, and how long it took. A clean end says nothing."""
    began = time.monotonic()
    try:
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-X", "faulthandler", str(SERVERS / script), what],
            env=environment(sandbox), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=within, text=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        return f"not over after {within} s: {late.output!r}", within
    took = time.monotonic() - began
    # Python's own words for what a program leaves behind.
    said = [] if what in LEAVES_TASKS_BEHIND else ended.stdout.splitlines()
    is_clean = ended.returncode == 0 and not said
    return ("0" if is_clean else f"{ended.returncode}: {ended.stdout[-2000:]}"), took


@pytest.mark.parametrize(
    "what",
    [
        "after_blocking_calls", "after_async_calls", "again_and_again", "from_a_child", "in_a_pool",
        "in_the_midst_of_calls", "in_the_midst_of_a_first_call", "that_never_calls",
    ],
)  # fmt: skip
def test_a_fork(sandbox: Sandbox, what: str) -> None:
    outcome, _ = run(sandbox, "forks.py", what, within=60)
    assert outcome == "0", outcome


@pytest.mark.parametrize(
    ("app", "worker"), [("preloaded:wsgi", "sync"), ("preloaded:asgi", "uvicorn_worker.UvicornWorker")]
)
def test_gunicorn_forks_a_master_that_has_called_already(sandbox: Sandbox, app: str, worker: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [
            sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--worker-class", worker, "--bind",
            f"fd://{listener.fileno()}", "--log-level", "error", "--graceful-timeout", "5", "--no-control-socket", app,
        ]  # fmt: skip
        server = subprocess.Popen(command, cwd=SERVERS, env=environment(sandbox), pass_fds=[listener.fileno()])
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: ask(port), range(24)))
        assert all(answer["ids"] == [PAYMENT, PAYMENT] for answer in answers)
        assert all(answer["master"] == server.pid for answer in answers), "the application was loaded before the fork"
        workers = {answer["pid"] for answer in answers}
        assert server.pid not in workers
        # The replacement is a fork of the same master.
        os.kill(workers.pop(), signal.SIGTERM)
        assert all(ask(port)["ids"] == [PAYMENT, PAYMENT] for _ in range(4))
    finally:
        server.terminate()
        try:
            code = server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            raise
    assert code == 0


def ask(port: int) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, content
            found: dict[str, Any] = json.loads(content)
            return found
        except (ConnectionError, http.client.RemoteDisconnected):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


def test_threads_share_a_client(sandbox: Sandbox) -> None:
    k2 = KopoKopo(**options(sandbox))
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: k2.payments.get(PAYMENT).id, range(200)))
    assert found == [PAYMENT] * 200
    assert sum(one["operation"] == "oauth.token" for one in sandbox.control("GET /_sandbox/requests")) == 1


def test_a_blocking_call_lets_other_threads_run(sandbox: Sandbox) -> None:
    sandbox.control("PUT /_sandbox/faults", {"operation": "payments.get", "kind": "delay", "delay_ms": 600})
    k2 = KopoKopo(**options(sandbox))
    k2.oauth.token_info()
    thread = threading.Thread(target=k2.payments.get, args=(PAYMENT,))
    thread.start()
    turns = 0
    while thread.is_alive():
        time.sleep(0.01)
        turns += 1
    thread.join()
    assert turns >= 10


def test_several_loops_in_several_threads_share_a_client(sandbox: Sandbox) -> None:
    k2 = AsyncKopoKopo(**options(sandbox))

    async def several() -> list[str]:
        found = await asyncio.gather(*(k2.payments.get(PAYMENT) for _ in range(20)))
        return [payment.id for payment in found]

    with ThreadPoolExecutor(8) as pool:
        for ids in pool.map(lambda _: asyncio.run(several()), range(24)):
            assert ids == [PAYMENT] * 20


def test_one_loop_after_another_shares_a_client(sandbox: Sandbox) -> None:
    k2 = AsyncKopoKopo(**options(sandbox))

    async def one() -> str:
        return (await k2.payments.get(PAYMENT)).id

    assert [asyncio.run(one()) for _ in range(20)] == [PAYMENT] * 20


def test_loop_closed_before_result_is_harmless(sandbox: Sandbox) -> None:
    k2 = AsyncKopoKopo(**options(sandbox))
    sandbox.control("PUT /_sandbox/faults", {"operation": "payments.get", "kind": "delay", "delay_ms": 100})

    async def leave() -> None:
        asyncio.ensure_future(k2.payments.get(PAYMENT))  # noqa: RUF006
        await asyncio.sleep(0.05)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    pending = asyncio.all_tasks(loop)
    loop.close()
    time.sleep(0.2)
    assert len(pending) == 1
    for task in pending:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
    assert KopoKopo(**options(sandbox)).payments.get(PAYMENT).id == PAYMENT


def ends(sandbox: Sandbox, what: list[str]) -> tuple[Counter[str], float]:
    """How so many scripts ended, a few at a time, and how long the slowest took."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda script: run(sandbox, "ends.py", script, within=30), what))
    return Counter(outcome for outcome, _ in outcomes), max(took for _, took in outcomes)


def test_two_hundred_programs_that_end_right_after_an_awaited_call_end_cleanly(sandbox: Sandbox) -> None:
    ways = ["after_an_awaited_call", "after_one_of_several", "after_one_of_several_on_an_open_loop"]
    outcomes, _ = ends(sandbox, [ways[at % len(ways)] for at in range(RUNS)])
    assert outcomes == {"0": RUNS}


@pytest.mark.parametrize(
    "way",
    [
        "after_a_blocking_call", "in_the_midst_of_an_awaited_call", "in_the_midst_of_a_call_on_an_open_loop",
        "in_the_midst_of_a_thread_s_call", "in_the_midst_of_a_thread_s_loop",
    ],
)  # fmt: skip
def test_a_program_that_ends(sandbox: Sandbox, way: str) -> None:
    sandbox.control(
        "PUT /_sandbox/faults", {"operation": "merchant_wallets.get", "kind": "hang_before_effect", "times": None}
    )
    outcomes, slowest = ends(sandbox, [way] * 12)
    assert outcomes == {"0": 12}
    assert slowest < 10, "a call that hangs holds no program back for long"
