"""The errors that retry libraries retry by default are safe to retry: the money moves once."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import kopokopo
import pytest
from fixtures import CALLBACK, requests
from harness import Sandbox
from kopokopo import Destination, KopoKopo, KopoKopoError, NotFinalError, OutcomeUnknownError, SendMoney
from kopokopo.testing import FaultKind
from tenacity import retry, retry_if_exception_type, stop_after_attempt

# As `retry_on_timeout` of many libraries, and Celery's `autoretry_for=(ConnectionError, TimeoutError)`. `OSError` is the
# base class of both.
retrying = retry(
    retry=retry_if_exception_type((ConnectionError, TimeoutError, OSError)), stop=stop_after_attempt(4), reraise=True
)
WAGE = Destination.MobileWallet(phone_number="254700000004", amount=500, description="Wage")


def pay(k2: KopoKopo) -> SendMoney:
    return k2.send_money.create(destinations=[WAGE], callback_url=CALLBACK).wait(timeout=0.3, interval=0.05)


def autoretry_for(types: tuple[type[BaseException], ...], times: int, task: Callable[[], Any]) -> Any:
    """Runs a task as Celery does with `autoretry_for`."""
    for retries_left in reversed(range(times)):
        try:
            return task()
        except types:
            if not retries_left:
                raise
    return None


def test_payment_is_sent_once_if_wait_ends_early(k2: KopoKopo, sandbox: Sandbox) -> None:
    with pytest.raises(NotFinalError) as error:
        retrying(pay)(k2)
    assert error.value.id is not None
    with pytest.raises(NotFinalError):
        autoretry_for((ConnectionError, TimeoutError), 4, lambda: k2.send_money.wait(str(error.value.id), timeout=0.2))
    assert len(requests(sandbox, "send_money.create")) == 1


@pytest.mark.parametrize("kind", ["reset_after_effect", "reset_before_effect", "hang_after_effect"])
def test_payment_is_sent_once_if_response_is_lost(k2: KopoKopo, sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.fault(operation="send_money.create", kind=kind, times=None)
    with pytest.raises(OutcomeUnknownError):
        retrying(pay)(k2.with_options(timeout=8))
    assert len(requests(sandbox, "send_money.create")) == 1


def test_payment_is_retried_if_request_was_not_sent(sandbox: Sandbox) -> None:
    k2 = KopoKopo(**{**sandbox.credentials, "base_url": "http://127.0.0.1:9"}, max_retries=0, private_token=True)
    attempts: list[int] = []

    def count() -> SendMoney:
        attempts.append(1)
        return pay(k2)

    with pytest.raises(ConnectionError):
        retrying(count)()
    assert len(attempts) == 4


def test_only_errors_before_sending_have_builtin_base() -> None:
    errors: set[Any] = {KopoKopoError, *KopoKopoError.__subclasses__()}
    bases = {
        error.kind: {base for base in error.__mro__ if base.__module__ == "builtins"}
        - {object, Exception, BaseException}
        for error in errors
    }
    assert {kind: found for kind, found in bases.items() if found} == {
        "connection": {builtins.ConnectionError, builtins.OSError},
        "timeout": {builtins.TimeoutError, builtins.OSError},
    }
    assert kopokopo.OutcomeUnknownError.__bases__ == kopokopo.NotFinalError.__bases__ == (KopoKopoError,)
