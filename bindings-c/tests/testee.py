"""Performs the requests of the conformance runner through the C ABI. tests/conformance.md describes them.

The argument is the path of another shared library than that of a debug build.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from abi import CONTRACT, TARGET, Handle, KopokopoError, Library

HELLO = {
    "language": "c",
    "engines": ["callback", "waiting"],
    "timestamp_digits": 9,
    "keeps_offsets": True,
    "journal": True,
}

library = Library(sys.argv[1] if len(sys.argv) > 1 else str(TARGET / "debug/libkopokopo_c.so"))
clients: dict[str, tuple[Handle, bool]] = {}
output = threading.Lock()


def perform(request: dict[str, Any]) -> Any:
    match request["do"]:
        case "client":
            client = library.make("KopoKopo", "new", in_seconds(request["options"]))
            if journal := request.get("journal"):
                client = library.with_journal(client, store_at(journal["url"]), journal.get("options") or {})
            clients[request["client"]] = client, request.get("engine") == "waiting"
            return client
        case "call":
            return call(**request)
        case "verify":
            verifier = library.call_sync(clients[request["client"]][0], "webhooks")
            return library.check(verifier, "verify", base64.b64decode(request["body"]), request["signature"])
        case "verifier":
            verifier = library.make("WebhookVerifier", "new", request["options"])
            body = base64.b64decode(request["body"])
            return library.check(verifier, request["method"], body, request.get("signature"))
        case "function":
            arguments = from_tagged(request["with"])
            if request["name"] == "sign_webhook":
                return library.sign_webhook(**arguments)
            return library.function(request["name"], arguments)
        case "close":
            del clients[request["client"]]
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
    options: dict[str, Any] | None = None,
    **request: Any,
) -> Any:
    name, method = operation.split(".")
    found, is_waiting = clients[client]
    if options:
        found = library.call_sync(found, "with_options", in_seconds(options))
    section = library.call_sync(found, name)
    arguments = from_tagged(request.get("with", {}))
    waiting = None if wait is None else in_seconds(wait)
    if method in ("wait", "watch"):
        arguments, waiting = {**arguments, **(waiting or {})}, None
    if method == "watch":
        return states(library.call_sync(section, method, arguments), is_waiting)
    result = library.call(section, method, arguments, is_waiting)
    return result if waiting is None else library.call(result, "wait", waiting, is_waiting)


def states(watch: Handle, is_waiting: bool) -> list[Any]:
    found = []
    while (pause := library.call_sync(watch, "pause")) is not None:
        time.sleep(pause)
        found.append(library.call(watch, "poll", {}, is_waiting))
    return [state for state in found if state is not None]


def in_seconds(options: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") else value for name, value in options.items()
    }


def from_tagged(value: Any) -> Any:
    """Returns an argument as JSON has it."""
    if isinstance(value, list):
        return [from_tagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    match next(iter(value), ""):
        case "$bytes":
            return base64.b64decode(value["$bytes"])
        case "$record" if CONTRACT["records"][value["$record"]]["out"]:
            # A function reads a record of the library from its raw text.
            return from_tagged(value["raw"])
        case "$amount" | "$raw" | "$metadata" | "$timestamp" | "$word" as tag:
            return value[tag]
        case "$union":
            fields = {name: from_tagged(item) for name, item in value.items() if name not in ("$union", "kind")}
            return {"type": value["kind"], **fields}
    return {name: from_tagged(item) for name, item in value.items() if not name.startswith("$")}


def to_tagged(value: Any) -> Any:
    if not isinstance(value, Handle):
        return value
    location = library.call_sync(value, "location")
    return {"$handle": value.name, "id": library.call_sync(value, "id"), "location": location}


def error_to_tagged(error: KopokopoError) -> dict[str, Any]:
    fields = dict(error.fields)
    seconds, sent_at = fields.pop("retry_after"), fields["sent_at"]
    return {
        **fields,
        "sent_at": sent_at and {"$timestamp": sent_at},
        "retry_after_ms": None if seconds is None else round(seconds * 1000),
        "class": type(error).__name__,
        "retried": False,
    }


def surface() -> dict[str, Any]:
    """Describes what the library has. It names the arguments of a method where it refuses another one.

    Objects that only a request makes, records and enumerations are those of the contract: the scenarios decode all of them by
    it, and `decode` refuses a value with more or fewer fields.
    """
    options = {"client_id": "x", "client_secret": "y", "api_key": "z", "base_url": "http://127.0.0.1:9"}
    client = library.make("KopoKopo", "new", options)
    objects = {
        name: {
            **{method: found["parameters"] for method, found in listed["constructors"].items()},
            **{method: found["parameters"] for method, found in listed["methods"].items()},
        }
        for name, listed in CONTRACT["objects"].items()
        if not listed["watch"]
    }
    for name, listed in CONTRACT["objects"].items():
        if listed["section"] and listed["section"] not in ("webhooks", "journal"):
            section = library.call_sync(client, listed["section"])
            objects[name] = {method: parameters(section, method) for method in listed["methods"]}
    enums = CONTRACT["enums"]
    unions = {name: found for name, found in enums.items() if found["shape"] == "union"}
    return {
        "objects": objects,
        "records": {name: found["fields"] for name, found in CONTRACT["records"].items() if found["out"]},
        "unions": {name: {word: fields(held, found) for word, held in found["variants"].items()} for name, found in unions.items()},
        "enums": {name: list(found["variants"]) for name, found in enums.items() if name not in unions},
        "errors": CONTRACT["error"]["kinds"],
        "functions": {name: found["parameters"] for name, found in CONTRACT["functions"].items()},
        "contract_hash": library.contract(),
    }


def parameters(section: Handle, method: str) -> list[str]:
    try:
        if method == "watch":
            library.call_sync(section, method, {"other": 1})
        else:
            library.call(section, method, {"other": 1}, False)
    except KopokopoError as error:
        _, _, expected = error.fields["detail"].partition("expected one of: ")
        return [name for name in expected.split(", ") if name]
    raise AssertionError(f"{section.name}.{method} accepts an unknown argument")


def fields(held: dict[str, Any] | None, union: dict[str, Any]) -> list[str]:
    if not held:
        return []
    return held["fields"] if union["in"] else [held["field"]]


def respond(request: dict[str, Any]) -> None:
    try:
        response = json.dumps({"id": request["id"], **result_of(request)})
    except Exception as error:
        traceback.print_exc()
        response = json.dumps({"id": request["id"], "exception": f"{type(error).__name__}: {error}"})
    with output:
        print(response, flush=True)


def result_of(request: dict[str, Any]) -> dict[str, Any]:
    """Returns a response without its id."""
    if request["do"] == "hello":
        return {"value": HELLO}
    if request["do"] == "surface":
        return {"value": surface()}
    texts = {}
    try:
        value = perform(request)
        response = {"value": None if request["do"] == "client" else to_tagged(value)}
    except KopokopoError as error:
        response, texts = {"error": error_to_tagged(error)}, {"json": error.text}
    return {**response, "texts": {**texts, "log": "\n".join(library.log)}} if request.get("texts") else response


def main() -> None:
    library.keep_log()
    with ThreadPoolExecutor(1000) as pool:
        for line in sys.stdin.buffer:
            pool.submit(respond, json.loads(line))


if __name__ == "__main__":
    main()
