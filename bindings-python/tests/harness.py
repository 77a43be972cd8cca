"""Starts `k2 sandbox`, and reads the documented samples."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
K2 = os.environ.get("K2_BINARY", str(TARGET / "debug" / "k2"))
POLL_TIMEOUT = 3.0
"""The seconds within which an expected state must be reached."""


class Sandbox:
    """A sandbox in its own process, which ends when the tests end."""

    def __init__(self, *options: str) -> None:
        command = [K2, "sandbox", "--json", "--exit-with-stdin", *options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        # The output is read to its end, otherwise the sandbox blocks when the pipe is full.
        self.startup: dict[str, str] = json.loads(self._process.stdout.readline())
        self._reader = threading.Thread(target=self._process.stdout.read, daemon=True)
        self._reader.start()

    @property
    def base_url(self) -> str:
        return self.startup["base_url"]

    @property
    def credentials(self) -> dict[str, Any]:
        return {name: self.startup[name] for name in ("base_url", "client_id", "client_secret", "api_key")}

    def request(self, target: str, body: Any = None) -> tuple[int, Any]:
        """Sends a request such as `PUT /_sandbox/faults`. Returns its status and its body.

        Retries for `POLL_TIMEOUT` seconds if the connection is refused, because a fault can close the port.
        """
        method, path = target.split(" ", 1)
        deadline = time.monotonic() + POLL_TIMEOUT
        while True:
            connection = http.client.HTTPConnection(self.base_url.removeprefix("http://"), timeout=10)
            try:
                data = None if body is None else json.dumps(body)
                connection.request(method, path, data, {"content-type": "application/json"})
                response = connection.getresponse()
                content = response.read()
                return response.status, json.loads(content) if content else None
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            finally:
                connection.close()

    def control(self, target: str, body: Any = None, expected: int = 200) -> Any:
        """Sends a request and returns the body of its response. Fails if the status is not the expected one."""
        status, content = self.request(target, body)
        assert status == expected, f"{target}: expected {expected}, found {status}: {content}"
        return content

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def payloads(*prefixes: str) -> list[tuple[str, bytes]]:
    """Returns the names and the bodies of Kopo Kopo's documented samples."""
    files = [path for path in sorted((TESTS / "vectors/payloads").iterdir()) if path.name.startswith(prefixes)]
    assert files, prefixes
    return [(path.stem, path.read_bytes()) for path in files]
