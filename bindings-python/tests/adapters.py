"""What the tests of every webhook adapter share: the vectors, and a client that sends exactly the given bytes."""

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


def body_of(written: Any) -> bytes:
    """A body as the vectors write it."""
    if isinstance(written, str):
        return written.encode()
    if isinstance(written, list):
        return b"".join(map(body_of, written))
    if "base64" in written:
        return base64.b64decode(written["base64"])
    return str(written["repeat"]).encode() * int(written["times"])


def payload(name: str) -> bytes:
    return (VECTORS / "payloads" / f"{name}.json").read_bytes()


PAID = payload("webhook-buygoods-transaction-received")
VERIFIER = WebhookVerifier(api_keys=[KEY])


def _signature_of(written: Any, body: bytes) -> str | None:
    if not isinstance(written, dict):
        return None if written is None else str(written)
    right = sign(body, written["sign_with"])
    changed = {
        None: right, "upper_case": right.upper(), "drop_last": right[:-1], "append_0": right + "0",
        "change_last": right[:-1] + ("0" if right[-1] != "0" else "1"), "surround_with_space": f" {right} ",
    }  # fmt: skip
    return changed[written.get("then")]


@dataclass(frozen=True)
class Case:
    """One of the vectors, and the response of a receiver."""

    name: str
    body: bytes
    signature: str | None
    options: dict[str, Any]
    status: int
    topic: str | None

    def verifier(self) -> WebhookVerifier:
        return WebhookVerifier(**self.options)


def _hostile() -> Iterator[Case]:
    file = json.loads((VECTORS / "hostile_webhooks.json").read_text())
    statuses = {None: 200, "signature": 401, "decode": 400}
    for case in file["cases"]:
        keys = case.get("api_keys", file["api_keys"])
        # A wrongly configured receiver refuses to start. A sender cannot cause that.
        if case["expect"].get("error") == "configuration":
            continue
        options = {name: case[name] for name in ("client_secret", "max_body") if name in case}
        body = body_of(case["body"])
        status, topic = statuses[case["expect"].get("error")], case["expect"].get("topic")
        yield Case(
            case["name"], body, _signature_of(case["signature"], body), {"api_keys": keys, **options}, status, topic
        )


def _genuine() -> Iterator[Case]:
    for path in sorted((VECTORS / "payloads").glob("*.json")):
        if path.name.startswith(("webhook-", "result-")):
            body = path.read_bytes()
            said = json.loads(body)
            topic = said.get("topic") or said.get("TransactionType") or said.get("data", {}).get("type")
            yield Case(path.stem, body, sign(body), {"api_keys": [KEY]}, 200, topic)
    for case in json.loads((VECTORS / "webhook_signatures.json").read_text())["cases"]:
        body = body_of(case["body"])
        if body.lstrip().startswith(b"{"):
            yield Case(case["name"], body, case["signature"], {"api_keys": [case["api_key"]]}, 200, None)


HOSTILE = list(_hostile())
GENUINE = list(_genuine())
every_case = pytest.mark.parametrize("case", HOSTILE + GENUINE, ids=lambda case: case.name)


def judge(case: Case, status: int, received: list[Event]) -> None:
    """Checks the receiver's response, and what its handler received."""
    assert status == case.status
    assert len(received) == (1 if status == 200 else 0)
    if case.topic is not None:
        assert received[0].topic == case.topic


def send(
    port: int, body: bytes, *signatures: str, chunked: bool = False, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Posts a body over loopback, with as many signature headers as given."""
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
        answer = connection.getresponse()
        return answer.status, answer.read()


def break_off(port: int, body: bytes, signature: str) -> None:
    """Leaves in the middle of the body."""
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
