"""Forks after both clients were used. Each child makes calls, and then the parent. The argument names a function."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import threading
import time
from typing import TYPE_CHECKING

from kopokopo import AsyncKopoKopo, KopoKopo, Payment

if TYPE_CHECKING:
    from collections.abc import Callable

PAYMENT = "33333333-3333-4333-8333-333333333333"

k2 = KopoKopo.from_env()
k2_async = AsyncKopoKopo.from_env()


def get(payment: str) -> Payment:
    return k2.payments.get(payment)


def call() -> None:
    assert get(PAYMENT).id == PAYMENT


async def read() -> None:
    found = await asyncio.gather(*(k2_async.payments.get(PAYMENT) for _ in range(5)))
    assert all(payment.id == PAYMENT for payment in found)


def call_async() -> None:
    asyncio.run(read())


def both() -> None:
    call()
    call_async()


def fork(child: Callable[[], None], times: int = 1) -> None:
    """Forks children, and checks that each one exits with 0 within 20 seconds."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=child) for _ in range(times)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(20)
        if process.exitcode is None:
            process.kill()
        assert process.exitcode == 0, f"{child.__name__}: {process.exitcode}"


def after_blocking_calls() -> None:
    call()
    fork(both)
    both()


def after_async_calls() -> None:
    call_async()
    fork(both)
    both()


def many_times() -> None:
    both()
    for _ in range(5):
        fork(both, 4)
        both()


def from_child() -> None:
    def child() -> None:
        both()
        fork(both)
        both()

    both()
    fork(child)


def during_calls() -> None:
    """Forks while other threads of the parent make calls. The child must not need a lock that they hold."""
    stopped = threading.Event()

    def call_until_stopped() -> None:
        while not stopped.is_set():
            call()

    threads = [threading.Thread(target=call_until_stopped) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            fork(both)
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    both()


def during_first_call() -> None:
    """Forks while another thread makes the first call, which imports the modules for results."""
    importing = threading.Event()

    class SlowFinder:
        def find_spec(self, *_: object) -> None:
            if threading.current_thread() is not threading.main_thread():
                importing.set()
                time.sleep(0.5)

    sys.meta_path.insert(0, SlowFinder())
    thread = threading.Thread(target=call)
    thread.start()
    importing.wait(1)
    del sys.meta_path[0]
    fork(both)
    thread.join()
    both()


def in_pool() -> None:
    call()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map(get, [PAYMENT] * 8)
    assert [payment.id for payment in found] == [PAYMENT] * 8, "records are pickled on their way back"


def child_without_calls() -> None:
    both()
    fork(lambda: None)
    fork(lambda: time.sleep(0.01), 3)
    both()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
