"""Runs the scenarios of tests/scenarios with this package, blocking or with asyncio. See tests/README.md."""

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
from harness import POLL_TIMEOUT, Receiver, Sandbox
from kopokopo import AsyncKopoKopo, Destination, KopoKopo, KopoKopoError
from matching import ABSENT, differences, fill, fill_text, matches, redact

HELPERS = {
    "is_received", "is_paid", "failed_disbursements", "is_reversed", "is_failed", "is_cancelled", "has_failed_attempt",
}  # fmt: skip


class ScenarioFailure(AssertionError):
    """The reason why a scenario failed, without phone numbers and secrets."""


def to_json(value: Any) -> Any:
    """Returns a value as JSON, with amounts and times as texts."""
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if hasattr(value, "to_dict"):
        return to_json(value.to_dict())
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(getattr(value, "value", value))


def error_to_json(error: KopoKopoError) -> dict[str, Any]:
    names = (
        "kind", "detail", "operation", "field", "status", "server_code", "messages", "attempts", "body", "id", "location", "state",
    )  # fmt: skip
    seconds = error.retry_after
    return {
        **{name: to_json(getattr(error, name)) for name in names},
        "retry_after": None if seconds is None else int(seconds),
    }


def event_to_json(event: kopokopo.Event) -> dict[str, Any]:
    fields = to_json(event)
    payload = fields.pop("payload")
    kind = payload.pop("kind")
    data: Any = next(iter(payload.values()), None)
    helpers = {name: data[name] for name in HELPERS if name in (data or {})}
    return {**fields, "kind": kind, "data": data, "helpers": helpers}


class SyncEngine:
    """Calls the blocking client. Parallel calls run on threads."""

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
        """Does nothing."""


class AsyncEngine:
    """Calls the asyncio client on its own event loop."""

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

        async def all_outcomes() -> list[Any]:
            return list(await asyncio.gather(*(outcome() for _ in range(times))))

        return asyncio.run_coroutine_threadsafe(all_outcomes(), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class ScenarioRunner:
    """Runs one scenario."""

    def __init__(self, scenario: dict[str, Any], engine: SyncEngine | AsyncEngine) -> None:
        self.scenario = scenario
        self.engine = engine
        self.sandbox = Sandbox()
        self.receiver = Receiver(scenario.get("receiver", {}).get("statuses", []))
        self.names: dict[str, Any] = {
            "callback": self.receiver.url, "base_url": self.sandbox.base_url, "client_id": self.sandbox.startup["client_id"],
        }  # fmt: skip
        self.client = self._new_client(scenario.get("client", {}))

    def run(self) -> None:
        position = "start"
        try:
            if "settings" in self.scenario:
                self.sandbox.control("PUT /_sandbox/settings", self.scenario["settings"])
            for number, step in enumerate(self.scenario["steps"], 1):
                position = f"step {number}"
                self._step(dict(step))
            position = "requests"
            if "requests" in self.scenario:
                self._eventually(
                    lambda: self._compare_requests(
                        self.sandbox.control("GET /_sandbox/requests"), self.scenario["requests"]
                    )
                )
        except (AssertionError, KopoKopoError, TypeError) as error:
            raise ScenarioFailure(redact(f"{self.scenario['name']}: {position}: {error}")) from None
        finally:
            self.receiver.close()
            self.sandbox.close()

    def _new_client(self, options: dict[str, Any]) -> Any:
        client_options: dict[str, Any] = {
            **self.sandbox.credentials,
            "retry_base": options.pop("retry_base_ms", 10) / 1000,
            **options,
        }
        return self.engine.client_type(**in_seconds(client_options))

    def _step(self, step: dict[str, Any]) -> None:
        if "call" in step:
            self._call(step.pop("call"), **step)
        elif "control" in step:
            control = fill_text(step.pop("control"), self.names)
            content = self.sandbox.control(control, fill(step.get("body"), self.names), step.get("status", 200))
            self._store_and_compare(step, content)
        elif "receive" in step:
            self._receive(step.pop("receive"), **step)
        elif "state" in step:
            self._eventually(lambda: self._compare_value(self.sandbox.control("GET /_sandbox/state"), step["state"]))
        elif "client" in step:
            self.client = self._new_client(dict(step["client"]))
        else:
            time.sleep(step["sleep_ms"] / 1000)

    def _call(
        self, operation: str, wait: dict[str, int] | None = None, options: dict[str, int] | None = None,
        parallel: int = 1, retry_chain: int = 0, **step: Any,
    ) -> None:  # fmt: skip
        section, name = operation.split(".")
        values = fill(step.pop("with", {}), self.names)
        client = self.client.with_options(**in_seconds(dict(options))) if options else self.client
        method = getattr(getattr(client, section), name)
        arguments = to_arguments(method, values)
        is_wait = name in ("wait", "watch")
        waiting = None if wait is None and not is_wait else {"timeout_ms": 10_000, "interval_ms": 20, **(wait or {})}
        if is_wait and waiting is not None:
            arguments |= wait_options(waiting)
            waiting = None

        def call() -> Any:
            for retries_left in reversed(range(retry_chain + 1)):
                try:
                    result = method(**arguments)
                    if name == "watch":
                        return list(result)
                    return result if waiting is None else result.wait(**wait_options(waiting))
                except (ConnectionError, TimeoutError) as error:
                    if not retries_left or not isinstance(error, KopoKopoError):
                        raise
            raise AssertionError

        async def call_async() -> Any:
            for retries_left in reversed(range(retry_chain + 1)):
                try:
                    if name == "watch":
                        return [state async for state in method(**arguments)]
                    result = await method(**arguments)
                    return result if waiting is None else await result.wait(**wait_options(waiting))
                except (ConnectionError, TimeoutError, asyncio.TimeoutError) as error:
                    if not retries_left or not isinstance(error, KopoKopoError):
                        raise
            raise AssertionError

        for outcome in self.engine.run(call if isinstance(self.engine, SyncEngine) else call_async, parallel):
            self._compare(operation, outcome, result_to_json, step)

    def _receive(self, topic: str, count: int = 1, within_ms: int = 5000, **step: Any) -> None:
        def has_topic(body: bytes, signature: str | None) -> bool:
            try:
                return topic == "*" or self.client.webhooks.verify(body, signature).topic == topic
            except KopoKopoError:
                return False

        for nth in range(1, max(count, 1) + 1):
            arrival = self.receiver.take(has_topic, within_ms / 1000)
            if count == 0:
                assert arrival is None, f"{topic}: expected no webhook, but one arrived"
                return
            assert arrival is not None, f"{topic}: {nth - 1} of {count} arrived"
            try:
                outcome: Any = self.client.webhooks.verify(*arrival)
            except KopoKopoError as error:
                outcome = error
            self._compare(topic, outcome, event_to_json, step)

    def _compare(self, what: str, outcome: Any, convert: Callable[[Any], Any], step: dict[str, Any]) -> None:
        if "expect_error" in step:
            assert isinstance(outcome, KopoKopoError), f"{what}: expected an error, found {to_json(outcome)}"
            self._store_and_compare({**step, "expect": step["expect_error"]}, error_to_json(outcome))
        else:
            assert not isinstance(outcome, KopoKopoError), f"{what}: {outcome}"
            self._store_and_compare(step, convert(outcome))

    def _store_and_compare(self, step: dict[str, Any], found: Any) -> None:
        if "as" in step:
            self.names[step["as"]] = found
        self._compare_value(found, step.get("expect", {}))

    def _compare_value(self, found: Any, expected: dict[str, Any]) -> None:
        messages = differences(found, expected, self.names)
        assert not messages, "; ".join(messages)

    def _compare_requests(self, received: list[dict[str, Any]], expected: Any) -> None:
        if isinstance(expected, dict):
            found = Counter(request["operation"] for request in received)
            for operation in {*found, *expected}:
                count = expected.get(operation, 0)
                assert matches(found[operation], count), f"{operation}: expected {count}, found {found[operation]}"
            return
        rest = list(received)
        for template in expected:
            entry = {path: value for path, value in template.items() if path != "$repeat"}
            assert rest, f"{len(received)} requests arrived, {entry['operation']} is missing"
            self._compare_value(rest.pop(0), entry)
            while template.get("$repeat") and rest and not differences(rest[0], entry, self.names):
                rest.pop(0)
        assert not rest, f"unexpected request: {rest[0]['operation']}"

    @staticmethod
    def _eventually(check: Callable[[], None]) -> None:
        """Repeats a check until it passes, for at most `POLL_TIMEOUT` seconds."""
        deadline = time.monotonic() + POLL_TIMEOUT
        while True:
            try:
                return check()
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def to_arguments(method: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Converts the values of a scenario to Python's types. A required argument that the scenario omits is None."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        if name == "destinations":
            value = [destination(dict(item)) for item in value]
        elif name in ("from_time", "to_time"):
            value = datetime.fromisoformat(value)
        out[name] = value
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.default is inspect.Parameter.empty:
            out.setdefault(name, None)
    return out


def destination(fields: dict[str, Any]) -> Any:
    variant = getattr(Destination, "".join(part.title() for part in fields.pop("type").split("_")))
    return variant(**to_arguments(variant, fields))


def result_to_json(value: Any) -> Any:
    """Returns a result as JSON. A handle becomes its id and its location."""
    if value is None:
        return {}
    return {"id": value.id, "location": value.location} if hasattr(value, "watch") else to_json(value)


def in_seconds(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") else value for name, value in options.items()
    }


def wait_options(wait: dict[str, int]) -> dict[str, float]:
    max_interval_ms = max(wait["interval_ms"], 500)
    return {
        "timeout": wait["timeout_ms"] / 1000,
        "interval": wait["interval_ms"] / 1000,
        "max_interval": max_interval_ms / 1000,
    }


__all__ = ["ABSENT", "AsyncEngine", "ScenarioFailure", "ScenarioRunner", "SyncEngine"]
