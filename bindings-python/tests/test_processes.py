"""Forks, threads, event loops, and the exit of a program."""

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
from harness import Sandbox
from kopokopo import AsyncKopoKopo, KopoKopo

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs fork as on Linux")

SERVERS = Path(__file__).parent / "servers"
PAYMENT = "33333333-3333-4333-8333-333333333333"
PARALLEL_RUNS = 4
RUNS = 200
SCENARIOS_WITH_PENDING_TASKS = {
    "after_one_of_several_calls_on_open_loop",
    "during_call_on_open_loop",
    "during_call_in_thread",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def environment(sandbox: Sandbox) -> dict[str, str]:
    return {**os.environ, **sandbox.env}


def options(sandbox: Sandbox) -> dict[str, Any]:
    return {**sandbox.credentials}


def run(sandbox: Sandbox, script: str, scenario: str, timeout: float) -> tuple[str, float]:
    """Runs a script. Returns "0" or a description of the failure, and the seconds that it took.

    A script that exits cleanly writes no output.
    """
    started = time.monotonic()
    try:
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-X", "faulthandler", str(SERVERS / script), scenario],
            env=environment(sandbox), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=timeout, text=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        return f"still running after {timeout} s: {error.output!r}", timeout
    seconds = time.monotonic() - started
    # Python itself warns about pending tasks.
    output = [] if scenario in SCENARIOS_WITH_PENDING_TASKS else ended.stdout.splitlines()
    is_clean = ended.returncode == 0 and not output
    return ("0" if is_clean else f"{ended.returncode}: {ended.stdout[-2000:]}"), seconds


@pytest.mark.parametrize(
    "scenario",
    [
        "after_blocking_calls", "after_async_calls", "many_times", "from_child", "in_pool",
        "during_calls", "during_first_call", "child_without_calls",
    ],
)  # fmt: skip
def test_fork(sandbox: Sandbox, scenario: str) -> None:
    outcome, _ = run(sandbox, "forks.py", scenario, timeout=60)
    assert outcome == "0", outcome


@pytest.mark.parametrize(
    ("app", "worker"), [("preloaded:wsgi", "sync"), ("preloaded:asgi", "uvicorn_worker.UvicornWorker")]
)
def test_gunicorn_workers_can_call_after_master_has_called(sandbox: Sandbox, app: str, worker: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [
            sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--worker-class", worker, "--bind",
            f"fd://{listener.fileno()}", "--log-level", "error", "--graceful-timeout", "5", "--no-control-socket", app,
        ]  # fmt: skip
        server = subprocess.Popen(command, cwd=SERVERS, env=environment(sandbox), pass_fds=[listener.fileno()])
    try:
        with ThreadPoolExecutor(4) as pool:
            reports = list(pool.map(lambda _: get_report(port), range(24)))
        assert all(report["ids"] == [PAYMENT, PAYMENT] for report in reports)
        assert all(report["master"] == server.pid for report in reports), "the application was loaded before the fork"
        workers = {report["pid"] for report in reports}
        assert server.pid not in workers
        # gunicorn replaces the worker with a new fork of the same master.
        os.kill(workers.pop(), signal.SIGTERM)
        assert all(get_report(port)["ids"] == [PAYMENT, PAYMENT] for _ in range(4))
    finally:
        server.terminate()
        try:
            code = server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            raise
    assert code == 0


def get_report(port: int) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            content = response.read()
            assert response.status == 200, content
            report: dict[str, Any] = json.loads(content)
            return report
        except (ConnectionError, http.client.RemoteDisconnected):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


def test_threads_can_share_client(sandbox: Sandbox) -> None:
    k2 = KopoKopo(**options(sandbox))
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: k2.payments.get(PAYMENT).id, range(200)))
    assert found == [PAYMENT] * 200
    assert sum(request.operation == "oauth.token" for request in sandbox.requests()) == 1


def test_blocking_call_releases_gil(sandbox: Sandbox) -> None:
    sandbox.fault("delay", operation="payments.get", delay_ms=600)
    k2 = KopoKopo(**options(sandbox))
    k2.oauth.token_info()
    thread = threading.Thread(target=k2.payments.get, args=(PAYMENT,))
    thread.start()
    iterations = 0
    while thread.is_alive():
        time.sleep(0.01)
        iterations += 1
    thread.join()
    assert iterations >= 10


def test_event_loops_in_threads_can_share_client(sandbox: Sandbox) -> None:
    k2 = AsyncKopoKopo(**options(sandbox))

    async def get_twenty() -> list[str]:
        found = await asyncio.gather(*(k2.payments.get(PAYMENT) for _ in range(20)))
        return [payment.id for payment in found]

    with ThreadPoolExecutor(8) as pool:
        for ids in pool.map(lambda _: asyncio.run(get_twenty()), range(24)):
            assert ids == [PAYMENT] * 20


def test_successive_event_loops_can_share_client(sandbox: Sandbox) -> None:
    k2 = AsyncKopoKopo(**options(sandbox))

    async def get() -> str:
        return (await k2.payments.get(PAYMENT)).id

    assert [asyncio.run(get()) for _ in range(20)] == [PAYMENT] * 20


def test_closing_event_loop_before_result_raises_no_error(sandbox: Sandbox) -> None:
    k2 = AsyncKopoKopo(**options(sandbox))
    sandbox.fault("delay", operation="payments.get", delay_ms=100)

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


def run_all(sandbox: Sandbox, scenarios: list[str]) -> tuple[Counter[str], float]:
    """Runs a script for each scenario. Returns the number of each outcome, and the seconds of the slowest run."""
    with ThreadPoolExecutor(PARALLEL_RUNS) as pool:
        outcomes = list(pool.map(lambda script: run(sandbox, "exits.py", script, timeout=30), scenarios))
    return Counter(outcome for outcome, _ in outcomes), max(seconds for _, seconds in outcomes)


def test_programs_exit_cleanly_after_awaited_call(sandbox: Sandbox) -> None:
    scenarios = ["after_awaited_call", "after_one_of_several_calls", "after_one_of_several_calls_on_open_loop"]
    outcomes, _ = run_all(sandbox, [scenarios[at % len(scenarios)] for at in range(RUNS)])
    assert outcomes == {"0": RUNS}


@pytest.mark.parametrize(
    "scenario",
    [
        "after_blocking_call", "during_awaited_call", "during_call_on_open_loop",
        "during_call_in_thread", "during_loop_in_thread",
    ],
)  # fmt: skip
def test_program_exits_cleanly(sandbox: Sandbox, scenario: str) -> None:
    sandbox.fault("hang_before_effect", operation="merchant_wallets.get", times=None)
    outcomes, slowest = run_all(sandbox, [scenario] * 12)
    assert outcomes == {"0": 12}
    assert slowest < 10, "a call that hangs does not delay the exit"
