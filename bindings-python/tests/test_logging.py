"""The logger `kopokopo` records the operation, its result and its duration, and no personal data."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from fixtures import PENDING_PHONE, PUSH
from harness import Sandbox
from kopokopo import AsyncKopoKopo, KopoKopo, NotFinalError, NotFoundError, OutcomeUnknownError

MISSING = "11111111-1111-4111-8111-111111111112"


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    records = [record for record in caplog.records if record.name == "kopokopo"]
    return [(record.levelname, *fields(record, "operation", "outcome")) for record in records]


def fields(record: logging.LogRecord, *names: str) -> Any:
    return tuple(getattr(record, name) for name in names)


def test_calls_are_logged_at_debug(k2: KopoKopo, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="kopokopo"):
        push = k2.incoming_payments.create(**PUSH, metadata={"order": "canary"})
        push.get()
        with pytest.raises(NotFoundError):
            k2.incoming_payments.get(MISSING)
    assert logged(caplog) == [
        ("DEBUG", "incoming_payments.create", "succeeded"),
        ("DEBUG", "incoming_payments.get", "succeeded"),
        ("DEBUG", "incoming_payments.get", "not_found"),
    ]
    failed = caplog.records[-1]
    assert fields(failed, "status", "attempts") == (404, 1)
    assert 0 < failed.__dict__["seconds"] < 60
    assert "incoming_payments.get failed in" in failed.getMessage()
    for text in ("712345678", "canary", "shop.example", push.id):
        assert text not in caplog.text


def test_asyncio_calls_are_logged_at_debug(k2_async: AsyncKopoKopo, caplog: pytest.LogCaptureFixture) -> None:
    async def pay() -> None:
        push = await k2_async.incoming_payments.create(**{**PUSH, "phone_number": PENDING_PHONE})
        with pytest.raises(NotFinalError):
            await push.wait(timeout=0.2)
        task = asyncio.ensure_future(push.get())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with caplog.at_level(logging.DEBUG, logger="kopokopo"):
        asyncio.run(pay())
    entries = logged(caplog)
    assert entries[0] == ("DEBUG", "incoming_payments.create", "succeeded")
    assert entries[-1] == ("DEBUG", "incoming_payments.get", "cancelled")
    assert entries[-2] == ("DEBUG", "incoming_payments.get", "not_final")


def test_unknown_outcome_is_logged_as_warning(k2: KopoKopo, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    sandbox.fault(operation="incoming_payments.create", kind="reset_after_effect")
    with caplog.at_level(logging.INFO, logger="kopokopo"), pytest.raises(OutcomeUnknownError):
        k2.incoming_payments.create(**PUSH)
    assert logged(caplog) == [("WARNING", "incoming_payments.create", "outcome_unknown")]
    assert "712345678" not in caplog.text


def refuse(record: logging.LogRecord) -> bool:
    raise RuntimeError("the filter is broken")


def test_broken_filter_does_not_replace_result(
    k2: KopoKopo, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.getLogger("kopokopo")
    logger.addFilter(refuse)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    try:
        assert k2.incoming_payments.create(**PUSH).id
        sandbox.fault(operation="incoming_payments.create", kind="reset_after_effect")
        with pytest.raises(OutcomeUnknownError):
            k2.incoming_payments.create(**PUSH)
    finally:
        logger.setLevel(level)
        logger.removeFilter(refuse)
    assert capsys.readouterr().err.count("RuntimeError: the filter is broken") == 2
