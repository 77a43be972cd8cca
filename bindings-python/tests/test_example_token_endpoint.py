"""The example token endpoint, which runs in uvicorn, and a client without a secret that uses its tokens."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from harness import Sandbox
from kopokopo import AccessToken, AuthenticationError, KopoKopo

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDPOINT = Path(__file__).resolve().parents[1] / "examples" / "token_endpoint"
USERS = [f"user{number}" for number in range(20)]
PUSH: dict[str, Any] = {
    "till_number": "K000000",
    "phone_number": "0712345678",
    "amount": 100,
    "callback_url": "https://shop.example/k2/results",
}


class Endpoint:
    """A running endpoint with its own sandbox."""

    def __init__(self, log: Path) -> None:
        self.sandbox = Sandbox()
        self.owner = KopoKopo(**self.sandbox.credentials)
        self._log = log
        with socket.create_server(("127.0.0.1", 0)) as listener, log.open("w") as output:
            self._url = f"http://127.0.0.1:{listener.getsockname()[1]}/k2/token"
            environment = {
                **os.environ,
                **self.sandbox.env,
                "APP_SESSIONS": ",".join(f"{user}=session-of-{user}" for user in USERS),
            }
            command = [sys.executable, "-m", "uvicorn", "tokens:app", "--fd", str(listener.fileno())]
            self._process = subprocess.Popen(
                command, cwd=ENDPOINT, env=environment, pass_fds=[listener.fileno()], stdout=output, stderr=output
            )
        deadline = time.monotonic() + 20
        while "startup complete" not in self.log():
            assert self._process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def request_token(self, session: str | None, body: bytes | None = None) -> tuple[int, Any, Any]:
        """Requests a token as the Android example does: a POST, without a body unless a token was refused."""
        headers = {} if session is None else {"Authorization": f"Bearer {session}"}
        request = urllib.request.Request(self._url, body or b"", headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, json.loads(response.read()), response.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read()), error.headers

    def report_refused_token(self, user: str) -> tuple[int, Any, Any]:
        return self.request_token(f"session-of-{user}", b'{"refused": true}')

    def requests(self, operation: str) -> int:
        return sum(request.operation == operation for request in self.sandbox.requests())

    def log(self) -> str:
        return self._log.read_text()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self.sandbox.close()


class App:
    """An app whose token source requests tokens from its backend."""

    def __init__(self, endpoint: Endpoint, session: str) -> None:
        self._endpoint = endpoint
        self._session = session
        self._expires_at = 0.0
        self.token_requests = 0
        self.k2 = KopoKopo.with_token_source(self._token, base_url=endpoint.sandbox.base_url)

    def _token(self) -> AccessToken:
        self.token_requests += 1
        # The last token has more than five minutes left, so Kopo Kopo refused it.
        is_refused = time.monotonic() < self._expires_at - 300
        status, content, _ = self._endpoint.request_token(self._session, b'{"refused": true}' if is_refused else None)
        if status != 200:
            raise OSError(f"the backend returned no token: {status}")
        self._expires_at = time.monotonic() + content["expires_in"]
        return AccessToken(token=content["token"], expires_in=content["expires_in"])


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    endpoint = Endpoint(tmp_path / "log")
    try:
        yield endpoint
    finally:
        endpoint.close()


def test_app_without_secret_takes_payment(endpoint: Endpoint) -> None:
    app = App(endpoint, "session-of-user0")
    assert app.k2.incoming_payments.create(**PUSH).wait(interval=0.02).is_paid
    assert app.token_requests == 1
    assert endpoint.requests("oauth.token") == 1


def test_response_has_the_format_of_the_android_example(endpoint: Endpoint) -> None:
    status, content, headers = endpoint.request_token("session-of-user0")
    assert status == 200
    assert sorted(content) == ["expires_in", "token"]
    assert isinstance(content["expires_in"], int) and 3500 < content["expires_in"] <= 3600
    assert headers["Cache-Control"] == "no-store"
    assert endpoint.owner.oauth.introspect(content["token"]).active
    assert endpoint.request_token("session-of-user1")[1]["token"] == content["token"]


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_next_call_gets_new_token_if_token_ended_early(endpoint: Endpoint, end: str) -> None:
    app = App(endpoint, "session-of-user0")
    app.k2.incoming_payments.create(**PUSH)
    old = endpoint.request_token("session-of-user1")[1]["token"]
    if end == "revoked":
        endpoint.owner.oauth.revoke(old)
    else:
        endpoint.sandbox.advance_clock(3700)
    assert app.k2.incoming_payments.create(**PUSH).wait(interval=0.02).is_paid
    assert app.token_requests == 2
    assert endpoint.requests("oauth.token") == 2
    # A user with the old token gets the new one, which was fetched already.
    status, content, _ = endpoint.report_refused_token("user1")
    assert status == 200 and content["token"] != old
    assert endpoint.requests("oauth.token") == 2


def test_repeated_refusals_fetch_one_token_per_pause(endpoint: Endpoint) -> None:
    endpoint.request_token("session-of-user0")
    assert endpoint.report_refused_token("user0")[0] == 200
    status, content, headers = endpoint.report_refused_token("user0")
    assert status == 429 and "token" not in content
    assert 1 <= int(headers["Retry-After"]) <= 5
    assert endpoint.requests("oauth.token") == 2
    assert endpoint.request_token("session-of-user0")[0] == 200, "the current token is still returned"


def test_user_without_session_gets_no_token(endpoint: Endpoint) -> None:
    app = App(endpoint, "session-of-unknown-user")
    with pytest.raises(AuthenticationError):
        app.k2.incoming_payments.create(**PUSH)
    assert app.token_requests == 1
    for session in (None, "", "session-of-user", "session-of-user0 ", "sessión"):
        expected = 200 if session == "session-of-user0 " else 401
        status, content, headers = endpoint.request_token(session)
        assert status == expected and headers["Cache-Control"] == "no-store"
        assert ("token" in content) == (status == 200)
    assert endpoint.requests("incoming_payments.create") == 0
    assert endpoint.requests("oauth.token") == 1


def test_requests_of_each_user_are_limited(endpoint: Endpoint) -> None:
    assert [endpoint.request_token("session-of-user0")[0] for _ in range(7)] == [200] * 6 + [429]
    status, content, headers = endpoint.request_token("session-of-user0")
    assert status == 429 and "token" not in content
    assert 1 <= int(headers["Retry-After"]) <= 60
    assert endpoint.request_token("session-of-user1")[0] == 200
    assert endpoint.requests("oauth.token") == 1


def test_parallel_requests_fetch_one_token(endpoint: Endpoint) -> None:
    endpoint.sandbox.fault("delay", operation="oauth.token", delay_ms=300)
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda user: endpoint.request_token(f"session-of-{user}"), USERS))
    assert [status for status, _, _ in responses] == [200] * 20
    assert len({content["token"] for _, content, _ in responses}) == 1
    assert endpoint.requests("oauth.token") == 1
    # All users report the revoked token at the same time.
    endpoint.owner.oauth.revoke(responses[0][1]["token"])
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(endpoint.report_refused_token, USERS))
    assert len({content["token"] for _, content, _ in responses}) == 1
    assert endpoint.requests("oauth.token") == 2


def test_response_is_503_without_details_if_kopo_kopo_fails(endpoint: Endpoint) -> None:
    fault: dict[str, Any] = {
        "operation": "oauth.token",
        "kind": "status",
        "status": 500,
        "body": "CANARY",
        "times": None,
    }
    endpoint.sandbox.fault(**fault)
    status, content, _ = endpoint.request_token("session-of-user0")
    assert (status, content) == (503, {"detail": "no token available"})
    endpoint.sandbox.clear_faults()
    token = endpoint.request_token("session-of-user0")[1]["token"]
    endpoint.sandbox.fault(**fault)
    assert endpoint.report_refused_token("user0")[0] == 503
    assert endpoint.request_token("session-of-user1")[1]["token"] == token, (
        "a user who did not report a refused token gets the current one"
    )
    assert "Kopo Kopo returned no token" in endpoint.log()
    credentials = endpoint.sandbox.credentials
    for secret in (token, "CANARY", "session-of", credentials["client_secret"], credentials["api_key"]):
        assert secret not in endpoint.log()


@pytest.mark.parametrize(("body", "expected"), [(b"{", 400), (b"[" * 900, 400), (b"[1]", 200), (b" " * 5000, 413)])
def test_error_does_not_repeat_invalid_body(endpoint: Endpoint, body: bytes, expected: int) -> None:
    status, content, _ = endpoint.request_token("session-of-user0", body)
    assert status == expected
    if expected != 200:
        assert list(content) == ["detail"] and len(content["detail"]) < 20
