"""The effect of the option `fresh_connections` on connections."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kopokopo import KopoKopo


class PortServer(ThreadingHTTPServer):
    """Accepts every create, and stores the port of its client."""

    daemon_threads = True
    ports: list[int]


class PortHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PortServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        if self.path == "/oauth/token":
            content = b'{"access_token":"t","token_type":"Bearer","expires_in":3600}'
            self.send_response(200)
        else:
            self.server.ports.append(self.client_address[1])
            content = b""
            self.send_response(201)
            self.send_header("location", f"{self.path}/1")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Writes no log."""


@pytest.mark.parametrize(("fresh", "connections"), [(True, 2), (False, 1)])
def test_creates_share_connection_only_if_fresh_connections_is_false(fresh: bool, connections: int) -> None:
    with PortServer(("127.0.0.1", 0), PortHandler) as server:
        server.ports = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        base_url = f"http://127.0.0.1:{server.server_address[1]}"
        with KopoKopo(
            client_id="a", client_secret="b", base_url=base_url, private_token=True, fresh_connections=fresh
        ) as client:
            for _ in range(2):
                client.raw_requests.post(path="/api/v2/resources", body="{}")
        server.shutdown()
        assert (len(server.ports), len(set(server.ports))) == (2, connections)
