"""Webhooks in a real Starlette and a real FastAPI, through their test client and over loopback."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import uvicorn
from adapters import HEADER, PAID, VERIFIER, Case, break_off, every_case, judge, send, sign
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
every_app = pytest.mark.parametrize("make", APPS, ids=lambda make: make.__name__)


def post(app: Any, body: bytes | Iterator[bytes], *signatures: str) -> httpx.Response:
    client = TestClient(app, raise_server_exceptions=False)
    headers = [(HEADER.encode(), signature.encode()) for signature in signatures]
    answer: httpx.Response = client.post("/k2", content=body, headers=headers)
    return answer


@every_app
@every_case
def test_vectors_get_their_response(make: Callable[..., Any], case: Case) -> None:
    received: Received = []
    signatures = [] if case.signature is None else [case.signature]
    judge(case, post(make(case.verifier(), received), case.body, *signatures).status_code, received)


@every_app
def test_different_signatures_are_refused_and_the_same_twice_is_one(make: Callable[..., Any]) -> None:
    received: Received = []
    app = make(VERIFIER, received)
    assert post(app, PAID, sign(PAID), "0" * 64).status_code == 401
    assert post(app, PAID, "0" * 64, sign(PAID)).status_code == 401
    assert not received
    assert post(app, PAID, sign(PAID), sign(PAID)).status_code == 200
    assert len(received) == 1


@every_app
def test_refusal_has_no_reason_in_response_and_has_it_in_log(
    make: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(make(VERIFIER, []), PAID, sign(PAID, "wrong-key"))
    assert answer.status_code == 401
    assert "invalid signature" in answer.text
    assert "does not match" in caplog.text
    assert "does not match" not in answer.text


def asked(look: Callable[[Request], Awaitable[Any]]) -> Starlette:
    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(await look(request)))

    return Starlette(routes=[Route("/k2", endpoint, methods=["POST"])])


def test_verify_returns_the_event() -> None:
    async def look(request: Request) -> str:
        event = await verify(VERIFIER, request)
        assert await request.body() == PAID, "what comes after finds the body as it was"
        return event.topic

    assert post(asked(look), PAID, sign(PAID)).text == "buygoods_transaction_received"


def test_verify_raises() -> None:
    async def look(request: Request) -> str:
        with pytest.raises((SignatureError, DecodeError)) as caught:
            await verify(VERIFIER, request)
        return type(caught.value).__name__

    assert post(asked(look), PAID).text == "SignatureError"
    assert post(asked(look), b"[]", sign(b"[]")).text == "DecodeError"


def test_endpoint_can_return_its_own_response() -> None:
    @webhook(VERIFIER)
    async def results(request: Request, event: Event) -> PlainTextResponse:
        return PlainTextResponse(f"{request.path_params['shop']}: {event.topic}", 202)

    app = Starlette(routes=[Route("/{shop}", results, methods=["POST"])])
    answer = post(app, PAID, sign(PAID))
    assert (answer.status_code, answer.text) == (202, "k2: buygoods_transaction_received")


def test_an_endpoint_that_fails_is_delivered_to_again() -> None:
    @webhook(VERIFIER)
    async def results(request: Request, event: Event) -> None:
        raise LookupError("no such order")

    assert post(Starlette(routes=[Route("/k2", results, methods=["POST"])]), PAID, sign(PAID)).status_code == 500


async def by_body(request: Request) -> None:
    await request.body()


async def by_json(request: Request) -> None:
    await request.json()


@pytest.mark.parametrize("early", [by_body, by_json])
def test_a_body_that_was_kept_is_still_raw(early: Callable[[Request], Awaitable[None]]) -> None:
    async def look(request: Request) -> str:
        await early(request)
        return (await verify(VERIFIER, request)).topic

    assert post(asked(look), PAID, sign(PAID)).text == "buygoods_transaction_received"
    assert post(asked(look), iter([PAID[:100], PAID[100:]]), sign(PAID)).text == "buygoods_transaction_received"


async def by_form(request: Request) -> None:
    await request.form()


async def by_stream(request: Request) -> None:
    async for _ in request.stream():
        pass


@pytest.mark.parametrize("early", [by_form, by_stream])
@pytest.mark.parametrize("chunked", [False, True])
def test_parsed_body_is_an_error_with_the_fix(early: Callable[[Request], Awaitable[None]], chunked: bool) -> None:
    async def look(request: Request) -> str:
        await early(request)
        match = r"Starlette / FastAPI: .*read before.*await verify\(verifier, request\)"
        with pytest.raises(InvalidRequestError, match=match) as caught:
            await verify(VERIFIER, request)
        return str(caught.value.field)

    headers = {HEADER: sign(PAID), "content-type": "application/x-www-form-urlencoded"}
    body = iter([PAID]) if chunked else PAID
    assert TestClient(asked(look)).post("/k2", content=body, headers=headers).text == "body"


@pytest.mark.parametrize("given", [{"topic": "x"}, "{}", b"{}", None])
def test_parsed_body_in_place_of_request_is_an_error_with_the_fix(given: Any) -> None:
    async def look(_: Request) -> str:
        with pytest.raises(InvalidRequestError, match=rf"Starlette / FastAPI: verify was given {type(given).__name__}"):
            await verify(VERIFIER, given)
        return "told"

    assert post(asked(look), PAID).text == "told"


def test_a_path_operation_that_declares_the_body_as_json_does_no_harm() -> None:
    app = FastAPI()

    @app.post("/k2")
    async def results(
        event: Annotated[Event, Depends(verified(VERIFIER))], said: Annotated[dict[str, Any], Body()]
    ) -> str:
        assert said["topic"] == event.topic
        return event.topic

    answer = TestClient(app).post("/k2", content=PAID, headers={HEADER: sign(PAID), "content-type": "application/json"})
    assert answer.json() == "buygoods_transaction_received"


def test_a_body_beyond_the_cap_is_refused_by_its_length_alone() -> None:
    async def look(request: Request) -> str:
        with pytest.raises(SignatureError, match="bytes"):
            await verify(VERIFIER, request)
        return str(len(await request.body()))

    headers = {HEADER: sign(PAID), "content-length": str(VERIFIER.max_body + 1)}
    answer = TestClient(asked(look)).post("/k2", content=PAID, headers=headers)
    assert answer.text == str(len(PAID)), "nothing was read"


def test_a_body_of_no_announced_length_is_read_up_to_the_cap_only() -> None:
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
def served(app: Any) -> Iterator[int]:
    """A real uvicorn."""
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
def test_over_loopback(make: Callable[..., Any]) -> None:
    received: Received = []
    with served(make(VERIFIER, received)) as at:
        assert send(at, PAID, sign(PAID))[0] == 200
        assert send(at, PAID, sign(PAID), chunked=True)[0] == 200
        assert [event.topic for event in received] == ["buygoods_transaction_received"] * 2
        assert send(at, PAID)[0] == 401
        assert send(at, PAID, sign(PAID), "0" * 64)[0] == 401, "two different signatures are none"
        assert send(at, b"[]", sign(b"[]"))[0] == 400
        length = {"Content-Length": "10485761"}
        assert send(at, b"", sign(b""), headers=length)[0] == 401, "refused before anything came"
        break_off(at, PAID, sign(PAID))
        assert send(at, PAID, sign(PAID))[0] == 200
        assert len(received) == 3


def test_a_stream_without_end_is_cut_at_the_cap() -> None:
    received: Received = []
    body = b" " * 200_000
    with served(starlette(WebhookVerifier(api_keys=["k"], max_body=5000), received)) as at:
        assert send(at, body, sign(body, "k"), chunked=True)[0] == 401
    assert not received
