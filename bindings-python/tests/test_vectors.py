"""Runs every vector of tests/vectors with the package."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import unquote

import kopokopo
import pytest
from harness import Sandbox
from kopokopo import InvalidRequestError, KopoKopo, KopoKopoError, WebhookVerifier
from scenario import to_json
from vectors import body, header, payloads, vectors

HOSTILE = vectors("hostile_webhooks")
KEY = "api-key"


def event(raw: str | bytes) -> kopokopo.Event:
    return WebhookVerifier(api_keys=[KEY]).parse_unverified(raw.encode() if isinstance(raw, str) else raw)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def push(client: KopoKopo, **fields: Any) -> Any:
    defaults = {
        "till_number": "K000000",
        "phone_number": "0712345678",
        "amount": "100",
        "callback_url": "https://shop.example",
    }
    return client.incoming_payments.create(**{**defaults, **fields})


# A create for each collection in a Location.
CREATES: dict[str, Callable[[KopoKopo], Any]] = {
    "/api/v2/incoming_payments": push,
    "/api/v2/webhook_subscriptions": lambda client: client.webhook_subscriptions.create(
        event_type="customer_created", url="https://shop.example", scope="company"
    ),
    "/api/v1/transaction_sms_notifications": lambda client: client.sms_notifications.create(
        webhook_event_reference="1", message="x", callback_url="https://shop.example"
    ),
    "/api/v2/reversals": lambda client: client.reversals.create(
        transaction_reference="QWE1234567", reason="x", callback_url="https://shop.example"
    ),
    "/api/v2/send_money": lambda client: client.send_money.create(
        destinations=[kopokopo.Destination.Till(till_number="1", amount=1, description="x")],
        callback_url="https://shop.example",
    ),
    "/api/v2/payment_links": lambda client: client.payment_links.create(
        till_number="1", amount=1, callback_url="https://shop.example"
    ),
}


@pytest.mark.parametrize("case", vectors("webhook_signatures")["cases"], ids=lambda case: case["name"])
def test_signature_is_equal_to_independent_hmac(case: dict[str, Any]) -> None:
    raw = body(case["body"])
    assert kopokopo.sign_webhook(case["api_key"], raw) == case["signature"]
    WebhookVerifier(api_keys=[case["api_key"]]).verify_signature(raw, case["signature"])


@pytest.mark.parametrize("case", HOSTILE["cases"], ids=lambda case: case["name"])
def test_hostile_webhook(case: dict[str, Any]) -> None:
    raw, expected = body(case["body"]), case["expect"]
    options = {name: case[name] for name in ("client_secret", "max_body") if name in case}
    try:
        verifier = WebhookVerifier(api_keys=case.get("api_keys", HOSTILE["api_keys"]), **options)
        found = verifier.verify(raw, header(case["signature"], raw))
    except KopoKopoError as refused:
        assert "error" in expected, f"refused: {refused}"
        assert refused.kind == expected["error"]
        assert all(words in str(refused) for words in expected["detail"]), str(refused)
        everything = f"{refused!r} {refused} {refused.body}"
        assert not [words for words in expected.get("never", []) if words in everything]
        assert not [words for words in expected.get("never_in_detail", []) if words in str(refused)]
    else:
        assert (found.topic, found.payload.kind) == (expected.get("topic"), expected.get("payload"))


@pytest.mark.parametrize(
    ("name", "raw"), payloads("webhook-", "result-"), ids=lambda value: value if isinstance(value, str) else ""
)
def test_sample_payload_has_known_type(name: str, raw: bytes) -> None:
    found = event(raw)
    assert found.payload.kind != "unknown"
    assert found.raw == raw.decode()
    assert pickle.loads(pickle.dumps(found)) == found
    assert json.loads(json.dumps(to_json(found)))["topic"] == found.topic


def test_phone_numbers_are_sent_as_twelve_digits(sandbox: Sandbox) -> None:
    file = vectors("phones")
    with KopoKopo(**sandbox.credentials) as client:
        sandbox.control("POST /_sandbox/reset")
        for case in file["accepted"]:
            push(client, phone_number=case["typed"])
        for typed in file["refused"]:
            with pytest.raises(InvalidRequestError) as refused:
                push(client, phone_number=typed)
            assert refused.value.field == "phone_number"
            assert len(typed.strip()) < 6 or typed not in str(refused.value)
    seen = [
        request
        for request in sandbox.control("GET /_sandbox/requests")
        if request["operation"] == "incoming_payments.create"
    ]
    sent = [request["body"]["subscriber"]["phone_number"].lstrip("+") for request in seen]
    assert sent == [case["normalised"] for case in file["accepted"]]
    for case in file["hashes"]:
        assert kopokopo.hash_phone(case["phone_number"]) == case["sha256"]


def test_amounts_are_read_exactly(sandbox: Sandbox) -> None:
    file = vectors("amounts")
    webhook = '{"topic":"buygoods_transaction_received","id":"1","event":{"resource":{"amount":AMOUNT}}}'

    def amount(wire: str) -> Any:
        found: Any = event(webhook.replace("AMOUNT", wire)).payload
        return found.transaction.amount

    for case in file["texts"]:
        found = amount(json.dumps(case["text"]))
        assert isinstance(found, Decimal)
        assert str(found) == case["shown"], case
    for case in file["wire"]:
        assert str(amount(case["json"])) == case["shown"], case
    for wire in file["wire_refused"]:
        if wire in ("null", '""'):
            assert amount(wire) is None, "the amount is optional"
            continue
        with pytest.raises(kopokopo.DecodeError):
            amount(wire)
    with KopoKopo(**sandbox.credentials) as client:
        for refused in file["refused"]:
            with pytest.raises(InvalidRequestError) as error:
                push(client, amount=refused)
            assert error.value.field == "amount"


def test_times_keep_instant_and_offset() -> None:
    file = vectors("timestamps")

    def created_at(text: str) -> datetime | None:
        return event(
            json.dumps({"topic": "customer_created", "id": "1", "created_at": text, "event": {"resource": {}}})
        ).created_at

    for case in file["accepted"]:
        found = created_at(case["text"])
        assert found is not None and found.utcoffset() is not None, case
        # Fractions are cut towards the earlier second, also before 1970.
        epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
        assert (found - epoch).days * 86_400 + (found - epoch).seconds == case["unix"], case
    for case in file["daraja"]:
        daraja: Any = event(
            json.dumps({"TransactionType": "Buygoods", "TransID": "1", "TransTime": case["text"]})
        ).payload
        assert daraja.daraja_transaction.trans_time == datetime.fromisoformat(case["shown"])


class LocationServer(HTTPServer):
    """Accepts every create, and responds with the Location `location`."""

    location = ""
    paths: list[str]


class LocationHandler(BaseHTTPRequestHandler):
    server: LocationServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        if self.path == "/oauth/token":
            self._respond(200, b'{"access_token":"t","token_type":"Bearer","expires_in":3600}', {})
        else:
            self._respond(201, b"", {"location": self.server.location})

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        # The last segment of the path is the id of the resource.
        resource_id = json.dumps(unquote(self.path.rpartition("/")[2])).encode()
        self._respond(
            200, b'{"data":{"id":%s,"type":"incoming_payment","attributes":{"status":"Success"}}}' % resource_id, {}
        )

    def _respond(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        lines = {**headers, "content-length": str(len(content)), "connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.wfile.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)

    def log_message(self, *_: object) -> None:
        """Writes no log."""


@pytest.fixture
def location_server() -> Iterator[LocationServer]:
    with LocationServer(("127.0.0.1", 0), LocationHandler) as server:
        server.paths = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_id_is_read_from_valid_location_only(location_server: LocationServer) -> None:
    file = vectors("locations")
    client = KopoKopo(
        client_id="a",
        client_secret="b",
        base_url=f"http://127.0.0.1:{location_server.server_address[1]}",
        private_token=True,
    )
    for case in file["accepted"]:
        location_server.location = case["location"]
        assert CREATES[case["collection"]](client).id == case["id"], case
    for case in file["refused"]:
        if any(not " " <= c <= "~" for c in case["location"]):
            continue  # An HTTP header cannot contain it.
        location_server.location = case["location"]
        with pytest.raises(kopokopo.OutcomeUnknownError):
            CREATES[case["collection"]](client)
    for case in file["typed"]:
        client.incoming_payments.get(case["text"])
        assert location_server.paths.pop().endswith(f"/{case['id']}")
    for refused in file["typed_refused"]:
        with pytest.raises(InvalidRequestError) as error:
            client.incoming_payments.get(refused)
        assert error.value.field == "id"
    assert location_server.paths == []
