"""Plays the scenarios of tests/README.md through this package, sync or async."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import kopokopo
from kopokopo import AsyncKopoKopo, Destination, KopoKopo, KopoKopoError
from matching import ABSENT, differences, fill, fill_text, fits, redacted
from stage import PATIENCE, Receiver, Sandbox

HELPERS = {
    "is_received", "is_paid", "failed_disbursements", "is_reversed", "is_failed", "is_cancelled", "has_failed_attempt",
}  # fmt: skip


class Failure(AssertionError):
    """Why a scenario failed, without phone numbers and secrets."""


def plain(value: Any) -> Any:
    """A value as tests compare it: as in JSON, amounts and times as texts."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(getattr(value, "value", value))


def error(error: KopoKopoError) -> dict[str, Any]:
    names = (
        "kind", "detail", "operation", "field", "status", "server_code", "messages", "attempts", "body", "id", "location", "state",
    )  # fmt: skip
    seconds = error.retry_after
    return {
        **{name: plain(getattr(error, name)) for name in names},
        "retry_after": None if seconds is None else int(seconds),
    }


def event(event: kopokopo.Event) -> dict[str, Any]:
    found = plain(event)
    payload = found.pop("payload")
    kind = payload.pop("kind")
    data: Any = next(iter(payload.values()), None)
    helpers = {name: data[name] for name in HELPERS if name in (data or {})}
    return {**found, "kind": kind, "data": data, "helpers": helpers}


class Sync:
    """Calls the blocking client, many at once on threads."""

    client_type: Any = KopoKopo

    def run(self, call: Callable[[], Any], times: int) -> list[Any]:
        def outcome(_: int) -> Any:
            try:
                return call()
            except KopoKopoError as error:
                return error

        if times == 1:
            return [outcome(0)]
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(outcome, range(times)))

    def close(self) -> None:
        """Nothing to end."""


class Async:
    """Calls the asyncio client on a loop of its own."""

    client_type: Any = AsyncKopoKopo

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, call: Callable[[], Any], times: int) -> list[Any]:
        async def outcome() -> Any:
            try:
                return await call()
            except KopoKopoError as error:
                return error

        async def all_of_them() -> list[Any]:
            return list(await asyncio.gather(*(outcome() for _ in range(times))))

        return asyncio.run_coroutine_threadsafe(all_of_them(), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Play:
    """One scenario."""

    def __init__(self, scenario: dict[str, Any], engine: Sync | Async) -> None:
        self.scenario = scenario
        self.engine = engine
        self.sandbox = Sandbox()
        self.receiver = Receiver(scenario.get("receiver", {}).get("statuses", []))
        self.names: dict[str, Any] = {
            "callback": self.receiver.url, "base_url": self.sandbox.base_url, "client_id": self.sandbox.said["client_id"],
        }  # fmt: skip
        self.client = self._client(scenario.get("client", {}))

    def run(self) -> None:
        at = "0"
        try:
            if "settings" in self.scenario:
                self.sandbox.control("PUT /_sandbox/settings", self.scenario["settings"])
            for number, step in enumerate(self.scenario["steps"], 1):
                at = f"step {number}"
                self._step(dict(step))
            at = "requests"
            if "requests" in self.scenario:
                self._settle(
                    lambda: self._requests(self.sandbox.control("GET /_sandbox/requests"), self.scenario["requests"])
                )
        except (AssertionError, KopoKopoError, TypeError) as why:
            raise Failure(redacted(f"{self.scenario['name']}: {at}: {why}")) from None
        finally:
            self.receiver.close()
            self.sandbox.close()

    def _client(self, options: dict[str, Any]) -> Any:
        given: dict[str, Any] = {
            **self.sandbox.credentials,
            "retry_base": options.pop("retry_base_ms", 10) / 1000,
            **options,
        }
        return self.engine.client_type(**seconds(given))

    def _step(self, step: dict[str, Any]) -> None:
        if "call" in step:
            self._call(step.pop("call"), **step)
        elif "control" in step:
            control = fill_text(step.pop("control"), self.names)
            answer = self.sandbox.control(control, fill(step.get("body"), self.names), step.get("status", 200))
            self._take_in(step, answer)
        elif "receive" in step:
            self._receive(step.pop("receive"), **step)
        elif "state" in step:
            self._settle(lambda: self._differences(self.sandbox.control("GET /_sandbox/state"), step["state"]))
        elif "client" in step:
            self.client = self._client(dict(step["client"]))
        else:
            time.sleep(step["sleep_ms"] / 1000)

    def _call(
        self, operation: str, wait: dict[str, int] | None = None, options: dict[str, int] | None = None,
        parallel: int = 1, retry_chain: int = 0, **step: Any,
    ) -> None:  # fmt: skip
        section, name = operation.split(".")
        given = fill(step.pop("with", {}), self.names)
        client = self.client.with_options(**seconds(dict(options))) if options else self.client
        method = getattr(getattr(client, section), name)
        given = arguments(method, given)
        is_wait = name in ("wait", "watch")
        waiting = None if wait is None and not is_wait else {"timeout_ms": 10_000, "interval_ms": 20, **(wait or {})}
        if is_wait and waiting is not None:
            given |= patience(waiting)
            waiting = None

        def call() -> Any:
            for left in reversed(range(retry_chain + 1)):
                try:
                    result = method(**given)
                    if name == "watch":
                        return list(result)
                    return result if waiting is None else result.wait(**patience(waiting))
                except (ConnectionError, TimeoutError) as error:
                    if not left or not isinstance(error, KopoKopoError):
                        raise
            raise AssertionError

        async def call_async() -> Any:
            for left in reversed(range(retry_chain + 1)):
                try:
                    if name == "watch":
                        return [state async for state in method(**given)]
                    result = await method(**given)
                    return result if waiting is None else await result.wait(**patience(waiting))
                except (ConnectionError, TimeoutError, asyncio.TimeoutError) as error:
                    if not left or not isinstance(error, KopoKopoError):
                        raise
            raise AssertionError

        for outcome in self.engine.run(call if isinstance(self.engine, Sync) else call_async, parallel):
            self._compare(operation, outcome, answer, step)

    def _receive(self, topic: str, count: int = 1, within_ms: int = 5000, **step: Any) -> None:
        def wanted(body: bytes, signature: str | None) -> bool:
            try:
                return topic == "*" or self.client.webhooks.verify(body, signature).topic == topic
            except KopoKopoError:
                return False

        for nth in range(1, max(count, 1) + 1):
            arrival = self.receiver.take(wanted, within_ms / 1000)
            if count == 0:
                assert arrival is None, f"{topic}: expected none, and one arrived"
                return
            assert arrival is not None, f"{topic}: {nth - 1} of {count} arrived"
            try:
                outcome: Any = self.client.webhooks.verify(*arrival)
            except KopoKopoError as refused:
                outcome = refused
            self._compare(topic, outcome, event, step)

    def _compare(self, what: str, outcome: Any, shown: Callable[[Any], Any], step: dict[str, Any]) -> None:
        if "expect_error" in step:
            assert isinstance(outcome, KopoKopoError), f"{what}: expected an error, found {plain(outcome)}"
            self._take_in({**step, "expect": step["expect_error"]}, error(outcome))
        else:
            assert not isinstance(outcome, KopoKopoError), f"{what}: {outcome}"
            self._take_in(step, shown(outcome))

    def _take_in(self, step: dict[str, Any], found: Any) -> None:
        if "as" in step:
            self.names[step["as"]] = found
        self._differences(found, step.get("expect", {}))

    def _differences(self, found: Any, expected: dict[str, Any]) -> None:
        wrong = differences(found, expected, self.names)
        assert not wrong, "; ".join(wrong)

    def _requests(self, seen: list[dict[str, Any]], expected: Any) -> None:
        if isinstance(expected, dict):
            found = Counter(request["operation"] for request in seen)
            for operation in {*found, *expected}:
                wanted = expected.get(operation, 0)
                assert fits(found[operation], wanted), f"{operation}: expected {wanted}, found {found[operation]}"
            return
        rest = list(seen)
        for template in expected:
            entry = {path: value for path, value in template.items() if path != "$repeat"}
            assert rest, f"{len(seen)} arrived, expected {entry['operation']} more"
            self._differences(rest.pop(0), entry)
            while template.get("$repeat") and rest and not differences(rest[0], entry, self.names):
                rest.pop(0)
        assert not rest, f"not expected: {rest[0]['operation']}"

    @staticmethod
    def _settle(look: Callable[[], None]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return look()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def arguments(method: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The same values in the types that Python's callers have. What a scenario leaves out is given as None."""
    out: dict[str, Any] = {}
    for name, value in given.items():
        if name == "destinations":
            value = [destination(dict(item)) for item in value]
        elif name in ("from_time", "to_time"):
            value = datetime.fromisoformat(value)
        out[name] = value
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.default is inspect.Parameter.empty:
            out.setdefault(name, None)
    return out


def destination(given: dict[str, Any]) -> Any:
    variant = getattr(Destination, "".join(part.title() for part in given.pop("type").split("_")))
    return variant(**arguments(variant, given))


def answer(value: Any) -> Any:
    """A handle is what it says of itself."""
    if value is None:
        return {}
    return {"id": value.id, "location": value.location} if hasattr(value, "watch") else plain(value)


def seconds(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") else value for name, value in options.items()
    }


def patience(wait: dict[str, int]) -> dict[str, float]:
    longest = max(wait["interval_ms"], 500)
    return {
        "timeout": wait["timeout_ms"] / 1000,
        "interval": wait["interval_ms"] / 1000,
        "max_interval": longest / 1000,
    }


__all__ = ["ABSENT", "Async", "Failure", "Play", "Sync"]
