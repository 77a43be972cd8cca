"""The example's token endpoint, in a real uvicorn, and a client without a secret that takes money with its tokens."""

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
from kopokopo import AccessToken, AuthenticationError, KopoKopo
from stage import Sandbox

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
    """A running endpoint on a sandbox of its own."""

    def __init__(self, log: Path) -> None:
        self.sandbox = Sandbox()
        self.owner = KopoKopo(**self.sandbox.credentials)
        self._log = log
        with socket.create_server(("127.0.0.1", 0)) as listener, log.open("w") as output:
            self._url = f"http://127.0.0.1:{listener.getsockname()[1]}/k2/token"
            environment = {
                **os.environ,
                **{f"K2_{name.upper()}": value for name, value in self.sandbox.credentials.items()},
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

    def ask(self, session: str | None, body: bytes | None = None) -> tuple[int, Any, Any]:
        """Asks as the Android example does: a POST, without a body where there is nothing to say."""
        headers = {} if session is None else {"Authorization": f"Bearer {session}"}
        request = urllib.request.Request(self._url, body or b"", headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read()), error.headers

    def refused(self, user: str) -> tuple[int, Any, Any]:
        return self.ask(f"session-of-{user}", b'{"refused": true}')

    def requests(self, operation: str) -> int:
        return sum(one["operation"] == operation for one in self.sandbox.control("GET /_sandbox/requests"))

    def log(self) -> str:
        return self._log.read_text()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self.sandbox.close()


class App:
    """What an app does: a token source that asks its backend."""

    def __init__(self, endpoint: Endpoint, session: str) -> None:
        self._endpoint = endpoint
        self._session = session
        self._lasts_until = 0.0
        self.asked = 0
        self.k2 = KopoKopo.with_token_source(self._token, base_url=endpoint.sandbox.base_url)

    def _token(self) -> AccessToken:
        self.asked += 1
        # Asked again though the last token should live on for more than five minutes: Kopo Kopo refused it.
        refused = time.monotonic() < self._lasts_until - 300
        status, answer, _ = self._endpoint.ask(self._session, b'{"refused": true}' if refused else None)
        if status != 200:
            raise OSError(f"the backend gave no token: {status}")
        self._lasts_until = time.monotonic() + answer["expires_in"]
        return AccessToken(token=answer["token"], expires_in=answer["expires_in"])


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    endpoint = Endpoint(tmp_path / "log")
    try:
        yield endpoint
    finally:
        endpoint.close()


def test_an_app_without_a_secret_takes_a_payment(endpoint: Endpoint) -> None:
    app = App(endpoint, "session-of-user0")
    assert app.k2.incoming_payments.create(**PUSH).wait(interval=0.02).is_paid
    assert app.asked == 1
    assert endpoint.requests("oauth.token") == 1


def test_response_has_the_format_of_the_android_example(endpoint: Endpoint) -> None:
    status, answer, headers = endpoint.ask("session-of-user0")
    assert status == 200
    assert sorted(answer) == ["expires_in", "token"]
    assert isinstance(answer["expires_in"], int) and 3500 < answer["expires_in"] <= 3600
    assert headers["Cache-Control"] == "no-store"
    assert endpoint.owner.oauth.introspect(answer["token"]).active
    assert endpoint.ask("session-of-user1")[1]["token"] == answer["token"]


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_after_a_token_ended_early_the_next_call_works_with_one_more(endpoint: Endpoint, end: str) -> None:
    app = App(endpoint, "session-of-user0")
    app.k2.incoming_payments.create(**PUSH)
    old = endpoint.ask("session-of-user1")[1]["token"]
    if end == "revoked":
        endpoint.owner.oauth.revoke(old)
    else:
        endpoint.sandbox.control("POST /_sandbox/clock/advance", {"seconds": 3700})
    assert app.k2.incoming_payments.create(**PUSH).wait(interval=0.02).is_paid
    assert app.asked == 2
    assert endpoint.requests("oauth.token") == 2
    # A user who still has the old token gets the new one, which has been fetched already.
    status, answer, _ = endpoint.refused("user1")
    assert status == 200 and answer["token"] != old
    assert endpoint.requests("oauth.token") == 2


def test_refusing_again_and_again_fetches_once_in_a_while(endpoint: Endpoint) -> None:
    endpoint.ask("session-of-user0")
    assert endpoint.refused("user0")[0] == 200
    status, answer, headers = endpoint.refused("user0")
    assert status == 429 and "token" not in answer
    assert 1 <= int(headers["Retry-After"]) <= 5
    assert endpoint.requests("oauth.token") == 2
    assert endpoint.ask("session-of-user0")[0] == 200, "the token that is there is still handed out"


def test_user_without_session_gets_no_token(endpoint: Endpoint) -> None:
    app = App(endpoint, "session-of-a-stranger")
    with pytest.raises(AuthenticationError):
        app.k2.incoming_payments.create(**PUSH)
    assert app.asked == 1
    for session in (None, "", "session-of-user", "session-of-user0 ", "sessión"):
        expected = 200 if session == "session-of-user0 " else 401
        status, answer, headers = endpoint.ask(session)
        assert status == expected and headers["Cache-Control"] == "no-store"
        assert ("token" in answer) == (status == 200)
    assert endpoint.requests("incoming_payments.create") == 0
    assert endpoint.requests("oauth.token") == 1


def test_each_user_may_ask_so_often(endpoint: Endpoint) -> None:
    assert [endpoint.ask("session-of-user0")[0] for _ in range(7)] == [200] * 6 + [429]
    status, answer, headers = endpoint.ask("session-of-user0")
    assert status == 429 and "token" not in answer
    assert 1 <= int(headers["Retry-After"]) <= 60
    assert endpoint.ask("session-of-user1")[0] == 200
    assert endpoint.requests("oauth.token") == 1


def test_twenty_who_ask_at_once_make_one_request(endpoint: Endpoint) -> None:
    endpoint.sandbox.control("PUT /_sandbox/faults", {"operation": "oauth.token", "kind": "delay", "delay_ms": 300})
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda user: endpoint.ask(f"session-of-{user}"), USERS))
    assert [status for status, _, _ in answers] == [200] * 20
    assert len({answer["token"] for _, answer, _ in answers}) == 1
    assert endpoint.requests("oauth.token") == 1
    # All of them see it end, and say so at once.
    endpoint.owner.oauth.revoke(answers[0][1]["token"])
    with ThreadPoolExecutor(20) as pool:
        again = list(pool.map(endpoint.refused, USERS))
    assert len({answer["token"] for _, answer, _ in again}) == 1
    assert endpoint.requests("oauth.token") == 2


def test_without_kopo_kopo_there_is_no_token_and_no_detail(endpoint: Endpoint) -> None:
    fault = {"operation": "oauth.token", "kind": "status", "status": 500, "body": "CANARY", "times": None}
    endpoint.sandbox.control("PUT /_sandbox/faults", fault)
    status, answer, _ = endpoint.ask("session-of-user0")
    assert (status, answer) == (503, {"detail": "no token now"})
    endpoint.sandbox.control("DELETE /_sandbox/faults")
    token = endpoint.ask("session-of-user0")[1]["token"]
    endpoint.sandbox.control("PUT /_sandbox/faults", fault)
    assert endpoint.refused("user0")[0] == 503
    assert endpoint.ask("session-of-user1")[1]["token"] == token, "who did not complain has what there is"
    assert "Kopo Kopo gave no token" in endpoint.log()
    credentials = endpoint.sandbox.credentials
    for secret in (token, "CANARY", "session-of", credentials["client_secret"], credentials["api_key"]):
        assert secret not in endpoint.log()


@pytest.mark.parametrize(("body", "expected"), [(b"{", 400), (b"[" * 900, 400), (b"[1]", 200), (b" " * 5000, 413)])
def test_what_is_not_understood_is_not_repeated(endpoint: Endpoint, body: bytes, expected: int) -> None:
    status, answer, _ = endpoint.ask("session-of-user0", body)
    assert status == expected
    if expected != 200:
        assert list(answer) == ["detail"] and len(answer["detail"]) < 20
