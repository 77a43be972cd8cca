"""Webhooks in a real Django, through its test clients and over loopback."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import django
import pytest
from adapters import HEADER, KEY, PAID, VERIFIER, Case, break_off, every_case, judge, send, sign
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


def keeping(verifier: WebhookVerifier, received: Received) -> Callable[..., Any]:
    @webhook(verifier)
    def view(request: HttpRequest, event: Event) -> None:
        received.append(event)

    return view


def keeping_async(verifier: WebhookVerifier, received: Received) -> Callable[..., Any]:
    @webhook(verifier)
    async def view(request: HttpRequest, event: Event) -> None:
        await asyncio.sleep(0)
        received.append(event)

    return view


def post(body: bytes, signature: str | None, content_type: str = "application/json") -> HttpResponse:
    # As servers hand headers over: each byte a character.
    headers = {} if signature is None else {HEADER: signature.encode().decode("latin-1")}
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.generic("POST", "/k2", body, content_type=content_type, headers=headers)  # type: ignore[return-value]


@every_case
def test_vectors_get_their_response(case: Case) -> None:
    received: Received = []
    with serving(keeping(case.verifier(), received)):
        judge(case, post(case.body, case.signature).status_code, received)


@every_case
def test_vectors_get_their_response_from_async_view(case: Case) -> None:
    received: Received = []
    headers = {} if case.signature is None else {HEADER: case.signature.encode().decode("latin-1")}

    async def ask() -> int:
        client = AsyncClient(enforce_csrf_checks=True)
        answer = await client.generic("POST", "/k2", case.body, content_type="application/json", headers=headers)
        return int(answer.status_code)

    with serving(keeping_async(case.verifier(), received)):
        judge(case, asyncio.run(ask()), received)


def test_verify_returns_the_event() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    assert verify(VERIFIER, request).topic == "buygoods_transaction_received"
    assert request.body == PAID, "what comes after finds the body as it was"


def test_verify_raises() -> None:
    factory = RequestFactory()
    with pytest.raises(SignatureError):
        verify(VERIFIER, factory.post("/k2", PAID, content_type="application/json"))
    headers = {HEADER: sign(b"[]")}
    with pytest.raises(DecodeError):
        verify(VERIFIER, factory.post("/k2", b"[]", content_type="application/json", headers=headers))


def test_a_client_s_own_verifier_does() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    verifier = KopoKopo(client_id="id", client_secret="secret", api_key=KEY).webhooks
    assert verify(verifier, request).payload.kind == "buygoods_transaction_received"


def test_view_can_return_its_own_response() -> None:
    @webhook(VERIFIER)
    def view(request: HttpRequest, event: Event) -> HttpResponse:
        return HttpResponse(event.topic, status=202)

    with serving(view):
        answer = post(PAID, sign(PAID))
    assert (answer.status_code, answer.content) == (202, b"buygoods_transaction_received")


def test_a_view_that_fails_is_delivered_to_again() -> None:
    @webhook(VERIFIER)
    def view(request: HttpRequest, event: Event) -> None:
        raise LookupError("no such order")

    with serving(view):
        assert post(PAID, sign(PAID)).status_code == 500


def test_refusal_has_no_reason_in_response_and_has_it_in_log(caplog: pytest.LogCaptureFixture) -> None:
    with serving(keeping(VERIFIER, [])):
        answer = post(PAID, sign(PAID, "wrong-key"))
    assert (answer.status_code, answer.content) == (401, b"invalid signature")
    assert "does not match" in caplog.text


def test_a_json_body_that_was_read_before_is_still_raw() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    assert not request.POST
    assert verify(VERIFIER, request).topic == "buygoods_transaction_received"


def read_as_a_stream(request: HttpRequest) -> None:
    request.read(10)


def read_as_a_form(request: HttpRequest) -> None:
    assert request.POST["a"] == "b"


@pytest.mark.parametrize(
    ("early", "body", "content_type"),
    [
        (read_as_a_stream, PAID, "application/json"),
        (
            read_as_a_form,
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_parsed_body_is_an_error_with_the_fix(
    early: Callable[[HttpRequest], None], body: bytes, content_type: str
) -> None:
    request = RequestFactory().post("/k2", body, content_type=content_type, headers={HEADER: sign(body)})
    early(request)
    with pytest.raises(
        InvalidRequestError, match=r"Django: .*read before.*verify\(verifier, request\) before"
    ) as caught:
        verify(VERIFIER, request)
    assert caught.value.field == "body"


@pytest.mark.parametrize("given", [{"topic": "x"}, "{}", b"{}", None])
def test_parsed_body_in_place_of_request_is_an_error_with_the_fix(given: Any) -> None:
    with pytest.raises(InvalidRequestError, match=rf"Django: verify was given {type(given).__name__} instead"):
        verify(VERIFIER, given)


def test_a_body_beyond_the_cap_is_refused_by_its_length_alone() -> None:
    request = RequestFactory().post("/k2", PAID, content_type="application/json", headers={HEADER: sign(PAID)})
    request.META["CONTENT_LENGTH"] = str(VERIFIER.max_body + 1)
    with pytest.raises(SignatureError, match="bytes"):
        verify(VERIFIER, request)
    assert not hasattr(request, "_body"), "nothing was read"


def test_django_refusals_keep_their_response() -> None:
    received: Received = []
    with serving(keeping(VERIFIER, received)), override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=10):
        assert post(PAID, sign(PAID)).status_code in (400, 413)
    assert not received


@pytest.fixture
def port() -> Iterator[tuple[int, Received]]:
    """A real server of one view."""
    received: Received = []

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with serving(keeping(VERIFIER, received)):
        server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
        server.daemon_threads = True
        server.set_app(get_wsgi_application())
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
    assert send(at, PAID, sign(PAID), headers={"x-kopokopo-event": "buygoods_transaction_received"})[0] == 200
    assert [event.topic for event in received] == ["buygoods_transaction_received"] * 2
    assert send(at, PAID)[0] == 401
    assert send(at, PAID, sign(PAID), "0" * 64)[0] == 401, "two different signatures are none"
    assert send(at, b"[]", sign(b"[]"))[0] == 400
    assert send(at, b"", sign(b""), headers={"Content-Length": "10485761"})[0] == 401, "refused before anything came"
    break_off(at, PAID, sign(PAID))
    assert send(at, PAID, sign(PAID))[0] == 200
    assert len(received) == 3
