"""`wait` and `watch` of a section, which take an id, and of a handle."""

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
from fixtures import PENDING_PHONE, PUSH, requests
from harness import Sandbox
from kopokopo import AsyncKopoKopo, InvalidRequestError, KopoKopo, NotFinalError

FAST_POLLS: dict[str, Any] = {"interval": 0.02, "max_interval": 0.1}
SERVERS = Path(__file__).parent / "servers"


def enter_pin(sandbox: Sandbox, payment: str) -> None:
    sandbox.customer_pays(payment)


def test_watch_yields_each_state_once_until_final(k2: KopoKopo, sandbox: Sandbox) -> None:
    push = k2.incoming_payments.create(**{**PUSH, "phone_number": PENDING_PHONE})
    for watch in (push.watch(**FAST_POLLS), k2.incoming_payments.watch(push.id, **FAST_POLLS)):
        states: list[str] = []
        for payment in watch:
            states.append(str(payment.status))
            if states == ["Pending"]:
                enter_pin(sandbox, push.id)
        assert states in (["Pending", "Success"], ["Success"])
        assert list(watch) == [], "the watch has ended"
    assert k2.incoming_payments.wait(push.id, **FAST_POLLS) == push.wait(**FAST_POLLS)


def test_async_watch_yields_each_state_once_until_final(k2_async: AsyncKopoKopo, sandbox: Sandbox) -> None:
    async def watch() -> None:
        push = await k2_async.incoming_payments.create(**{**PUSH, "phone_number": PENDING_PHONE})
        states: list[str] = []
        async for payment in push.watch(**FAST_POLLS):
            states.append(str(payment.status))
            if states == ["Pending"]:
                enter_pin(sandbox, push.id)
        assert states == ["Pending", "Success"]
        assert [str(payment.status) async for payment in k2_async.incoming_payments.watch(push.id, **FAST_POLLS)] == [
            "Success"
        ]
        assert (await k2_async.incoming_payments.wait(push.id, **FAST_POLLS)).is_paid

    asyncio.run(watch())


def test_not_final_error_has_id_and_is_no_timeout_error(k2: KopoKopo) -> None:
    push = k2.incoming_payments.create(**{**PUSH, "phone_number": PENDING_PHONE})
    waits: list[Callable[[], Any]] = [
        lambda: push.wait(timeout=0.3, **FAST_POLLS),
        lambda: k2.incoming_payments.wait(push.id, timeout=0.3, **FAST_POLLS),
        lambda: list(push.watch(timeout=0.3, **FAST_POLLS)),
    ]
    for wait in waits:
        with pytest.raises(NotFinalError) as error:
            wait()
        assert not isinstance(error.value, (TimeoutError, ConnectionError, OSError))
        assert (error.value.id, error.value.location, error.value.state) == (push.id, push.location, "Pending")
        assert error.value.operation == "incoming_payments.get"


def test_invalid_arguments_are_refused_before_sending(k2: KopoKopo, sandbox: Sandbox) -> None:
    push = k2.incoming_payments.create(**PUSH)
    for call in (push.wait, push.watch):
        with pytest.raises(InvalidRequestError) as refused:
            call(timeout=0)
        assert refused.value.field == "timeout"
    with pytest.raises(InvalidRequestError) as refused:
        k2.incoming_payments.watch("/etc/passwd")
    assert refused.value.field == "id"
    assert not requests(sandbox, "incoming_payments.get")


def test_blocking_wait_uses_time_sleep(k2: KopoKopo, monkeypatch: pytest.MonkeyPatch) -> None:
    push = k2.incoming_payments.create(**{**PUSH, "phone_number": PENDING_PHONE})
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


@pytest.mark.skipif(sys.platform == "win32", reason="needs gevent on POSIX")
def test_gevent_greenlets_run_during_wait(sandbox: Sandbox) -> None:
    sandbox.fault(operation="payments.get", kind="delay", delay_ms=800)
    environment = {**os.environ, **sandbox.env}
    ended = subprocess.run(
        [sys.executable, str(SERVERS / "greenlets.py")],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    output = json.loads(ended.stdout)
    assert output["kind"] == "not_final"
    assert output["waiting"] >= 10, output
    assert output["in_thread_pool"] >= 3, output


def test_async_client_without_event_loop_raises_runtime_error(k2_async: AsyncKopoKopo) -> None:
    create = k2_async.incoming_payments.create(**PUSH)
    with pytest.raises(RuntimeError, match=r"trio\.to_thread"):
        create.send(None)


def test_watch_objects_are_not_exported() -> None:
    assert not [name for name in kopokopo.__all__ if name.endswith("Watch")]
