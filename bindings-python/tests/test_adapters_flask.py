"""Webhooks in a real Flask, through its test client and over loopback."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from adapters import HEADER, PAID, VERIFIER, Case, break_off, every_case, judge, send, sign
from flask import Flask, request
from kopokopo import DecodeError, Event, InvalidRequestError, SignatureError, WebhookVerifier
from kopokopo.webhooks.flask import verify, webhook
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.test import TestResponse

Received = list[Event]


def keeping(verifier: WebhookVerifier, received: Received) -> Flask:
    app = Flask(__name__)

    @app.post("/k2")
    @webhook(verifier)
    def results(event: Event) -> None:
        received.append(event)

    return app


def post(app: Flask, body: bytes, signature: str | None, content_type: str = "application/json") -> TestResponse:
    # As servers hand headers over: each byte a character.
    headers = {} if signature is None else {HEADER: signature.encode().decode("latin-1")}
    return app.test_client().post("/k2", data=body, content_type=content_type, headers=headers)


@every_case
def test_vectors_get_their_response(case: Case) -> None:
    received: Received = []
    judge(case, post(keeping(case.verifier(), received), case.body, case.signature).status_code, received)


def test_an_async_view_gets_the_event_too() -> None:
    app = Flask(__name__)
    received: Received = []

    @app.post("/k2")
    @webhook(VERIFIER)
    async def results(event: Event) -> None:
        await asyncio.sleep(0)
        received.append(event)

    assert post(app, PAID, sign(PAID)).status_code == 200
    assert len(received) == 1


def given(body: bytes, signature: str | None, **more: Any) -> Any:
    headers = {} if signature is None else {HEADER: signature}
    return Flask(__name__).test_request_context("/k2", method="POST", data=body, headers=headers, **more)


def test_verify_returns_the_event() -> None:
    with given(PAID, sign(PAID), content_type="application/json"):
        assert verify(VERIFIER, request).topic == "buygoods_transaction_received"
        assert request.get_json()["topic"] == "buygoods_transaction_received", (
            "what comes after finds the body as it was"
        )


def test_verify_raises() -> None:
    with given(PAID, None), pytest.raises(SignatureError):
        verify(VERIFIER, request)
    with given(b"[]", sign(b"[]")), pytest.raises(DecodeError):
        verify(VERIFIER, request)


def test_view_can_return_its_own_response() -> None:
    app = Flask(__name__)

    @app.post("/k2/<shop>")
    @webhook(VERIFIER)
    def results(event: Event, shop: str) -> tuple[str, int]:
        return f"{shop}: {event.topic}", 202

    answer = app.test_client().post("/k2/kilimani", data=PAID, headers={HEADER: sign(PAID)})
    assert (answer.status_code, answer.text) == (202, "kilimani: buygoods_transaction_received")


def test_a_view_that_fails_is_delivered_to_again() -> None:
    app = Flask(__name__)

    @app.post("/k2")
    @webhook(VERIFIER)
    def results(event: Event) -> None:
        raise LookupError("no such order")

    assert post(app, PAID, sign(PAID)).status_code == 500


def test_refusal_has_no_reason_in_response_and_has_it_in_log(caplog: pytest.LogCaptureFixture) -> None:
    answer = post(keeping(VERIFIER, []), PAID, sign(PAID, "wrong-key"))
    assert (answer.status_code, answer.text) == (401, "invalid signature")
    assert "does not match" in caplog.text


def test_a_body_that_was_kept_is_still_raw() -> None:
    for early in (lambda: request.get_json(), lambda: request.get_data()):
        with given(PAID, sign(PAID), content_type="application/json"):
            early()
            assert verify(VERIFIER, request).topic == "buygoods_transaction_received"


@pytest.mark.parametrize(
    ("early", "content_type"),
    [
        (lambda: request.get_json(cache=False), "application/json"),
        (lambda: request.get_data(cache=False), "application/json"),
        (lambda: request.stream.read(), "application/json"),
        (lambda: request.form, "application/x-www-form-urlencoded"),
    ],
    ids=["get_json", "get_data", "stream", "form"],
)
def test_parsed_body_is_an_error_with_the_fix(early: Callable[[], Any], content_type: str) -> None:
    with given(PAID, sign(PAID), content_type=content_type):
        early()
        with pytest.raises(InvalidRequestError, match=r"Flask: .*read before.*get_data\(cache=True\)") as caught:
            verify(VERIFIER, request)
        assert caught.value.field == "body"


@pytest.mark.parametrize("wrong", [{"topic": "x"}, "{}", b"{}", None])
def test_parsed_body_in_place_of_request_is_an_error_with_the_fix(wrong: Any) -> None:
    with pytest.raises(InvalidRequestError, match=rf"Flask: verify was given {type(wrong).__name__} instead"):
        verify(VERIFIER, wrong)


def test_empty_body_is_a_signature_error() -> None:
    app = keeping(VERIFIER, [])

    @app.before_request
    def early() -> None:
        assert not request.form

    assert post(app, b"", None).status_code == 401
    assert post(app, b"", sign(b"")).status_code == 400


def test_a_body_beyond_the_cap_is_refused_by_its_length_alone() -> None:
    with given(PAID, sign(PAID), environ_overrides={"CONTENT_LENGTH": str(VERIFIER.max_body + 1)}):
        with pytest.raises(SignatureError, match="bytes"):
            verify(VERIFIER, request)
        assert "stream" not in request.__dict__, "nothing was read"


def test_flask_refusals_keep_their_response() -> None:
    received: Received = []
    app = keeping(VERIFIER, received)
    app.config["MAX_CONTENT_LENGTH"] = 10
    assert post(app, PAID, sign(PAID)).status_code == 413
    assert not received


@pytest.fixture
def port() -> Iterator[tuple[int, Received]]:
    """A real server of one view."""
    received: Received = []

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    server = make_server("127.0.0.1", 0, keeping(VERIFIER, received), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_over_loopback(port: tuple[int, Received]) -> None:
    at, received = port
    assert send(at, PAID, sign(PAID))[0] == 200
    assert send(at, PAID, sign(PAID), chunked=True)[0] == 200
    assert [event.topic for event in received] == ["buygoods_transaction_received"] * 2
    assert send(at, PAID)[0] == 401
    assert send(at, PAID, sign(PAID), "0" * 64)[0] == 401, "two different signatures are none"
    assert send(at, b"[]", sign(b"[]"))[0] == 400
    assert send(at, b"", sign(b""), headers={"Content-Length": "10485761"})[0] == 401, "refused before anything came"
    break_off(at, PAID, sign(PAID))
    assert send(at, PAID, sign(PAID))[0] == 200
    assert len(received) == 3


def test_a_body_of_no_announced_length_is_read_up_to_the_cap_only() -> None:
    received: Received = []
    server = make_server(
        "127.0.0.1", 0, keeping(WebhookVerifier(api_keys=["k"], max_body=5000), received), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        body = b'{"topic":"x","a":"' + b"a" * 200_000 + b'"}'
        assert send(server.server_port, body, sign(body, "k"), chunked=True)[0] == 401
        short = b'{"topic":"x"}'
        assert send(server.server_port, short, sign(short, "k"), chunked=True)[0] == 200
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [event.topic for event in received] == ["x"]
