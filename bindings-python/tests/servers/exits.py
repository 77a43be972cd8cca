"""Programs that exit directly after a call, or during a call. The argument is the name of a function."""

from __future__ import annotations

import asyncio
import sys
import threading
import time

from kopokopo import AsyncKopoKopo, KopoKopo

PAYMENT = "33333333-3333-4333-8333-333333333333"
HANGS = "11111111-1111-4111-8111-111111111111"


async def read() -> None:
    async with AsyncKopoKopo.from_env() as k2:
        assert (await k2.payments.get(PAYMENT)).id == PAYMENT


async def read_and_abandon_others() -> None:
    """Returns while other calls are still running."""
    k2 = AsyncKopoKopo.from_env()
    calls = [asyncio.ensure_future(k2.payments.get(PAYMENT)) for _ in range(4)]
    await calls[0]


async def hang() -> None:
    """Returns while a call to `merchant_wallets.get`, which hangs, is running."""
    k2 = AsyncKopoKopo.from_env()
    call = asyncio.ensure_future(k2.merchant_wallets.get(HANGS))
    await asyncio.sleep(0.1)
    assert not call.done()


def after_awaited_call() -> None:
    asyncio.run(read())


def after_one_of_several_calls() -> None:
    asyncio.run(read_and_abandon_others())


def after_one_of_several_calls_on_open_loop() -> None:
    asyncio.new_event_loop().run_until_complete(read_and_abandon_others())


def after_blocking_call() -> None:
    assert KopoKopo.from_env().payments.get(PAYMENT).id == PAYMENT


def during_awaited_call() -> None:
    asyncio.run(hang())


def during_call_on_open_loop() -> None:
    asyncio.new_event_loop().run_until_complete(hang())


def during_call_in_thread() -> None:
    k2 = KopoKopo.from_env()
    threading.Thread(target=k2.merchant_wallets.get, args=(HANGS,), daemon=True).start()
    time.sleep(0.1)


def during_loop_in_thread() -> None:
    threading.Thread(target=asyncio.run, args=(await_hanging_call(),), daemon=True).start()
    time.sleep(0.1)


async def await_hanging_call() -> None:
    await AsyncKopoKopo.from_env().merchant_wallets.get(HANGS)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
