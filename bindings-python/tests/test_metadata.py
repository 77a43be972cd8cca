"""Metadata keeps its order in requests and in results."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from kopokopo import KopoKopo, WebhookVerifier

METADATA: dict[str, Any] = {"z": "first", "a": 2, "m": True}


class RecordingServer(HTTPServer):
    """Accepts every create, and stores the bodies."""

    bodies: list[str]


class RecordingHandler(BaseHTTPRequestHandler):
    server: RecordingServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
        if self.path == "/oauth/token":
            content = b'{"access_token":"t","token_type":"Bearer","expires_in":3600}'
            self.send_response(200)
        else:
            self.server.bodies.append(body)
            content = b""
            self.send_response(201)
            self.send_header("location", "/api/v2/incoming_payments/1")
        self.send_header("content-length", str(len(content)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Writes no log."""


@pytest.fixture
def recording_server() -> Iterator[RecordingServer]:
    with RecordingServer(("127.0.0.1", 0), RecordingHandler) as server:
        server.bodies = []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_request_keeps_order_of_metadata(recording_server: RecordingServer) -> None:
    base_url = f"http://127.0.0.1:{recording_server.server_address[1]}"
    with KopoKopo(client_id="a", client_secret="b", base_url=base_url, private_token=True) as client:
        client.incoming_payments.create(
            till_number="K000000",
            phone_number="0712345678",
            amount="100",
            callback_url="https://shop.example",
            metadata=METADATA,
        )
    [body] = recording_server.bodies
    assert list(json.loads(body)["metadata"].items()) == list(METADATA.items())


def test_result_keeps_order_of_metadata() -> None:
    attributes = {"status": "Failed", "metadata": METADATA}
    body = json.dumps({"data": {"id": "1", "type": "incoming_payment", "attributes": attributes}})
    payload: Any = WebhookVerifier(api_keys=["api-key"]).parse_unverified(body.encode()).payload
    assert list(payload.incoming_payment.metadata.items()) == list(METADATA.items())
