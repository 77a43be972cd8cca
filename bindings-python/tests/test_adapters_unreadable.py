"""`on_unreadable` receives authentic bodies that cannot be read, in every adapter."""

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
READABLE = b'{"topic":"customer_created","id":"1","event":{"resource":{}}}'


class Recorder:
    """Stores the bodies that it is called with."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def __call__(self, body: bytes, error: DecodeError) -> None:
        assert error.kind == "decode"
        self.bodies.append(body)


class AsyncRecorder(Recorder):
    """Stores the bodies asynchronously."""

    async def record(self, body: bytes, error: DecodeError) -> None:
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
GetStatus = Callable[[Any, bytes, str], int]
ADAPTERS: list[tuple[str, Make, GetStatus]] = [
    ("django", django.webhook, django_status),
    ("django_async", django.webhook, partial(django_status, is_async=True)),
    ("flask", flask.webhook, flask_status),
    ("starlette", starlette.webhook, starlette_status),
    ("fastapi", starlette.verified, fastapi_status),
    ("lambda", aws_lambda.webhook, lambda_status),
]


@pytest.mark.parametrize(("name", "make", "get_status"), ADAPTERS, ids=[name for name, *_ in ADAPTERS])
def test_unreadable_authentic_body_is_passed_to_on_unreadable(name: str, make: Make, get_status: GetStatus) -> None:
    recorder = Recorder()
    decorator = make(VERIFIER, on_unreadable=recorder)
    assert get_status(decorator, BODY, sign(BODY)) == 200
    assert recorder.bodies == [BODY]
    assert get_status(decorator, BODY, "0" * 64) == 401
    assert get_status(decorator, READABLE, sign(READABLE)) == 200
    assert recorder.bodies == [BODY], "only the authentic body that cannot be read"
    assert get_status(make(VERIFIER), BODY, sign(BODY)) == 400
    assert (
        get_status(make(WebhookVerifier(api_keys=["api-key"], max_body=2), on_unreadable=recorder), BODY, sign(BODY))
        == 401
    )


@pytest.mark.parametrize("name", ["django_async", "flask", "starlette", "fastapi"])
def test_on_unreadable_can_be_asynchronous(name: str) -> None:
    _, make, get_status = next(adapter for adapter in ADAPTERS if adapter[0] == name)
    recorder = AsyncRecorder()
    assert get_status(make(VERIFIER, on_unreadable=recorder.record), BODY, sign(BODY)) == 200
    assert recorder.bodies == [BODY]


@pytest.mark.parametrize("name", ["django", "lambda"])
@pytest.mark.filterwarnings("ignore:coroutine")
def test_blocking_handler_refuses_asynchronous_on_unreadable(name: str) -> None:
    _, make, get_status = next(adapter for adapter in ADAPTERS if adapter[0] == name)
    with pytest.raises(TypeError, match="must not be asynchronous"):
        get_status(make(VERIFIER, on_unreadable=AsyncRecorder().record), BODY, sign(BODY))


def test_exception_of_on_unreadable_is_raised() -> None:
    def fail(body: bytes, error: DecodeError) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        lambda_status(aws_lambda.webhook(VERIFIER, on_unreadable=fail), BODY, sign(BODY))


@pytest.mark.parametrize(("flag", "status"), [("false", 200), (False, 200), (None, 200), ("true", 401), (True, 401)])
def test_base64_flag_of_lambda_can_be_text(flag: object, status: int) -> None:
    @aws_lambda.webhook(VERIFIER)
    def handler(event: Event, context: object) -> None: ...

    text = READABLE.decode() if status == 200 else "e30="
    response: Any = handler({"body": text, "isBase64Encoded": flag, "headers": {HEADER: sign(READABLE)}}, None)
    assert response["statusCode"] == status
