"""Webhooks in Django, with its test clients and over loopback."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import django
import pytest
from adapters import HEADER, KEY, PAID, VERIFIER, Case, check_response, every_case, send, send_incomplete, sign
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.test.utils import override_settings
from django.urls import path
from kopokopo import DecodeError, Event, InvalidRequestError, KopoKopo, SignatureError, WebhookVerifier
from kopokopo.webhooks.django import verify, webhook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    SECRET_KEY="only for tests",
)
django.setup()

Received = list[Event]


@contextmanager
def serving(view: Callable[..., Any]) -> Iterator[None]:
    with override_settings(ROOT_URLCONF=(path("k2", view),)):
        yield


def recording_view(verifier: WebhookVerifier, received: Received) -> Callable[..., Any]:
    @webhook(verifier)
    def view(request: HttpRequest, event: Event) -> None:
        received.append(event)

    return view


def recording_async_view(verifier: WebhookVerifier, received: Received) -> Callable[..., Any]:
    @webhook(verifier)
    async def view(request: HttpRequest, event: Event) -> None:
        await asyncio.sleep(0)
        received.append(event)

    return view


def post(body: bytes, signature: str | None, content_type: str = "application/json") -> HttpResponse:
    # WSGI decodes headers as Latin-1.
    headers = {} if signature is None else {HEADER: signature.encode().decode("latin-1")}
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.generic("POST", "/k2", body, content_type=content_type, headers=headers)  # type: ignore[return-value]


@every_case
def test_vector_has_expected_response(case: Case) -> None:
    received: Received = []
    with serving(recording_view(case.verifier(), received)):
        check_response(case, post(case.body, case.signature).status_code, received)


@every_case
def test_vector_has_expected_response_from_async_view(case: Case) -> None:
    received: Received = []
    headers = {} if case.signature is None else {HEADER: case.signature.encode().decode("latin-1")}

    async def post_async() -> int:
        client = AsyncClient(enforce_csrf_checks=True)
        response = await client.generic("POST", "/k2", case.body, content_type="application/json", headers=headers)
        return int(response.status_code)

    with serving(recording_async_view(case.verifier(), received)):
        check_response(case, asyncio.run(post_async()), received)


def test_verify_returns_event() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    assert verify(VERIFIER, request).topic == "buygoods_transaction_received"
    assert request.body == PAID, "the body is unchanged for later code"


def test_verify_raises_if_webhook_is_invalid() -> None:
    factory = RequestFactory()
    with pytest.raises(SignatureError):
        verify(VERIFIER, factory.post("/k2", PAID, content_type="application/json"))
    headers = {HEADER: sign(b"[]")}
    with pytest.raises(DecodeError):
        verify(VERIFIER, factory.post("/k2", b"[]", content_type="application/json", headers=headers))


def test_verifier_of_client_is_accepted() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    verifier = KopoKopo(client_id="id", client_secret="secret", api_key=KEY).webhooks
    assert verify(verifier, request).payload.kind == "buygoods_transaction_received"


def test_view_can_return_response() -> None:
    @webhook(VERIFIER)
    def view(request: HttpRequest, event: Event) -> HttpResponse:
        return HttpResponse(event.topic, status=202)

    with serving(view):
        response = post(PAID, sign(PAID))
    assert (response.status_code, response.content) == (202, b"buygoods_transaction_received")


def test_response_is_500_if_view_raises() -> None:
    @webhook(VERIFIER)
    def view(request: HttpRequest, event: Event) -> None:
        raise LookupError("no such order")

    with serving(view):
        assert post(PAID, sign(PAID)).status_code == 500


def test_refusal_reason_is_in_log_only(caplog: pytest.LogCaptureFixture) -> None:
    with serving(recording_view(VERIFIER, [])):
        response = post(PAID, sign(PAID, "wrong-key"))
    assert (response.status_code, response.content) == (401, b"invalid signature")
    assert "does not match" in caplog.text


def test_json_body_that_was_read_before_is_verified() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    assert not request.POST
    assert verify(VERIFIER, request).topic == "buygoods_transaction_received"


def read_stream(request: HttpRequest) -> None:
    request.read(10)


def read_form(request: HttpRequest) -> None:
    assert request.POST["a"] == "b"


@pytest.mark.parametrize(
    ("read_body", "body", "content_type"),
    [
        (read_stream, PAID, "application/json"),
        (
            read_form,
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_parsed_body_error_names_fix(read_body: Callable[[HttpRequest], None], body: bytes, content_type: str) -> None:
    request = RequestFactory().post("/k2", body, content_type=content_type, headers={HEADER: sign(body)})
    read_body(request)
    with pytest.raises(
        InvalidRequestError, match=r"Django: .*read before.*verify\(verifier, request\) before"
    ) as caught:
        verify(VERIFIER, request)
    assert caught.value.field == "body"


@pytest.mark.parametrize("argument", [{"topic": "x"}, "{}", b"{}", None])
def test_parsed_body_as_request_error_names_fix(argument: Any) -> None:
    with pytest.raises(InvalidRequestError, match=rf"Django: verify received {type(argument).__name__} instead"):
        verify(VERIFIER, argument)


def test_body_over_limit_is_refused_before_reading() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    request.META["CONTENT_LENGTH"] = str(VERIFIER.max_body + 1)
    with pytest.raises(SignatureError, match="bytes"):
        verify(VERIFIER, request)
    assert not hasattr(request, "_body"), "nothing was read"


def test_limits_of_django_keep_their_response() -> None:
    received: Received = []
    with serving(recording_view(VERIFIER, received)), override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        assert post(PAID, sign(PAID)).status_code in (400, 413)
    assert not received


@pytest.fixture
def server() -> Iterator[tuple[int, Received]]:
    """Serves one view, and returns the port and the received events."""
    received: Received = []

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with serving(recording_view(VERIFIER, received)):
        wsgi_server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
        wsgi_server.daemon_threads = True
        wsgi_server.set_app(get_wsgi_application())
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
    assert send(port, PAID, sign(PAID), headers={"x-kopokopo-event": "buygoods_transaction_received"})[0] == 200
    assert [event.topic for event in received] == ["buygoods_transaction_received"] * 2
    assert send(port, PAID)[0] == 401
    assert send(port, PAID, sign(PAID), "0" * 64)[0] == 401, "different signatures are refused"
    assert send(port, b"[]", sign(b"[]"))[0] == 400
    assert send(port, b"", sign(b""), headers={"Content-Length": "10485761"})[0] == 401, "refused by its Content-Length"
    send_incomplete(port, PAID, sign(PAID))
    assert send(port, PAID, sign(PAID))[0] == 200
    assert len(received) == 3
