"""Shared by the tests of all webhook adapters: the vectors, and a client that sends exact bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kopokopo import Event, WebhookVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors"
KEY = "api-key"
HEADER = "X-KopoKopo-Signature"


def sign(body: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def body_of(description: Any) -> bytes:
    """Returns the body that a vector describes."""
    if isinstance(description, str):
        return description.encode()
    if isinstance(description, list):
        return b"".join(map(body_of, description))
    if "base64" in description:
        return base64.b64decode(description["base64"])
    return str(description["repeat"]).encode() * int(description["times"])


def payload(name: str) -> bytes:
    return (VECTORS / "payloads" / f"{name}.json").read_bytes()


PAID = payload("webhook-buygoods_transaction_received")
VERIFIER = WebhookVerifier(api_keys=[KEY])


def _signature_of(description: Any, body: bytes) -> str | None:
    if not isinstance(description, dict):
        return None if description is None else str(description)
    valid = sign(body, description["sign_with"])
    changed = {
        None: valid, "upper_case": valid.upper(), "drop_last": valid[:-1], "append_0": valid + "0",
        "change_last": valid[:-1] + ("0" if valid[-1] != "0" else "1"), "surround_with_space": f" {valid} ",
    }  # fmt: skip
    return changed[description.get("then")]


@dataclass(frozen=True)
class Case:
    """A vector, and the expected response of a receiver."""

    name: str
    body: bytes
    signature: str | None
    options: dict[str, Any]
    status: int
    topic: str | None

    def verifier(self) -> WebhookVerifier:
        return WebhookVerifier(**self.options)


def _hostile_cases() -> Iterator[Case]:
    file = json.loads((VECTORS / "hostile_webhooks.json").read_text())
    statuses = {None: 200, "signature": 401, "decode": 400}
    for case in file["cases"]:
        keys = case.get("api_keys", file["api_keys"])
        # These vectors have an invalid configuration. A sender cannot cause that error.
        if case["expect"].get("error") == "configuration":
            continue
        options = {name: case[name] for name in ("client_secret", "max_body") if name in case}
        body = body_of(case["body"])
        status, topic = statuses[case["expect"].get("error")], case["expect"].get("topic")
        yield Case(
            case["name"], body, _signature_of(case["signature"], body), {"api_keys": keys, **options}, status, topic
        )


def _genuine_cases() -> Iterator[Case]:
    for path in sorted((VECTORS / "payloads").glob("*.json")):
        if path.name.startswith(("webhook-", "result-")):
            body = path.read_bytes()
            document = json.loads(body)
            topic = document.get("topic") or document.get("TransactionType") or document.get("data", {}).get("type")
            yield Case(path.stem, body, sign(body), {"api_keys": [KEY]}, 200, topic)
    for case in json.loads((VECTORS / "webhook_signatures.json").read_text())["cases"]:
        body = body_of(case["body"])
        if body.lstrip().startswith(b"{"):
            yield Case(case["name"], body, case["signature"], {"api_keys": [case["api_key"]]}, 200, None)


HOSTILE = list(_hostile_cases())
GENUINE = list(_genuine_cases())
every_case = pytest.mark.parametrize("case", HOSTILE + GENUINE, ids=lambda case: case.name)


def check_response(case: Case, status: int, received: list[Event]) -> None:
    """Checks the status of the receiver's response, and the event that its handler received."""
    assert status == case.status
    assert len(received) == (1 if status == 200 else 0)
    if case.topic is not None:
        assert received[0].topic == case.topic


def send(
    port: int, body: bytes, *signatures: str, chunked: bool = False, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Posts a body over loopback, with one header for each signature. Returns the status and the body of the response."""
    with _connection(port) as connection:
        connection.putrequest("POST", "/k2")
        for signature in signatures:
            connection.putheader(HEADER, signature)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            connection.putheader(name, value)
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
            parts = [body[at : at + 1000] for at in range(0, len(body), 1000)]
            connection.endheaders(parts, encode_chunked=True)
        else:
            if "Content-Length" not in (headers or {}):
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
        response = connection.getresponse()
        return response.status, response.read()


def send_incomplete(port: int, body: bytes, signature: str) -> None:
    """Closes the connection in the middle of the body."""
    with _connection(port) as connection:
        connection.putrequest("POST", "/k2")
        connection.putheader(HEADER, signature)
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[: len(body) // 2])


@contextmanager
def _connection(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        yield connection
    finally:
        connection.close()
