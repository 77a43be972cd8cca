"""Cancelling a create: before its request is sent nothing is sent, afterwards the outcome is unknown."""

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
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from kopokopo import AsyncKopoKopo, IncomingPayment, KopoKopo, OutcomeUnknownError
from stage import Sandbox
from usual import PUSH, fault, requests, until_seen

CREATE = "incoming_payments.create"


async def sent(sandbox: Sandbox, operation: str = CREATE) -> None:
    await asyncio.to_thread(until_seen, sandbox, operation)


async def by_cancel(call: Awaitable[Any], sandbox: Sandbox) -> Any:
    task = asyncio.ensure_future(call)
    await sent(sandbox)
    task.cancel("too slow")
    return await task


async def by_wait_for(call: Awaitable[Any], _: Sandbox) -> Any:
    return await asyncio.wait_for(call, 1.5)


async def by_timeout(call: Awaitable[Any], _: Sandbox) -> Any:
    # Of Python 3.11, and the checks are for the oldest version.
    timeout: Any = vars(asyncio)["timeout"]
    async with timeout(1.5):
        return await call


WAYS = [by_cancel, by_wait_for, by_timeout]


@pytest.fixture
def hanging(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The payment takes effect, and its response never comes."""
    sandbox.control("POST /_sandbox/reset")
    fault(sandbox, operation=CREATE, kind="hang_after_effect", times=None)
    yield sandbox
    sandbox.control("POST /_sandbox/reset")


@pytest.mark.parametrize("way", WAYS)
def test_a_create_cancelled_after_sending_is_outcome_unknown(
    hanging: Sandbox, way: Callable[[Awaitable[Any], Sandbox], Awaitable[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    async def pay() -> None:
        k2 = AsyncKopoKopo(**hanging.credentials, private_token=True)
        await k2.oauth.token_info()
        began = time.monotonic()
        with pytest.raises(OutcomeUnknownError) as unknown:
            await way(k2.incoming_payments.create(**PUSH), hanging)
        assert time.monotonic() - began < 10
        error = unknown.value
        assert not isinstance(error, (TimeoutError, ConnectionError, OSError, asyncio.CancelledError))
        assert isinstance(error.__cause__, asyncio.CancelledError)
        assert (error.operation, error.attempts, error.status) == (CREATE, 1, None)
        assert error.sent_at is not None
        assert pickle.loads(pickle.dumps(error)).sent_at == error.sent_at

    with caplog.at_level(logging.WARNING, logger="kopokopo"):
        asyncio.run(pay())
    [seen] = requests(hanging, CREATE)
    assert seen["took_effect"]
    [record] = [record for record in caplog.records if record.name == "kopokopo"]
    assert record.levelno == logging.WARNING
    assert "0712345678" not in record.getMessage()


def test_task_group_reports_unknown_outcome_and_its_cause(hanging: Sandbox) -> None:
    async def fail_afterwards() -> None:
        await sent(hanging)
        raise LookupError

    async def pay() -> None:
        k2 = AsyncKopoKopo(**hanging.credentials, private_token=True)
        await k2.oauth.token_info()
        group: Any = vars(asyncio)["TaskGroup"]()
        async with group:
            group.create_task(k2.incoming_payments.create(**PUSH))
            group.create_task(fail_afterwards())

    with pytest.raises(Exception, match="unhandled errors in a TaskGroup") as raised:
        asyncio.run(pay())
    errors: Any = raised.value
    assert {type(error) for error in errors.exceptions} == {LookupError, OutcomeUnknownError}
    assert len(requests(hanging, CREATE)) == 1


@pytest.mark.parametrize("way", ["cancel", "wait_for"])
def test_a_create_cancelled_before_sending_is_cancelled_and_never_sent(sandbox: Sandbox, way: str) -> None:
    sandbox.control("POST /_sandbox/reset")
    fault(sandbox, operation="oauth.token", kind="delay", delay_ms=1500, times=None)

    async def pay() -> None:
        k2 = AsyncKopoKopo(**sandbox.credentials, private_token=True)
        create = asyncio.ensure_future(k2.incoming_payments.create(**PUSH))
        if way == "wait_for":
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


def test_a_read_that_is_cancelled_is_only_cancelled(k2_async: AsyncKopoKopo, sandbox: Sandbox) -> None:
    async def read() -> None:
        push = await k2_async.incoming_payments.create(**PUSH)
        fault(sandbox, operation="incoming_payments.get", kind="hang_before_effect", times=None)
        calls: list[Callable[[], Awaitable[IncomingPayment]]] = [push.get, push.wait]
        for call in calls:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(call(), 0.3)

    asyncio.run(read())
    sandbox.control("POST /_sandbox/reset")


def test_a_create_that_was_accepted_before_its_result_was_delivered_tells_the_id(
    k2_async: AsyncKopoKopo, sandbox: Sandbox
) -> None:
    async def pay() -> OutcomeUnknownError:
        await k2_async.oauth.token_info()
        task = asyncio.ensure_future(k2_async.incoming_payments.create(**PUSH))
        await asyncio.sleep(0)
        until_seen(sandbox, CREATE)
        # The loop is blocked, so the response is there and the task has not seen it.
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


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("KeyboardInterrupt()", "KeyboardInterrupt OutcomeUnknownError"),
        ("SystemExit(1)", "SystemExit OutcomeUnknownError"),
        ("TimeoutError()", "OutcomeUnknownError TimeoutError"),
        ("SoftTimeLimitExceeded()", "OutcomeUnknownError SoftTimeLimitExceeded"),
    ],
)
def test_a_signal_during_a_blocking_create_tells_what_is_known_of_the_money(
    hanging: Sandbox, raised: str, expected: str
) -> None:
    environment = {**os.environ, **{f"K2_{name.upper()}": value for name, value in hanging.credentials.items()}}
    script = SCRIPT.replace("{raised}", raised).replace("{raised_name!r}", repr(raised.partition("(")[0]))
    program = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with program:
        assert program.stdout is not None
        assert program.stdout.readline() == "on\n"
        until_seen(hanging, CREATE)
        program.send_signal(signal.SIGINT)
        said, logged = program.communicate(timeout=30)
    assert said == f"{expected} {CREATE} True\n"
    assert "outcome unknown" in logged, "it is logged where nothing is configured"
    assert len(requests(hanging, CREATE)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_signal_before_the_create_is_sent_is_raised_as_it_is_and_nothing_is_sent(sandbox: Sandbox) -> None:
    sandbox.control("POST /_sandbox/reset")
    fault(sandbox, operation="oauth.token", kind="delay", delay_ms=1500, times=None)

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


def test_a_coroutine_that_is_thrown_away_after_sending_is_logged(
    hanging: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def pay() -> None:
        k2 = AsyncKopoKopo(**hanging.credentials, private_token=True)
        await k2.oauth.token_info()
        create = k2.incoming_payments.create(**PUSH)
        create.send(None)
        await sent(hanging)
        create.close()

    with caplog.at_level(logging.WARNING, logger="kopokopo"), contextlib.suppress(OutcomeUnknownError):
        asyncio.run(pay())
    assert [record.name for record in caplog.records if "outcome unknown" in record.getMessage()] == ["kopokopo"]


def test_a_thread_that_is_not_the_main_one_gets_no_signal(k2: KopoKopo) -> None:
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(k2.incoming_payments.create(**PUSH).id))
    thread.start()
    thread.join(20)
    assert len(results) == 1
