"""`k2 sandbox` as a process of its own, and requests to it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

from description import ROOT

__all__ = ["API_KEY", "CREDENTIALS", "TARGET", "Response", "Server"]

TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "debug"
CREDENTIALS = {"client_id": "sandbox_client", "client_secret": "sandbox_secret"}
"""Those that the examples of the description have."""
API_KEY = "sandbox_key"


@dataclass(frozen=True)
class Response:
    """A response, with the names of its headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The value of its body."""
        return json.loads(self.body)

    @property
    def id(self) -> str:
        """The id of what was created."""
        return self.headers["location"].rpartition("/")[2]


class Server:
    """A sandbox that ends with its block."""

    def __init__(self) -> None:
        program = os.environ.get("K2_SANDBOX_BIN", str(TARGET / "k2"))
        options = {**CREDENTIALS, "api_key": API_KEY, "port": "0"}
        names = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        pipe = subprocess.PIPE
        # It ends with this process, however that ends.
        command = [program, "sandbox", "--json", "--exit-with-stdin", *names]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe)
        assert self.process.stdout
        self.base_url: str = json.loads(self.process.stdout.readline())["base_url"]

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        """Sends one request."""
        connection = HTTPConnection(self.base_url.removeprefix("http://"), timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body or None, headers=named)
            got = connection.getresponse()
            found = {name.lower(): value for name, value in got.getheaders()}
            return Response(got.status, found, got.read())
        finally:
            connection.close()

    def token(self) -> str:
        """A new access token."""
        form = urlencode({**CREDENTIALS, "grant_type": "client_credentials"}).encode()
        made = self.send("POST", "/oauth/token", form, content_type="application/x-www-form-urlencoded")
        assert made.status == 200, made
        token: str = made.json()["access_token"]
        return token

    def control(self, method: str, path: str, value: Any = None) -> Any:
        """Calls a control."""
        body = b"" if value is None else json.dumps(value).encode()
        done = self.send(method, f"/_sandbox{path}", body, content_type="application/json")
        assert done.status == 200, (path, done)
        return done.json()
