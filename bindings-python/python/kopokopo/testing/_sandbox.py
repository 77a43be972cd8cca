"""`k2 sandbox` in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from .. import AsyncKopoKopo, KopoKopo
from ._binary import SandboxError, find_binary
from ._controls import Amount, Controls, Delivery, Pace, RecordedRequest, amount_text

_START_TIMEOUT = 60.0
"""Seconds. It starts within milliseconds, but a machine can be loaded."""
_STOP_TIMEOUT = 10.0
_CALL_TIMEOUT = 30.0
_REFUSED_TIMEOUT = 10.0
"""Seconds. A fault can close the port for a while."""
_POLL_INTERVAL = 0.02
_NAMES = ("base_url", "client_id", "client_secret", "api_key")

_Found = TypeVar("_Found")


def _check_known(parameter: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise SandboxError(f"{parameter}: there is no {value!r}; expected one of {', '.join(known)}")


class Sandbox(Controls):
    """The Kopo Kopo API on this machine, for tests. It listens on a free port of 127.0.0.1, and has new credentials.

    It starts when it is constructed. It stops with `close`, after `with`, and if this process ends or is killed.

    Args:
        binary: The path of `k2`. The default is `K2_SANDBOX_BIN`, the package `kopokopo-sandbox`, or `k2` of the PATH.
        pace: How fast the simulation runs without control calls.
        port: The port. 0 is any free port.
        tills: Tills in addition to the documented ones, and their balances.
        seed: Makes ids and references repeatable.
        allow_remote_callbacks: Whether callbacks go to other machines too.

    Raises:
        SandboxError: The program is not installed, or did not start.
    """

    def __init__(
        self,
        *,
        binary: str | os.PathLike[str] | None = None,
        pace: Pace = "instant",
        port: int = 0,
        tills: Mapping[str, Amount] | None = None,
        seed: int | None = None,
        allow_remote_callbacks: bool = False,
    ) -> None:
        command = [find_binary(binary), "sandbox", "--json", "--exit-with-stdin", f"--pace={pace}", f"--port={port}"]
        command += [f"--till={number}={amount_text(balance, 'tills')}" for number, balance in (tills or {}).items()]
        command += [] if seed is None else [f"--seed={seed}"]
        command += ["--allow-remote-callbacks"] if allow_remote_callbacks else []
        self._owner = os.getpid()
        # A file, because nothing reads a pipe while the sandbox runs.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            # Without a buffer, so that closing the pipe does not wait for a thread that reads it.
            self._process = subprocess.Popen(
                command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
            )
        except OSError as error:
            self._errors.close()
            raise SandboxError(f"could not start {command[0]}: {error}") from error
        try:
            self._startup = self._read_startup(command[0])
        except BaseException:
            self._kill()
            self._errors.close()
            raise

    def _read_startup(self, program: str) -> dict[str, str]:
        stdout = self._process.stdout
        assert stdout is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        # A process that the program started can keep the pipe open after the program has ended.
        threading.Thread(target=lambda: lines.put(stdout.readline()), name="kopokopo-sandbox", daemon=True).start()
        try:
            line = lines.get(timeout=_START_TIMEOUT)
        except queue.Empty:
            raise SandboxError(f"{program} sandbox did not start within {_START_TIMEOUT:g} s") from None
        if not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_TIMEOUT)
            raise SandboxError(f"{program} sandbox did not start: {self._last_error()}")
        try:
            startup = json.loads(line)
            values = {name: startup[name] for name in _NAMES}
        except (ValueError, KeyError, TypeError):
            values = {}
        if not values or not all(isinstance(value, str) for value in values.values()):
            raise SandboxError(
                f"{program} sandbox did not start: its first line is not as expected, so it is another program"
            )
        return values

    def _last_error(self) -> str:
        if self._errors.closed:
            return "it was closed"
        self._errors.seek(0)
        text = self._errors.read(10_000).decode("utf-8", "replace").strip()
        return text or f"it ended with status {self._process.returncode} and no message"

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def base_url(self) -> str:
        """The address, such as `http://127.0.0.1:41234`."""
        return self._startup["base_url"]

    @property
    def client_id(self) -> str:
        """The client id that it accepts."""
        return self._startup["client_id"]

    @property
    def client_secret(self) -> str:
        """The client secret that it accepts."""
        return self._startup["client_secret"]

    @property
    def api_key(self) -> str:
        """The key that it signs webhooks with."""
        return self._startup["api_key"]

    @property
    def credentials(self) -> dict[str, Any]:
        """The options of a client: `KopoKopo(**sandbox.credentials)`."""
        return dict(self._startup)

    @property
    def env(self) -> dict[str, str]:
        """The environment variables that `KopoKopo.from_env()` reads."""
        return {f"K2_{name.upper()}": value for name, value in self._startup.items()}

    def client(self, **options: Any) -> KopoKopo:
        """Returns a new client of the sandbox. The options are those of `KopoKopo`."""
        return KopoKopo(**self._options(options))

    def async_client(self, **options: Any) -> AsyncKopoKopo:
        """Returns a new client of the sandbox for asyncio. The options are those of `AsyncKopoKopo`."""
        return AsyncKopoKopo(**self._options(options))

    def _options(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**self._startup, "private_token": True, **options}

    def wait_for_request(self, operation: str, *, timeout: float = 20.0) -> RecordedRequest:
        """Waits until a request of an operation has arrived, such as `incoming_payments.create`. Returns the first one.

        Raises:
            SandboxError: None has arrived after `timeout` seconds, or there is no such operation.
        """
        _check_known("operation", operation, self.operations().operations)
        return self._wait(
            lambda: next((request for request in self.requests() if request.operation == operation), None),
            f"no request of {operation} arrived",
            timeout,
        )

    def wait_for_delivery(self, topic: str, *, timeout: float = 20.0) -> Delivery:
        """Waits until a callback or webhook of a topic was received with 2xx, or is withheld. Returns the first one.

        Raises:
            SandboxError: None was received after `timeout` seconds, or there is no such topic.
        """
        _check_known("topic", topic, self.operations().callbacks)
        return self._wait(
            lambda: next(
                (found for found in self.deliveries() if found.topic == topic and (found.delivered or found.withheld)),
                None,
            ),
            f"no delivery of {topic} was received with 2xx",
            timeout,
        )

    def _wait(self, find: Callable[[], _Found | None], failure: str, timeout: float) -> _Found:
        deadline = time.monotonic() + timeout
        while True:
            found = find()
            if found is not None:
                return found
            if time.monotonic() >= deadline:
                raise SandboxError(f"{failure} within {timeout:g} s")
            time.sleep(_POLL_INTERVAL)

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Sends a request without a token, and returns its status and the JSON of its response.

        Repeats it while the port is closed by a fault, up to 10 seconds.

        Raises:
            SandboxError: There was no response.
        """
        deadline = time.monotonic() + _REFUSED_TIMEOUT
        while True:
            connection = http.client.HTTPConnection(self.base_url.removeprefix("http://"), timeout=_CALL_TIMEOUT)
            try:
                data = None if body is None else json.dumps(body)
                connection.request(method, path, data, {"content-type": "application/json"})
                response = connection.getresponse()
                content = response.read()
                return response.status, json.loads(content) if content else None
            except TimeoutError:
                raise SandboxError(f"{method} {path}: there was no response within {_CALL_TIMEOUT:g} s") from None
            except (ConnectionError, http.client.IncompleteRead) as error:
                # A connection that is cut while the port closes may have had an effect.
                if method == "POST" and not isinstance(error, ConnectionRefusedError):
                    raise SandboxError(f"{method} {path}: the connection ended before the response") from None
                if self._has_ended() or time.monotonic() > deadline:
                    raise SandboxError(f"{method} {path}: the sandbox does not listen any more") from None
                time.sleep(_POLL_INTERVAL)
            finally:
                connection.close()

    def _control(self, method: str, path: str, body: Any = None, *, accepts: Sequence[int] = ()) -> Any:
        status, content = self.request(method, f"/_sandbox{path}", body)
        if status != 200 and status not in accepts:
            reason: Any = content
            with contextlib.suppress(KeyError, TypeError):
                reason = content["error"]
            raise SandboxError(f"{method} /_sandbox{path}: {status}: {reason}")
        return content

    def _has_ended(self) -> bool:
        # In a forked process it is no child, so the system would say that it has ended.
        return os.getpid() == self._owner and self._process.poll() is not None

    def close(self) -> None:
        """Stops it. Does nothing in a forked process, which shares the sandbox of its parent."""
        if os.getpid() != self._owner:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            # A forked process can have the other end of stdin.
            self._process.terminate()
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._kill()
        self._errors.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Sandbox(base_url={self.base_url!r})"
