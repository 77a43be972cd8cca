"""Webhooks in Flask, with its test client and over loopback."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from adapters import HEADER, PAID, VERIFIER, Case, check_response, every_case, send, send_incomplete, sign
from flask import Flask, request
from kopokopo import DecodeError, Event, InvalidRequestError, SignatureError, WebhookVerifier
from kopokopo.webhooks.flask import verify, webhook
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.test import TestResponse

Received = list[Event]


def recording_app(verifier: WebhookVerifier, received: Received) -> Flask:
    app = Flask(__name__)

    @app.post("/k2")
    @webhook(verifier)
    def results(event: Event) -> None:
        received.append(event)

    return app


def post(app: Flask, body: bytes, signature: str | None, content_type: str = "application/json") -> TestResponse:
    # WSGI decodes headers as Latin-1.
    headers = {} if signature is None else {HEADER: signature.encode().decode("latin-1")}
    return app.test_client().post("/k2", data=body, content_type=content_type, headers=headers)


@every_case
def test_vector_has_expected_response(case: Case) -> None:
    received: Received = []
    check_response(
        case, post(recording_app(case.verifier(), received), case.body, case.signature).status_code, received
    )


def test_async_view_receives_event() -> None:
    app = Flask(__name__)
    received: Received = []

    @app.post("/k2")
    @webhook(VERIFIER)
    async def results(event: Event) -> None:
        await asyncio.sleep(0)
        received.append(event)

    assert post(app, PAID, sign(PAID)).status_code == 200
    assert len(received) == 1


def request_context(body: bytes, signature: str | None, **more: Any) -> Any:
    headers = {} if signature is None else {HEADER: signature}
    return Flask(__name__).test_request_context("/k2", method="POST", data=body, headers=headers, **more)


def test_verify_returns_event() -> None:
    with request_context(PAID, sign(PAID), content_type="application/json"):
        assert verify(VERIFIER, request).topic == "buygoods_transaction_received"
        assert request.get_json()["topic"] == "buygoods_transaction_received", "the body is unchanged for later code"


def test_verify_raises_if_webhook_is_invalid() -> None:
    with request_context(PAID, None), pytest.raises(SignatureError):
        verify(VERIFIER, request)
    with request_context(b"[]", sign(b"[]")), pytest.raises(DecodeError):
        verify(VERIFIER, request)


def test_view_can_return_response() -> None:
    app = Flask(__name__)

    @app.post("/k2/<shop>")
    @webhook(VERIFIER)
    def results(event: Event, shop: str) -> tuple[str, int]:
        return f"{shop}: {event.topic}", 202

    response = app.test_client().post("/k2/kilimani", data=PAID, headers={HEADER: sign(PAID)})
    assert (response.status_code, response.text) == (202, "kilimani: buygoods_transaction_received")


def test_response_is_500_if_view_raises() -> None:
    app = Flask(__name__)

    @app.post("/k2")
    @webhook(VERIFIER)
    def results(event: Event) -> None:
        raise LookupError("no such order")

    assert post(app, PAID, sign(PAID)).status_code == 500


def test_refusal_reason_is_in_log_only(caplog: pytest.LogCaptureFixture) -> None:
    response = post(recording_app(VERIFIER, []), PAID, sign(PAID, "wrong-key"))
    assert (response.status_code, response.text) == (401, "invalid signature")
    assert "does not match" in caplog.text


def test_cached_body_is_verified() -> None:
    for read_body in (lambda: request.get_json(), lambda: request.get_data()):
        with request_context(PAID, sign(PAID), content_type="application/json"):
            read_body()
            assert verify(VERIFIER, request).topic == "buygoods_transaction_received"


@pytest.mark.parametrize(
    ("read_body", "content_type"),
    [
        (lambda: request.get_json(cache=False), "application/json"),
        (lambda: request.get_data(cache=False), "application/json"),
        (lambda: request.stream.read(), "application/json"),
        (lambda: request.form, "application/x-www-form-urlencoded"),
    ],
    ids=["get_json", "get_data", "stream", "form"],
)
def test_parsed_body_error_names_fix(read_body: Callable[[], Any], content_type: str) -> None:
    with request_context(PAID, sign(PAID), content_type=content_type):
        read_body()
        with pytest.raises(InvalidRequestError, match=r"Flask: .*read before.*get_data\(cache=True\)") as caught:
            verify(VERIFIER, request)
        assert caught.value.field == "body"


@pytest.mark.parametrize("wrong", [{"topic": "x"}, "{}", b"{}", None])
def test_parsed_body_as_request_error_names_fix(wrong: Any) -> None:
    with pytest.raises(InvalidRequestError, match=rf"Flask: verify received {type(wrong).__name__} instead"):
        verify(VERIFIER, wrong)


def test_empty_body_is_a_signature_error() -> None:
    app = recording_app(VERIFIER, [])

    @app.before_request
    def read_body() -> None:
        assert not request.form

    assert post(app, b"", None).status_code == 401
    assert post(app, b"", sign(b"")).status_code == 400


def test_body_over_limit_is_refused_before_reading() -> None:
    with request_context(PAID, sign(PAID), environ_overrides={"CONTENT_LENGTH": str(VERIFIER.max_body + 1)}):
        with pytest.raises(SignatureError, match="bytes"):
            verify(VERIFIER, request)
        assert "stream" not in request.__dict__, "nothing was read"


def test_limits_of_flask_keep_their_response() -> None:
    received: Received = []
    app = recording_app(VERIFIER, received)
    app.config["MAX_CONTENT_LENGTH"] = 10
    assert post(app, PAID, sign(PAID)).status_code == 413
    assert not received


@pytest.fixture
def server() -> Iterator[tuple[int, Received]]:
    """Serves one view, and returns the port and the received events."""
    received: Received = []

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

    wsgi_server = make_server("127.0.0.1", 0, recording_app(VERIFIER, received), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=wsgi_server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield wsgi_server.server_port, received
    finally:
        wsgi_server.shutdown()
        wsgi_server.server_close()
        thread.join()


def test_server_over_loopback(server: tuple[int, Received]) -> None:
    port, received = server
    assert send(port, PAID, sign(PAID))[0] == 200
    assert send(port, PAID, sign(PAID), chunked=True)[0] == 200
    assert [event.topic for event in received] == ["buygoods_transaction_received"] * 2
    assert send(port, PAID)[0] == 401
    assert send(port, PAID, sign(PAID), "0" * 64)[0] == 401, "different signatures are refused"
    assert send(port, b"[]", sign(b"[]"))[0] == 400
    assert send(port, b"", sign(b""), headers={"Content-Length": "10485761"})[0] == 401, "refused by its Content-Length"
    send_incomplete(port, PAID, sign(PAID))
    assert send(port, PAID, sign(PAID))[0] == 200
    assert len(received) == 3


def test_chunked_body_is_read_up_to_limit() -> None:
    received: Received = []
    server = make_server(
        "127.0.0.1", 0, recording_app(WebhookVerifier(api_keys=["k"], max_body=5000), received), threaded=True
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
