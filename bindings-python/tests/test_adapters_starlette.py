"""Webhooks in Starlette and FastAPI, with their test client and over loopback."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import uvicorn
from adapters import HEADER, PAID, VERIFIER, Case, check_response, every_case, send, send_incomplete, sign
from fastapi import Body, Depends, FastAPI
from kopokopo import DecodeError, Event, InvalidRequestError, SignatureError, WebhookVerifier
from kopokopo.webhooks.starlette import verified, verify, webhook
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    import httpx
    from starlette.requests import Request

Received = list[Event]


def starlette(verifier: WebhookVerifier, received: Received) -> Starlette:
    @webhook(verifier)
    async def results(request: Request, event: Event) -> None:
        received.append(event)

    return Starlette(routes=[Route("/k2", results, methods=["POST"])])


def starlette_sync(verifier: WebhookVerifier, received: Received) -> Starlette:
    @webhook(verifier)
    def results(request: Request, event: Event) -> None:
        received.append(event)

    return Starlette(routes=[Route("/k2", results, methods=["POST"])])


def fastapi(verifier: WebhookVerifier, received: Received) -> FastAPI:
    app = FastAPI()
    dependency = Depends(verified(verifier))

    @app.post("/k2")
    async def results(event: Event = dependency) -> None:
        received.append(event)

    return app


def fastapi_decorated(verifier: WebhookVerifier, received: Received) -> FastAPI:
    app = FastAPI()

    @app.post("/k2")
    @webhook(verifier)
    async def results(request: Request, event: Event) -> None:
        assert request.url.path == "/k2"
        received.append(event)

    return app


APPS = [starlette, starlette_sync, fastapi, fastapi_decorated]
every_app = pytest.mark.parametrize("make_app", APPS, ids=lambda make_app: make_app.__name__)


def post(app: Any, body: bytes | Iterator[bytes], *signatures: str) -> httpx.Response:
    client = TestClient(app, raise_server_exceptions=False)
    headers = [(HEADER.encode(), signature.encode()) for signature in signatures]
    response: httpx.Response = client.post("/k2", content=body, headers=headers)
    return response


@every_app
@every_case
def test_vector_has_expected_response(make_app: Callable[..., Any], case: Case) -> None:
    received: Received = []
    signatures = [] if case.signature is None else [case.signature]
    check_response(case, post(make_app(case.verifier(), received), case.body, *signatures).status_code, received)


@every_app
def test_different_signatures_are_refused_and_equal_ones_are_accepted(make_app: Callable[..., Any]) -> None:
    received: Received = []
    app = make_app(VERIFIER, received)
    assert post(app, PAID, sign(PAID), "0" * 64).status_code == 401
    assert post(app, PAID, "0" * 64, sign(PAID)).status_code == 401
    assert not received
    assert post(app, PAID, sign(PAID), sign(PAID)).status_code == 200
    assert len(received) == 1


@every_app
def test_refusal_reason_is_in_log_only(make_app: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    response = post(make_app(VERIFIER, []), PAID, sign(PAID, "wrong-key"))
    assert response.status_code == 401
    assert "invalid signature" in response.text
    assert "does not match" in caplog.text
    assert "does not match" not in response.text


def app_with(inspect: Callable[[Request], Awaitable[Any]]) -> Starlette:
    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(await inspect(request)))

    return Starlette(routes=[Route("/k2", endpoint, methods=["POST"])])


def test_verify_returns_event() -> None:
    async def inspect(request: Request) -> str:
        event = await verify(VERIFIER, request)
        assert await request.body() == PAID, "the body is unchanged for later code"
        return event.topic

    assert post(app_with(inspect), PAID, sign(PAID)).text == "buygoods_transaction_received"


def test_verify_raises_if_webhook_is_invalid() -> None:
    async def inspect(request: Request) -> str:
        with pytest.raises((SignatureError, DecodeError)) as caught:
            await verify(VERIFIER, request)
        return type(caught.value).__name__

    assert post(app_with(inspect), PAID).text == "SignatureError"
    assert post(app_with(inspect), b"[]", sign(b"[]")).text == "DecodeError"


def test_endpoint_can_return_response() -> None:
    @webhook(VERIFIER)
    async def results(request: Request, event: Event) -> PlainTextResponse:
        return PlainTextResponse(f"{request.path_params['shop']}: {event.topic}", 202)

    app = Starlette(routes=[Route("/{shop}", results, methods=["POST"])])
    response = post(app, PAID, sign(PAID))
    assert (response.status_code, response.text) == (202, "k2: buygoods_transaction_received")


def test_response_is_500_if_endpoint_raises() -> None:
    @webhook(VERIFIER)
    async def results(request: Request, event: Event) -> None:
        raise LookupError("no such order")

    assert post(Starlette(routes=[Route("/k2", results, methods=["POST"])]), PAID, sign(PAID)).status_code == 500


async def read_bytes(request: Request) -> None:
    await request.body()


async def read_json(request: Request) -> None:
    await request.json()


@pytest.mark.parametrize("read_body", [read_bytes, read_json])
def test_cached_body_is_verified(read_body: Callable[[Request], Awaitable[None]]) -> None:
    async def inspect(request: Request) -> str:
        await read_body(request)
        return (await verify(VERIFIER, request)).topic

    assert post(app_with(inspect), PAID, sign(PAID)).text == "buygoods_transaction_received"
    assert post(app_with(inspect), iter([PAID[:100], PAID[100:]]), sign(PAID)).text == "buygoods_transaction_received"


async def read_form(request: Request) -> None:
    await request.form()


async def read_stream(request: Request) -> None:
    async for _ in request.stream():
        pass


@pytest.mark.parametrize("read_body", [read_form, read_stream])
@pytest.mark.parametrize("chunked", [False, True])
def test_parsed_body_error_names_fix(read_body: Callable[[Request], Awaitable[None]], chunked: bool) -> None:
    async def inspect(request: Request) -> str:
        await read_body(request)
        match = r"Starlette / FastAPI: .*read before.*await verify\(verifier, request\)"
        with pytest.raises(InvalidRequestError, match=match) as caught:
            await verify(VERIFIER, request)
        return str(caught.value.field)

    headers = {HEADER: sign(PAID), "content-type": "application/x-www-form-urlencoded"}
    body = iter([PAID]) if chunked else PAID
    assert TestClient(app_with(inspect)).post("/k2", content=body, headers=headers).text == "body"


@pytest.mark.parametrize("argument", [{"topic": "x"}, "{}", b"{}", None])
def test_parsed_body_as_request_error_names_fix(argument: Any) -> None:
    async def inspect(_: Request) -> str:
        with pytest.raises(
            InvalidRequestError, match=rf"Starlette / FastAPI: verify received {type(argument).__name__}"
        ):
            await verify(VERIFIER, argument)
        return "raised"

    assert post(app_with(inspect), PAID).text == "raised"


def test_path_operation_with_json_body_receives_event() -> None:
    app = FastAPI()

    @app.post("/k2")
    async def results(
        event: Annotated[Event, Depends(verified(VERIFIER))], document: Annotated[dict[str, Any], Body()]
    ) -> str:
        assert document["topic"] == event.topic
        return event.topic

    response = TestClient(app).post(
        "/k2", content=PAID, headers={HEADER: sign(PAID), "content-type": "application/json"}
    )
    assert response.json() == "buygoods_transaction_received"


def test_body_over_limit_is_refused_before_reading() -> None:
    async def inspect(request: Request) -> str:
        with pytest.raises(SignatureError, match="bytes"):
            await verify(VERIFIER, request)
        return str(len(await request.body()))

    headers = {HEADER: sign(PAID), "content-length": str(VERIFIER.max_body + 1)}
    response = TestClient(app_with(inspect)).post("/k2", content=PAID, headers=headers)
    assert response.text == str(len(PAID)), "nothing was read"


def test_chunked_body_is_read_up_to_limit() -> None:
    sent = []

    def parts() -> Iterator[bytes]:
        for at in range(100):
            sent.append(at)
            yield b" " * 1000

    received: Received = []
    assert (
        post(starlette(WebhookVerifier(api_keys=["k"], max_body=5000), received), parts(), "0" * 64).status_code == 401
    )
    assert not received


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Runs the application in uvicorn, and yields its port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@every_app
def test_server_over_loopback(make_app: Callable[..., Any]) -> None:
    received: Received = []
    with serving(make_app(VERIFIER, received)) as port:
        assert send(port, PAID, sign(PAID))[0] == 200
        assert send(port, PAID, sign(PAID), chunked=True)[0] == 200
        assert [event.topic for event in received] == ["buygoods_transaction_received"] * 2
        assert send(port, PAID)[0] == 401
        assert send(port, PAID, sign(PAID), "0" * 64)[0] == 401, "different signatures are refused"
        assert send(port, b"[]", sign(b"[]"))[0] == 400
        length = {"Content-Length": "10485761"}
        assert send(port, b"", sign(b""), headers=length)[0] == 401, "refused by its Content-Length"
        send_incomplete(port, PAID, sign(PAID))
        assert send(port, PAID, sign(PAID))[0] == 200
        assert len(received) == 3


def test_server_stops_reading_stream_at_limit() -> None:
    received: Received = []
    body = b" " * 200_000
    with serving(starlette(WebhookVerifier(api_keys=["k"], max_body=5000), received)) as port:
        assert send(port, body, sign(body, "k"), chunked=True)[0] == 401
    assert not received
