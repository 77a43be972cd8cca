"""Tests of the twin that no scenario has: cancelling, token sources, watches, and results that cannot be read.

The library for apps is the argument, or that of a debug build.
"""

from __future__ import annotations

import gc
import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
sys.path += [str(TESTS), str(TESTS.parents[1] / "bindings-c/tests")]

import generated  # noqa: E402
import twin  # noqa: E402

LONGEST_SECONDS = 60
PUSH = {"till_number": "K000000", "phone_number": "0712345678", "amount": "100", "callback_url": "https://shop.example/k2"}


class SilentServer:
    """Reads requests and never responds."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.connections: list[socket.socket] = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            self.connections.append(connection)
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection: socket.socket) -> None:
        if received := connection.recv(65536):
            self.requests.append(received)


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def client(server: SilentServer, source: Callable[[], Any] = lambda: ("canary-token", 3600.0)) -> generated.KopoKopo:
    return generated.KopoKopo.with_token_source(source, {"base_url": server.url, "max_retries": 0})


def outcome(calling: Callable[[], Any]) -> Any:
    try:
        return calling()
    except (twin.AppError, twin.CallCancelled) as error:
        return error


def in_background(calling: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(outcome(calling)), daemon=True)
    thread.start()
    return thread, found


def test_a_create_that_was_sent_has_an_unknown_outcome_if_it_is_cancelled() -> None:
    server, cancel = SilentServer(), twin.CancelToken()
    payments = client(server).incoming_payments()
    thread, found = in_background(lambda: payments.create(PUSH, cancel))
    wait_for(lambda: server.requests)
    cancel.cancel()
    thread.join(LONGEST_SECONDS)
    assert found[0].fields["kind"] == "outcome_unknown" and found[0].name == "OutcomeUnknownException", found
    assert found[0].fields["sent_at"] and len(server.requests) == 1
    assert "712345678" not in found[0].text and "canary-token" not in found[0].text


def test_a_read_that_is_cancelled_is_cancelled() -> None:
    server, cancel = SilentServer(), twin.CancelToken()
    payments = client(server).incoming_payments()
    thread, found = in_background(lambda: payments.get("x", {}, cancel))
    wait_for(lambda: server.requests)
    cancel.cancel()
    thread.join(LONGEST_SECONDS)
    assert isinstance(found[0], twin.CallCancelled), found


def test_a_create_before_which_the_token_was_cancelled_sends_nothing() -> None:
    server, cancel = SilentServer(), twin.CancelToken()
    payments = client(server).incoming_payments()
    cancel.cancel()
    assert isinstance(outcome(lambda: payments.create(PUSH, cancel)), twin.CallCancelled)
    assert not server.requests and not twin.calls


def test_a_create_that_waits_for_a_token_is_cancelled_and_sends_nothing() -> None:
    server, cancel, asked, may_reply = SilentServer(), twin.CancelToken(), threading.Event(), threading.Event()

    def source() -> tuple[str, float | None]:
        asked.set()
        may_reply.wait(LONGEST_SECONDS)
        return "canary-token", None

    payments = client(server, source).incoming_payments()
    thread, found = in_background(lambda: payments.create(PUSH, cancel))
    asked.wait(LONGEST_SECONDS)
    cancel.cancel()
    thread.join(LONGEST_SECONDS)
    may_reply.set()
    assert isinstance(found[0], twin.CallCancelled) and not server.requests, found


def test_a_token_source_that_throws_is_an_authentication_error_without_its_text() -> None:
    def source() -> tuple[str, float | None]:
        raise ValueError("https://shop.example/?session=canary-session")

    server = SilentServer()
    error = outcome(lambda: client(server, source).incoming_payments().get("x", {}))
    assert error.name == "AuthenticationException" and "it threw ValueError" in error.fields["detail"], error
    assert "canary" not in error.text and not server.requests


def test_names_in_errors_are_spelled_as_dart_spells_them() -> None:
    error = outcome(lambda: client(SilentServer()).incoming_payments().create({**PUSH, "phone_number": "1"}))
    assert error.fields["field"] == "phoneNumber" and "phone_number" not in error.fields["detail"], error.fields


def test_the_source_of_a_client_that_is_gone_is_released() -> None:
    own = client(SilentServer())
    number = max(twin.sources)
    del own
    gc.collect()
    wait_for(lambda: number not in twin.sources)


def test_a_client_that_cannot_be_made_releases_its_source() -> None:
    source = lambda: ("t", None)  # noqa: E731
    error = outcome(lambda: generated.KopoKopo.with_token_source(source, {"base_url": "http://shop.example"}))
    assert error.name == "ConfigurationException" and error.fields["field"] == "baseUrl", error
    wait_for(lambda: source not in twin.sources.values())


def test_a_watch_that_ends_early_ends_its_polling() -> None:
    server = SilentServer()
    states = client(server).incoming_payments().watch("x", {})
    thread, _ = in_background(lambda: next(states))
    wait_for(lambda: server.requests)
    # What the end of a subscription does in Dart. A generator cannot be closed while it runs.
    states.gi_frame.f_locals["cancel"].cancel()
    thread.join(LONGEST_SECONDS)
    wait_for(lambda: not twin.calls)


def test_defaults_and_absent_values_that_dart_always_passes_are_accepted() -> None:
    server, cancel = SilentServer(), twin.CancelToken()
    options = {"environment": "sandbox", "base_url": server.url, "connect_timeout": 3.1, "stalled_timeout": 20.0, "timeout": 45.0}
    options |= {"max_retries": 2, "retry_base": 0.5, "retry_cap": 8.0, "proxy": None, "extra_ca_certificates": None}
    options |= {"product": "shop/1.0", "fresh_connections": True}
    assert sorted(["token_source", *options]) == sorted(generated.KopoKopo.PARAMETERS["with_token_source"])
    own = generated.KopoKopo.with_token_source(lambda: ("t", None), options)
    assert own.base_url() == server.url
    absent = dict.fromkeys(generated.KopoKopo.PARAMETERS["with_options"])
    payments = own.with_options(absent).incoming_payments()
    push = {**dict.fromkeys(generated.IncomingPayments.PARAMETERS["create"]), **PUSH}
    thread, found = in_background(lambda: payments.create(push, cancel))
    wait_for(lambda: server.requests)
    assert b"shop/1.0" in server.requests[0] and b"dart" in server.requests[0]
    cancel.cancel()
    thread.join(LONGEST_SECONDS)
    assert found[0].fields["kind"] == "outcome_unknown", found
    waiting = payments.watch("x", {"timeout": 120.0, "interval": 3.0, "max_interval": 15.0})
    waiting.close()


def test_results_that_were_cut_off_are_refused() -> None:
    def block(value: str) -> bytes:
        return len(value.encode()).to_bytes(4, "little") + value.encode()

    links = block("\x01\x03{\x01a\x01\x03\x01b\x01")
    assert twin.decode(links, generated.read_links) == {"$record": "Links", "self_url": "a", "resource_url": None, "callback_url": "b"}
    escaped = block("\x01a\x02Ab\x02Bc\x02C\x01")
    assert twin.decode(escaped, twin.read_string) == "a\x01b\x02c\x03"
    for wrong in (links[:-1], links[:2], block("\x01x\x01"), block("a"), block("\x01\x03{\x01a\x01\x03\x01b\x01c\x01"), block("\x01\x03{\x01a\x01")):
        try:
            twin.decode(wrong, generated.read_links)
        except AssertionError:
            continue
        raise AssertionError(f"{wrong!r} was accepted")


def test_errors_have_every_field_of_the_contract() -> None:
    error = outcome(lambda: client(SilentServer()).incoming_payments().get("", {}))
    assert sorted(json.loads(error.text)) == sorted([*generated.ERROR_FIELDS, "kind"])


def main() -> None:
    twin.Native.load(sys.argv[1] if len(sys.argv) > 1 else str(TESTS.parents[1] / "target/apps/debug/libkopokopo_c.so"))
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        test()
        print(f"{name} ... ok")
    print(f"{len(tests)} passed")


if __name__ == "__main__":
    main()
