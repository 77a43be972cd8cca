"""Performs the requests of the conformance runner with this package. tests/conformance.md describes them."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import sys
import threading
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import kopokopo
from kopokopo import AsyncKopoKopo, KopoKopo, KopoKopoError, WebhookVerifier
from surface import surface
from tagged import completed, error_to_tagged, from_tagged, to_tagged
from texts import Log, texts

ENGINES = {"sync": KopoKopo, "async": AsyncKopoKopo}
HELLO = {
    "language": "python",
    "engines": [*ENGINES],
    "timestamp_digits": 6,
    "keeps_offsets": True,
    "journal": True,
}
THREADS = 1000
"""The number of calls that can run at the same time."""

clients: dict[str, Any] = {}
loop = asyncio.new_event_loop()
output = threading.Lock()


def perform(request: dict[str, Any]) -> Any:
    """Returns the result of a request, and the client if it makes one."""
    match request["do"]:
        case "client":
            client: Any = ENGINES[request.get("engine", "sync")](**in_seconds(request["options"]))
            if journal := request.get("journal"):
                client = client.with_journal(store_at(journal["url"]), **journal.get("options") or {})
            clients[request["client"]] = client
            return clients[request["client"]]
        case "call":
            return call(**request)
        case "verify":
            return clients[request["client"]].webhooks.verify(base64.b64decode(request["body"]), request["signature"])
        case "verifier":
            method = getattr(WebhookVerifier(**request["options"]), request["method"])
            signature = () if request["method"] == "parse_unverified" else (request["signature"],)
            return method(base64.b64decode(request["body"]), *signature)
        case "function":
            return getattr(kopokopo, request["name"])(**from_tagged(request["with"]))
        case "close":
            clients.pop(request["client"])
            return None
    raise AssertionError(f"unknown request: {request['do']}")


def store_at(url: str) -> Callable[[str], str]:
    """The journal's store, which is the runner's."""

    def execute(request: str) -> str:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, request.encode(), method="POST")) as response:
                return str(response.read().decode())
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from None

    return execute


def call(
    client: str,
    operation: str,
    wait: dict[str, int] | None = None,
    options: dict[str, int] | None = None,
    **request: Any,
) -> Any:
    section, name = operation.split(".")
    found = clients[client]
    if options:
        found = found.with_options(**in_seconds(options))
    method = getattr(getattr(found, section), name)
    arguments = completed(method, from_tagged(request.get("with", {})))
    waiting = None if wait is None else in_seconds(wait)
    if name in ("wait", "watch"):
        arguments, waiting = {**arguments, **(waiting or {})}, None
    if isinstance(found, AsyncKopoKopo):
        return asyncio.run_coroutine_threadsafe(finish(method(**arguments), waiting), loop).result()
    result = method(**arguments)
    if name == "watch":
        return list(result)
    return result if waiting is None else result.wait(**waiting)


async def finish(pending: Any, waiting: dict[str, Any] | None) -> Any:
    """Awaits a result of the asyncio client."""
    if hasattr(pending, "__aiter__"):
        return [state async for state in pending]
    result = await pending
    return result if waiting is None else await result.wait(**waiting)


def in_seconds(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") else value for name, value in options.items()
    }


def respond(request: dict[str, Any]) -> None:
    try:
        response = result_of(request)
        text = json.dumps({"id": request["id"], **response})
    except Exception as error:
        traceback.print_exc()
        text = json.dumps({"id": request["id"], "exception": f"{type(error).__name__}: {error}"})
    with output:
        print(text, flush=True)


def result_of(request: dict[str, Any]) -> dict[str, Any]:
    """Returns a response without its id."""
    if request["do"] == "hello":
        return {"value": HELLO}
    if request["do"] == "surface":
        return {"value": surface()}
    with Log() as log:
        try:
            value = perform(request)
            response = {"value": None if request["do"] == "client" else to_tagged(value)}
        except KopoKopoError as error:
            value, response = error, {"error": error_to_tagged(error)}
    return {**response, "texts": {**texts(value), "log": log.text()}} if request.get("texts") else response


def main() -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    threading.Thread(target=loop.run_forever, daemon=True).start()
    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin.buffer:
            pool.submit(respond, json.loads(line))


if __name__ == "__main__":
    main()
