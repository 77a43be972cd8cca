"""What retry libraries retry by default is safe to retry: money moves once."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import kopokopo
import pytest
from kopokopo import Destination, KopoKopo, KopoKopoError, NotFinalError, OutcomeUnknownError, SendMoney
from stage import Sandbox
from tenacity import retry, retry_if_exception_type, stop_after_attempt
from usual import CALLBACK, fault, requests

# `retry_on_timeout` of many a library, Celery's `autoretry_for=(ConnectionError, TimeoutError)`, `OSError` for both.
retrying = retry(
    retry=retry_if_exception_type((ConnectionError, TimeoutError, OSError)), stop=stop_after_attempt(4), reraise=True
)
WAGE = Destination.MobileWallet(phone_number="254700000004", amount=500, description="Wage")


def pay(k2: KopoKopo) -> SendMoney:
    return k2.send_money.create(destinations=[WAGE], callback_url=CALLBACK).wait(timeout=0.3, interval=0.05)


def autoretry_for(types: tuple[type[BaseException], ...], times: int, task: Callable[[], Any]) -> Any:
    """What a Celery task with `autoretry_for` does."""
    for left in reversed(range(times)):
        try:
            return task()
        except types:
            if not left:
                raise
    return None


def test_a_wage_whose_wait_ends_too_soon_is_paid_once(k2: KopoKopo, sandbox: Sandbox) -> None:
    with pytest.raises(NotFinalError) as late:
        retrying(pay)(k2)
    assert late.value.id is not None
    with pytest.raises(NotFinalError):
        autoretry_for((ConnectionError, TimeoutError), 4, lambda: k2.send_money.wait(str(late.value.id), timeout=0.2))
    assert len(requests(sandbox, "send_money.create")) == 1


@pytest.mark.parametrize("kind", ["reset_after_effect", "reset_before_effect", "hang_after_effect"])
def test_a_wage_whose_response_is_lost_is_paid_once(k2: KopoKopo, sandbox: Sandbox, kind: str) -> None:
    fault(sandbox, operation="send_money.create", kind=kind, times=None)
    with pytest.raises(OutcomeUnknownError):
        retrying(pay)(k2.with_options(timeout=8))
    assert len(requests(sandbox, "send_money.create")) == 1


def test_a_wage_that_was_never_sent_is_retried(sandbox: Sandbox) -> None:
    sandbox.control("POST /_sandbox/reset")
    k2 = KopoKopo(**{**sandbox.credentials, "base_url": "http://127.0.0.1:9"}, max_retries=0, private_token=True)
    tries: list[int] = []

    def count() -> SendMoney:
        tries.append(1)
        return pay(k2)

    with pytest.raises(ConnectionError):
        retrying(count)()
    assert len(tries) == 4


def test_only_the_errors_that_mean_nothing_was_sent_have_a_builtin_base() -> None:
    mine: set[Any] = {KopoKopoError, *KopoKopoError.__subclasses__()}
    bases = {
        error.kind: {base for base in error.__mro__ if base.__module__ == "builtins"}
        - {object, Exception, BaseException}
        for error in mine
    }
    assert {kind: found for kind, found in bases.items() if found} == {
        "connection": {builtins.ConnectionError, builtins.OSError},
        "timeout": {builtins.TimeoutError, builtins.OSError},
    }
    assert kopokopo.OutcomeUnknownError.__bases__ == kopokopo.NotFinalError.__bases__ == (KopoKopoError,)
