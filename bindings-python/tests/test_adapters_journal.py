"""`journal` observes verified events before the handler, in every adapter."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from adapters import HEADER, PAID, VERIFIER, sign
from django.conf import settings
from django.http import HttpRequest
from django.test import RequestFactory
from fastapi import Depends, FastAPI
from flask import Flask
from harness import Sandbox
from kopokopo import AsyncKopoKopo, Destination, Event, JournalError, KopoKopo, OutcomeUnknownError
from kopokopo.journal import SqliteJournal
from kopokopo.webhooks import aws_lambda, django, flask, starlette
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

Handled = list[str]
Post = Callable[[bytes, str, Any, Handled], int]
"""Sends a body and its signature to an adapter with this journal. Returns the status."""

verifier = VERIFIER


def post_django(body: bytes, signature: str, journal: Any, handled: Handled) -> int:
    @django.webhook(verifier, journal=journal)
    def view(request: HttpRequest, event: Event) -> None:
        handled.append(event.dedupe_key)

    return view(django_request(body, signature)).status_code


def post_django_async(body: bytes, signature: str, journal: Any, handled: Handled) -> int:
    @django.webhook(verifier, journal=journal)
    async def view(request: HttpRequest, event: Event) -> None:
        handled.append(event.dedupe_key)

    return asyncio.run(view(django_request(body, signature))).status_code


def django_request(body: bytes, signature: str) -> HttpRequest:
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8")
    return RequestFactory().generic("POST", "/k2", body, headers={HEADER: signature})


def post_flask(body: bytes, signature: str, journal: Any, handled: Handled) -> int:
    app = Flask(__name__)

    @app.post("/k2")
    @flask.webhook(verifier, journal=journal)
    def view(event: Event) -> None:
        handled.append(event.dedupe_key)

    return app.test_client().post("/k2", data=body, headers={HEADER: signature}).status_code


def post_starlette(body: bytes, signature: str, journal: Any, handled: Handled) -> int:
    @starlette.webhook(verifier, journal=journal)
    async def endpoint(request: Any, event: Event) -> None:
        handled.append(event.dedupe_key)

    app = Starlette(routes=[Route("/k2", endpoint, methods=["POST"])])
    return int(
        TestClient(app, raise_server_exceptions=False)
        .post("/k2", content=body, headers={HEADER: signature})
        .status_code
    )


def post_fastapi(body: bytes, signature: str, journal: Any, handled: Handled) -> int:
    app = FastAPI()
    dependency = Depends(starlette.verified(verifier, journal=journal))

    @app.post("/k2")
    async def endpoint(event: Event = dependency) -> None:
        handled.append(event.dedupe_key)

    return int(
        TestClient(app, raise_server_exceptions=False)
        .post("/k2", content=body, headers={HEADER: signature})
        .status_code
    )


def post_lambda(body: bytes, signature: str, journal: Any, handled: Handled) -> int:
    @aws_lambda.webhook(verifier, journal=journal)
    def handler(event: Event, context: object) -> None:
        handled.append(event.dedupe_key)

    response: Any = handler({"body": body.decode(), "headers": {HEADER: signature}}, None)
    return int(response["statusCode"])


BLOCKING: list[Post] = [post_django, post_lambda]
BOTH: list[Post] = [post_django_async, post_flask, post_starlette, post_fastapi]


def name_of(post: Post) -> str:
    return post.__name__


class Journal:
    """A journal whose store can fail."""

    def __init__(self, error: Exception | None = None) -> None:
        self.observed: list[str] = []
        self.error = error
        self.threads: list[int] = []

    def observe(self, event: Event) -> None:
        self.threads.append(threading.get_ident())
        if self.error is not None:
            raise self.error
        self.observed.append(event.dedupe_key)


class AsyncJournal(Journal):
    async def observe(self, event: Event) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().observe(event)


@pytest.fixture(scope="module")
def paid_key() -> str:
    return VERIFIER.verify(PAID, sign(PAID)).dedupe_key


CASES = [(post, Journal) for post in BLOCKING + BOTH] + [(post, AsyncJournal) for post in BOTH]
every_case = pytest.mark.parametrize(
    ("post", "make"), CASES, ids=[f"{post.__name__}-{make.__name__}" for post, make in CASES]
)


@every_case
def test_verified_event_is_observed_before_it_is_handled(post: Post, make: type[Journal], paid_key: str) -> None:
    journal, handled = make(), Handled()
    assert post(PAID, sign(PAID), journal, handled) == 200
    assert journal.observed == handled == [paid_key]
    assert post(PAID, "0" * 64, journal, handled) == 401
    assert post(b"[]", sign(b"[]"), journal, handled) == 400
    assert len(journal.observed) == len(handled) == 1


@every_case
def test_response_is_500_and_handler_is_not_called_if_store_fails(
    post: Post, make: type[Journal], caplog: pytest.LogCaptureFixture
) -> None:
    handled = Handled()
    assert post(PAID, sign(PAID), make(JournalError("no space left")), handled) == 500
    assert not handled
    assert "the journal failed" in caplog.text and "no space left" in caplog.text


@every_case
def test_other_errors_of_journal_are_raised(post: Post, make: type[Journal]) -> None:
    handled = Handled()
    # Django's views and Lambda's handlers raise it here, and their servers respond with 500.
    with suppress(LookupError):
        assert post(PAID, sign(PAID), make(LookupError("a defect")), handled) == 500
    assert not handled


@pytest.mark.parametrize("post", [post_django_async, post_starlette, post_fastapi], ids=name_of)
def test_blocking_journal_runs_on_another_thread_than_async_handler(post: Post) -> None:
    journal = Journal()
    loops: list[int] = []

    class Recorded(Handled):
        def append(self, key: str) -> None:
            loops.append(threading.get_ident())

    assert post(PAID, sign(PAID), journal, Recorded()) == 200
    assert loops and journal.threads and set(loops).isdisjoint(journal.threads)


@pytest.mark.parametrize("post", BLOCKING, ids=name_of)
def test_blocking_handler_refuses_asynchronous_journal(post: Post) -> None:
    handled = Handled()
    with pytest.raises(TypeError, match="must be the journal of KopoKopo, not of AsyncKopoKopo"):
        post(PAID, sign(PAID), AsyncJournal(), handled)
    assert not handled


@pytest.mark.parametrize("client", [KopoKopo, AsyncKopoKopo], ids=["blocking", "asyncio"])
@pytest.mark.parametrize("post", BOTH, ids=name_of)
def test_unknown_create_is_accepted_by_its_result(
    post: Post, client: Any, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteJournal(tmp_path / "payments.db")
    k2 = KopoKopo(**sandbox.credentials, journal=store)
    monkeypatch.setitem(globals(), "verifier", k2.webhooks)
    sandbox.fault("reset_after_effect", operation="send_money.create")
    with pytest.raises(OutcomeUnknownError):
        k2.send_money.create(
            idempotency_key=f"wage-{tmp_path.name}",
            destinations=[Destination.MobileWallet(phone_number="0712345678", amount=100, description="Wages")],
            callback_url="https://shop.example/results",
        )
    deliveries = sandbox.deliveries()
    delivery = next(found for found in reversed(deliveries) if tmp_path.name in found.body)
    body, handled = delivery.body.encode(), Handled()
    journal = client(**sandbox.credentials, journal=store).journal
    assert post(body, sign(body, sandbox.credentials["api_key"]), journal, handled) == 200
    record = k2.journal.get(f"wage-{tmp_path.name}")
    assert record is not None and record.state == "accepted"
    assert len(handled) == 1
