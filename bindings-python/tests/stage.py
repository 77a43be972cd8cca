"""What tests play on: `k2 sandbox`, and a receiver of what it sends."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
K2 = os.environ.get("K2_BINARY", str(TARGET / "debug" / "k2"))
PATIENCE = 3.0


class Sandbox:
    """A sandbox of its own, in a process that ends with this one."""

    def __init__(self, *options: str) -> None:
        command = [K2, "sandbox", "--json", "--exit-with-stdin", *options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        # The output is read to its end, otherwise the sandbox blocks when the pipe is full.
        self.said: dict[str, str] = json.loads(self._process.stdout.readline())
        self._reader = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._reader.start()

    @property
    def base_url(self) -> str:
        return self.said["base_url"]

    @property
    def credentials(self) -> dict[str, Any]:
        return {name: self.said[name] for name in ("base_url", "client_id", "client_secret", "api_key")}

    def ask(self, control: str, body: Any = None) -> tuple[int, Any]:
        """Sends `PUT /_sandbox/faults` with a body. A fault may have closed the port for a while."""
        method, path = control.split(" ", 1)
        deadline = time.monotonic() + PATIENCE
        while True:
            connection = http.client.HTTPConnection(self.base_url.removeprefix("http://"), timeout=10)
            try:
                data = None if body is None else json.dumps(body)
                connection.request(method, path, data, {"content-type": "application/json"})
                answer = connection.getresponse()
                content = answer.read()
                return answer.status, json.loads(content) if content else None
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            finally:
                connection.close()

    def control(self, control: str, body: Any = None, expected: int = 200) -> Any:
        status, answer = self.ask(control, body)
        assert status == expected, f"{control}: expected {expected}, found {status}: {answer}"
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Receiver:
    """Keeps the raw body and the signature of whatever arrives."""

    def __init__(self, answers: list[int]) -> None:
        self._answers = list(answers)
        self._arrivals: list[tuple[bytes, str | None]] = []
        self._news = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                self.close_connection = True
                if self.raw_requestline and self.parse_request():
                    body = self.rfile.read(int(self.headers.get("content-length") or 0))
                    self.send_response_only(receiver._take_in(body, self.headers.get("X-KopoKopo-Signature")))
                    self.send_header("content-length", "0")
                    self.end_headers()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/k2/results"

    def _take_in(self, body: bytes, signature: str | None) -> int:
        with self._news:
            self._arrivals.append((body, signature))
            self._news.notify_all()
            return self._answers.pop(0) if self._answers else 200

    def take(self, wanted: Callable[[bytes, str | None], bool], within: float) -> tuple[bytes, str | None] | None:
        """Removes and returns the first that matches."""
        deadline = time.monotonic() + within
        with self._news:
            while True:
                for at, arrival in enumerate(self._arrivals):
                    if wanted(*arrival):
                        return self._arrivals.pop(at)
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    return None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
