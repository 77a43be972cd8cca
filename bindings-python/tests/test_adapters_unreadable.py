"""`on_unreadable`: authentic bodies that cannot be read are left to the program, in every adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from adapters import HEADER, VERIFIER, sign
from django.conf import settings
from django.http import HttpRequest
from django.test import RequestFactory
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from flask import Flask
from kopokopo import DecodeError, Event, WebhookVerifier
from kopokopo.webhooks import aws_lambda, django, flask, starlette

BODY = b"[1]"
GOOD = b'{"topic":"customer_created","id":"1","event":{"resource":{}}}'


class Kept:
    """What a program keeps."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, body: bytes, error: DecodeError) -> None:
        assert error.kind == "decode"
        self.bodies.append(body)


class KeptLater(Kept):
    """The same, asynchronously."""

    async def later(self, body: bytes, error: DecodeError) -> None:
        await asyncio.sleep(0)
        self(body, error)


def django_status(webhook: Any, body: bytes, signature: str, is_async: bool = False) -> int:
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8")
    request = RequestFactory().generic("POST", "/k2", body, headers={HEADER: signature})
    if not is_async:

        @webhook  # type: ignore[untyped-decorator]
        def view(request: HttpRequest, event: Event) -> None: ...

        return int(view(request).status_code)

    @webhook  # type: ignore[untyped-decorator]
    async def async_view(request: HttpRequest, event: Event) -> None: ...

    return int(asyncio.run(async_view(request)).status_code)


def flask_status(webhook: Any, body: bytes, signature: str) -> int:
    app = Flask(__name__)

    @app.post("/k2")
    @webhook  # type: ignore[untyped-decorator]
    def view(event: Event) -> None: ...

    return app.test_client().post("/k2", data=body, headers={HEADER: signature}).status_code


def starlette_status(webhook: Any, body: bytes, signature: str) -> int:
    app = FastAPI()

    @webhook  # type: ignore[untyped-decorator]
    async def endpoint(request: Any, event: Event) -> None: ...

    app.add_route("/k2", endpoint, methods=["POST"])
    with TestClient(app) as client:
        return int(client.post("/k2", content=body, headers={HEADER: signature}).status_code)


def fastapi_status(verified: Any, body: bytes, signature: str) -> int:
    app = FastAPI()
    dependency = Depends(verified)

    @app.post("/k2")
    async def endpoint(event: Event = dependency) -> None: ...

    with TestClient(app) as client:
        return int(client.post("/k2", content=body, headers={HEADER: signature}).status_code)


def lambda_status(webhook: Any, body: bytes, signature: str) -> int:
    @webhook  # type: ignore[untyped-decorator]
    def handler(event: Event, context: object) -> None: ...

    response = handler({"body": body.decode(), "headers": {HEADER: signature}}, None)
    return int(response["statusCode"])


Make = Callable[..., Any]
Play = Callable[[Any, bytes, str], int]
ADAPTERS: list[tuple[str, Make, Play]] = [
    ("django", django.webhook, django_status),
    ("django_async", django.webhook, partial(django_status, is_async=True)),
    ("flask", flask.webhook, flask_status),
    ("starlette", starlette.webhook, starlette_status),
    ("fastapi", starlette.verified, fastapi_status),
    ("lambda", aws_lambda.webhook, lambda_status),
]


@pytest.mark.parametrize(("name", "make", "play"), ADAPTERS, ids=[name for name, *_ in ADAPTERS])
def test_an_authentic_body_that_cannot_be_read_is_left_to_the_program(name: str, make: Make, play: Play) -> None:
    kept = Kept()
    made = make(VERIFIER, on_unreadable=kept)
    assert play(made, BODY, sign(BODY)) == 200
    assert kept.bodies == [BODY]
    assert play(made, BODY, "0" * 64) == 401
    assert play(made, GOOD, sign(GOOD)) == 200
    assert kept.bodies == [BODY], "only what is authentic and cannot be read"
    assert play(make(VERIFIER), BODY, sign(BODY)) == 400
    assert play(make(WebhookVerifier(api_keys=["api-key"], max_body=2), on_unreadable=kept), BODY, sign(BODY)) == 401


@pytest.mark.parametrize("name", ["django_async", "flask", "starlette", "fastapi"])
def test_the_function_may_be_asynchronous(name: str) -> None:
    _, make, play = next(adapter for adapter in ADAPTERS if adapter[0] == name)
    kept = KeptLater()
    assert play(make(VERIFIER, on_unreadable=kept.later), BODY, sign(BODY)) == 200
    assert kept.bodies == [BODY]


@pytest.mark.parametrize("name", ["django", "lambda"])
@pytest.mark.filterwarnings("ignore:coroutine")
def test_a_blocking_handler_refuses_an_asynchronous_function(name: str) -> None:
    _, make, play = next(adapter for adapter in ADAPTERS if adapter[0] == name)
    with pytest.raises(TypeError, match="not asynchronous"):
        play(make(VERIFIER, on_unreadable=KeptLater().later), BODY, sign(BODY))


def test_a_program_that_fails_to_keep_it_gets_it_again() -> None:
    def fail(body: bytes, error: DecodeError) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        lambda_status(aws_lambda.webhook(VERIFIER, on_unreadable=fail), BODY, sign(BODY))


@pytest.mark.parametrize(("flag", "status"), [("false", 200), (False, 200), (None, 200), ("true", 401), (True, 401)])
def test_lambda_s_flag_may_be_text(flag: object, status: int) -> None:
    @aws_lambda.webhook(VERIFIER)
    def handler(event: Event, context: object) -> None: ...

    text = GOOD.decode() if status == 200 else "e30="
    response: Any = handler({"body": text, "isBase64Encoded": flag, "headers": {HEADER: sign(GOOD)}}, None)
    assert response["statusCode"] == status
