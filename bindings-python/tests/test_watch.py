"""`wait` and `watch`: of a section by id, and of what was created."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kopokopo
import pytest
from kopokopo import AsyncKopoKopo, InvalidRequestError, KopoKopo, NotFinalError
from stage import Sandbox
from usual import PUSH, UNDECIDED, fault, requests

SOON: dict[str, Any] = {"interval": 0.02, "max_interval": 0.1}
SERVERS = Path(__file__).parent / "servers"


def decide(sandbox: Sandbox, payment: str) -> None:
    sandbox.control(f"POST /_sandbox/incoming_payments/{payment}/customer", {"action": "enter_pin"})


def test_a_watch_yields_each_state_once_up_to_the_final_one(k2: KopoKopo, sandbox: Sandbox) -> None:
    push = k2.incoming_payments.create(**{**PUSH, "phone_number": UNDECIDED})
    for watch in (push.watch(**SOON), k2.incoming_payments.watch(push.id, **SOON)):
        states: list[str] = []
        for payment in watch:
            states.append(str(payment.status))
            if states == ["Pending"]:
                decide(sandbox, push.id)
        assert states in (["Pending", "Success"], ["Success"])
        assert list(watch) == [], "it is over"
    assert k2.incoming_payments.wait(push.id, **SOON) == push.wait(**SOON)


def test_an_async_watch_yields_each_state_once_up_to_the_final_one(k2_async: AsyncKopoKopo, sandbox: Sandbox) -> None:
    async def watch() -> None:
        push = await k2_async.incoming_payments.create(**{**PUSH, "phone_number": UNDECIDED})
        states: list[str] = []
        async for payment in push.watch(**SOON):
            states.append(str(payment.status))
            if states == ["Pending"]:
                decide(sandbox, push.id)
        assert states == ["Pending", "Success"]
        assert [str(payment.status) async for payment in k2_async.incoming_payments.watch(push.id, **SOON)] == [
            "Success"
        ]
        assert (await k2_async.incoming_payments.wait(push.id, **SOON)).is_paid

    asyncio.run(watch())


def test_a_wait_that_ends_too_soon_has_the_id_and_is_no_timeout(k2: KopoKopo) -> None:
    push = k2.incoming_payments.create(**{**PUSH, "phone_number": UNDECIDED})
    waits: list[Callable[[], Any]] = [
        lambda: push.wait(timeout=0.3, **SOON),
        lambda: k2.incoming_payments.wait(push.id, timeout=0.3, **SOON),
        lambda: list(push.watch(timeout=0.3, **SOON)),
    ]
    for wait in waits:
        with pytest.raises(NotFinalError) as late:
            wait()
        assert not isinstance(late.value, (TimeoutError, ConnectionError, OSError))
        assert (late.value.id, late.value.location, late.value.state) == (push.id, push.location, "Pending")
        assert late.value.operation == "incoming_payments.get"


def test_a_length_of_time_that_is_none_is_refused_before_anything_is_sent(k2: KopoKopo, sandbox: Sandbox) -> None:
    push = k2.incoming_payments.create(**PUSH)
    for call in (push.wait, push.watch):
        with pytest.raises(InvalidRequestError) as refused:
            call(timeout=0)
        assert refused.value.field == "timeout"
    with pytest.raises(InvalidRequestError) as refused:
        k2.incoming_payments.watch("/etc/passwd")
    assert refused.value.field == "id"
    assert not requests(sandbox, "incoming_payments.get")


def test_a_blocking_wait_sleeps_with_python_s_own_sleep(k2: KopoKopo, monkeypatch: pytest.MonkeyPatch) -> None:
    push = k2.incoming_payments.create(**{**PUSH, "phone_number": UNDECIDED})
    slept: list[float] = []
    sleep = time.sleep

    def record(seconds: float) -> None:
        slept.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", record)
    with pytest.raises(NotFinalError):
        push.wait(timeout=0.5, interval=0.1)
    assert slept[0] == 0, "the first poll is immediate"
    assert len(slept) >= 3


@pytest.mark.skipif(sys.platform == "win32", reason="gevent as on POSIX")
def test_other_greenlets_of_gevent_run_during_a_wait(sandbox: Sandbox) -> None:
    sandbox.control("POST /_sandbox/reset")
    fault(sandbox, operation="payments.get", kind="delay", delay_ms=800)
    environment = {**os.environ, **{f"K2_{name.upper()}": value for name, value in sandbox.credentials.items()}}
    ended = subprocess.run(
        [sys.executable, str(SERVERS / "greenlets.py")],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert said["kind"] == "not_final"
    assert said["waiting"] >= 10, said
    assert said["in_thread_pool"] >= 3, said


def test_an_async_client_without_an_event_loop_says_what_to_do(k2_async: AsyncKopoKopo) -> None:
    create = k2_async.incoming_payments.create(**PUSH)
    with pytest.raises(RuntimeError, match=r"trio\.to_thread"):
        create.send(None)


def test_the_library_s_own_polling_objects_are_not_exported() -> None:
    assert not [name for name in kopokopo.__all__ if name.endswith("Watch")]
