"""A create that is cancelled before its request is sent is not sent. Afterwards its outcome is unknown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fixtures import PUSH, requests
from harness import Sandbox
from kopokopo import AsyncKopoKopo, IncomingPayment, KopoKopo, OutcomeUnknownError

CREATE = "incoming_payments.create"


async def request_arrives(sandbox: Sandbox, operation: str = CREATE) -> None:
    await asyncio.to_thread(sandbox.wait_for_request, operation)


async def by_cancel(call: Awaitable[Any], sandbox: Sandbox) -> Any:
    task = asyncio.ensure_future(call)
    await request_arrives(sandbox)
    task.cancel("too slow")
    return await task


async def by_wait_for(call: Awaitable[Any], _: Sandbox) -> Any:
    return await asyncio.wait_for(call, 1.5)


async def by_timeout(call: Awaitable[Any], _: Sandbox) -> Any:
    # asyncio.timeout is new in Python 3.11, and mypy checks against the oldest version.
    timeout: Any = vars(asyncio)["timeout"]
    async with timeout(1.5):
        return await call


CANCEL_METHODS = [by_cancel, by_wait_for, by_timeout]


@pytest.fixture
def hanging_sandbox(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose payments take effect, but whose responses do not arrive."""
    sandbox.fault(operation=CREATE, kind="hang_after_effect", times=None)
    return sandbox


@pytest.mark.parametrize("method", CANCEL_METHODS)
def test_create_cancelled_after_sending_raises_outcome_unknown(
    hanging_sandbox: Sandbox,
    method: Callable[[Awaitable[Any], Sandbox], Awaitable[Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def pay() -> None:
        k2 = AsyncKopoKopo(**hanging_sandbox.credentials, private_token=True)
        await k2.oauth.token_info()
        started = time.monotonic()
        with pytest.raises(OutcomeUnknownError) as unknown:
            await method(k2.incoming_payments.create(**PUSH), hanging_sandbox)
        assert time.monotonic() - started < 10
        error = unknown.value
        assert not isinstance(error, (TimeoutError, ConnectionError, OSError, asyncio.CancelledError))
        assert isinstance(error.__cause__, asyncio.CancelledError)
        assert (error.operation, error.attempts, error.status) == (CREATE, 1, None)
        assert error.sent_at is not None
        assert pickle.loads(pickle.dumps(error)).sent_at == error.sent_at

    with caplog.at_level(logging.WARNING, logger="kopokopo"):
        asyncio.run(pay())
    [request] = requests(hanging_sandbox, CREATE)
    assert request.took_effect
    [record] = [record for record in caplog.records if record.name == "kopokopo"]
    assert record.levelno == logging.WARNING
    assert "0712345678" not in record.getMessage()


def test_task_group_raises_outcome_unknown_and_its_cause(hanging_sandbox: Sandbox) -> None:
    async def fail_afterwards() -> None:
        await request_arrives(hanging_sandbox)
        raise LookupError

    async def pay() -> None:
        k2 = AsyncKopoKopo(**hanging_sandbox.credentials, private_token=True)
        await k2.oauth.token_info()
        group: Any = vars(asyncio)["TaskGroup"]()
        async with group:
            group.create_task(k2.incoming_payments.create(**PUSH))
            group.create_task(fail_afterwards())

    with pytest.raises(Exception, match="unhandled errors in a TaskGroup") as raised:
        asyncio.run(pay())
    errors: Any = raised.value
    assert {type(error) for error in errors.exceptions} == {LookupError, OutcomeUnknownError}
    assert len(requests(hanging_sandbox, CREATE)) == 1


@pytest.mark.parametrize("method", ["cancel", "wait_for"])
def test_create_cancelled_before_sending_is_not_sent(sandbox: Sandbox, method: str) -> None:
    sandbox.fault(operation="oauth.token", kind="delay", delay_ms=1500, times=None)

    async def pay() -> None:
        k2 = AsyncKopoKopo(**sandbox.credentials, private_token=True)
        create = asyncio.ensure_future(k2.incoming_payments.create(**PUSH))
        if method == "wait_for":
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(create, 0.3)
        else:
            await asyncio.sleep(0.3)
            create.cancel()
            with pytest.raises(asyncio.CancelledError):
                await create
        await asyncio.sleep(2)

    asyncio.run(pay())
    assert not requests(sandbox, CREATE)


def test_cancelled_read_raises_no_outcome_unknown(k2_async: AsyncKopoKopo, sandbox: Sandbox) -> None:
    async def read() -> None:
        push = await k2_async.incoming_payments.create(**PUSH)
        sandbox.fault(operation="incoming_payments.get", kind="hang_before_effect", times=None)
        calls: list[Callable[[], Awaitable[IncomingPayment]]] = [push.get, push.wait]
        for call in calls:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(call(), 0.3)

    asyncio.run(read())


def test_outcome_unknown_has_id_if_create_was_accepted(k2_async: AsyncKopoKopo, sandbox: Sandbox) -> None:
    async def pay() -> OutcomeUnknownError:
        await k2_async.oauth.token_info()
        task = asyncio.ensure_future(k2_async.incoming_payments.create(**PUSH))
        await asyncio.sleep(0)
        sandbox.wait_for_request(CREATE)
        # The response arrives while the event loop is blocked, so the task has not received it.
        time.sleep(1)  # noqa: ASYNC251
        task.cancel()
        with pytest.raises(OutcomeUnknownError) as unknown:
            await task
        return unknown.value

    error = asyncio.run(pay())
    assert error.id is not None
    assert error.location is not None
    assert error.location.endswith(error.id)


SCRIPT = """
import logging, signal, sys, threading, time
from kopokopo import KopoKopo, OutcomeUnknownError
k2 = KopoKopo.from_env()
k2.oauth.token_info()

class SoftTimeLimitExceeded(Exception):
    pass

def on_alarm(number, frame):
    raise {raised}

# A job in the background ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
if {raised_name!r} != "KeyboardInterrupt":
    signal.signal(signal.SIGINT, on_alarm)
print("on", flush=True)
try:
    k2.incoming_payments.create(
        till_number="K000000", phone_number="0712345678", amount="100", callback_url="https://shop.example/k2"
    )
except BaseException as error:
    cause = error.__cause__
    unknown = error if isinstance(error, OutcomeUnknownError) else cause
    print(type(error).__name__, type(cause).__name__, unknown.operation, unknown.sent_at is not None, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("KeyboardInterrupt()", "KeyboardInterrupt OutcomeUnknownError"),
        ("SystemExit(1)", "SystemExit OutcomeUnknownError"),
        ("TimeoutError()", "OutcomeUnknownError TimeoutError"),
        ("SoftTimeLimitExceeded()", "OutcomeUnknownError SoftTimeLimitExceeded"),
    ],
)
def test_signal_during_blocking_create_reports_outcome_unknown(
    hanging_sandbox: Sandbox, raised: str, expected: str
) -> None:
    environment = {**os.environ, **hanging_sandbox.env}
    script = SCRIPT.replace("{raised}", raised).replace("{raised_name!r}", repr(raised.partition("(")[0]))
    program = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with program:
        assert program.stdout is not None
        assert program.stdout.readline() == "on\n"
        hanging_sandbox.wait_for_request(CREATE)
        program.send_signal(signal.SIGINT)
        output, logged = program.communicate(timeout=30)
    assert output == f"{expected} {CREATE} True\n"
    assert "outcome unknown" in logged, "warnings are logged without a configuration of logging"
    assert len(requests(hanging_sandbox, CREATE)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_signal_before_sending_is_raised_unchanged_and_create_is_not_sent(sandbox: Sandbox) -> None:
    sandbox.fault(operation="oauth.token", kind="delay", delay_ms=1500, times=None)

    class Alarm(Exception):
        pass

    def on_alarm(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, on_alarm)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Alarm):
            KopoKopo(**sandbox.credentials, private_token=True).incoming_payments.create(**PUSH)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    time.sleep(2)
    assert not requests(sandbox, CREATE)


def test_closed_coroutine_is_logged_if_create_was_sent(
    hanging_sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def pay() -> None:
        k2 = AsyncKopoKopo(**hanging_sandbox.credentials, private_token=True)
        await k2.oauth.token_info()
        create = k2.incoming_payments.create(**PUSH)
        create.send(None)
        await request_arrives(hanging_sandbox)
        create.close()

    with caplog.at_level(logging.WARNING, logger="kopokopo"), contextlib.suppress(OutcomeUnknownError):
        asyncio.run(pay())
    assert [record.name for record in caplog.records if "outcome unknown" in record.getMessage()] == ["kopokopo"]


def test_create_works_in_other_thread(k2: KopoKopo) -> None:
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(k2.incoming_payments.create(**PUSH).id))
    thread.start()
    thread.join(20)
    assert len(results) == 1
