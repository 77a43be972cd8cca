"""Performs the requests of the conformance runner as an app does, with the twin of the Dart package. The library for apps is
the first argument.

A backend has the secret: it supplies the tokens, and receives the webhooks. It is the testee of the C ABI, whose library is
the second argument.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
C_TESTS = TESTS.parents[1] / "bindings-c/tests"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", TESTS.parents[1] / "target"))

sys.path += [str(TESTS), str(C_TESTS)]


def load_backend(library: str) -> Any:
    """The testee of the C ABI has the name of this file."""
    sys.argv = [sys.argv[0], library]
    spec = importlib.util.spec_from_file_location("backend", C_TESTS / "testee.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


APPS = sys.argv[1] if len(sys.argv) > 1 else str(TESTS.parents[1] / "target/apps/debug/libkopokopo_c.so")
backend = load_backend(sys.argv[2] if len(sys.argv) > 2 else str(TARGET / "debug/libkopokopo_c.so"))

import generated  # noqa: E402
import twin  # noqa: E402
from abi import CONTRACT, KopokopoError  # noqa: E402

perform_in_backend = backend.perform
apps: dict[str, generated.KopoKopo] = {}

SECTIONS = [found["section"] for found in CONTRACT["objects"].values() if found["mobile"] and found["section"]]
OF_THE_PROTOCOL = ("do", "id", "texts", "engine")

# What only the backend knows. The rest is the app's too.
SECRETS = ("client_id", "client_secret", "api_key", "private_token")


class Failed(KopokopoError):
    """An error of the app, with names as Dart spells them."""

    def __init__(self, error: twin.AppError) -> None:
        super().__init__(error.text)
        self.fields, self.name = error.fields, error.name


def perform(request: dict[str, Any]) -> Any:
    try:
        match request["do"]:
            case "client":
                return client(request)
            case "call" if request["operation"].partition(".")[0] in SECTIONS:
                return call(**{name: value for name, value in request.items() if name not in OF_THE_PROTOCOL})
            case "close":
                del apps[request["client"]]
    except twin.AppError as error:
        raise Failed(error) from None
    return perform_in_backend(request)


def client(request: dict[str, Any]) -> Any:
    """The token endpoint of the backend is a function here."""
    made = perform_in_backend(request)
    oauth = backend.library.call_sync(made, "oauth")

    def token() -> tuple[str, float | None]:
        found = backend.library.call(oauth, "token", {}, True)
        return found["access_token"], found["expires_in"]

    options = {name: value for name, value in request["options"].items() if name not in SECRETS}
    apps[request["client"]] = generated.KopoKopo.with_token_source(token, backend.in_seconds(options))
    return None


def call(client: str, operation: str, wait: Any = None, options: Any = None, **request: Any) -> Any:
    name, method = operation.split(".")
    app = apps[client]
    if options:
        app = app.with_options(backend.in_seconds(options))
    section = getattr(app, name)()
    arguments = backend.from_tagged(request.get("with", {}))
    waiting = None if wait is None else backend.in_seconds(wait)
    if method in ("wait", "watch"):
        arguments, waiting = {**arguments, **(waiting or {})}, None
    positional = [arguments.pop("id", None)] if "id" in section.PARAMETERS[method] else []
    result = getattr(section, method)(*positional, arguments)
    if method == "watch":
        return list(result)
    return result if waiting is None else result.wait(waiting)


tagged_by_backend = backend.to_tagged


def to_tagged(value: Any) -> Any:
    if type(value).__name__.startswith("Created"):
        return {"$handle": type(value).__name__, "id": value.id(), "location": value.location()}
    return tagged_by_backend(value)


error_of_backend = backend.error_to_tagged


def error_to_tagged(error: KopokopoError) -> dict[str, Any]:
    tagged: dict[str, Any] = error_of_backend(error)
    return {**tagged, "class": error.name, "camel": True} if isinstance(error, Failed) else tagged


def surface() -> dict[str, Any]:
    """The names of the generated code. The Dart code has the same: both are rendered from one view, and a test compares."""
    objects = [found for found in vars(generated).values() if hasattr(found, "PARAMETERS")]
    return {
        "objects": {found.__name__: found.PARAMETERS for found in objects},
        "records": generated.RECORDS,
        "unions": {},
        "enums": generated.WORDS,
        "errors": list(generated.KINDS),
        "functions": {"version": [], "contract_hash": []} if twin.library_version() else {},
        "contract_hash": twin.Native.loaded.kopokopo_contract().decode(),
        "error_fields": generated.ERROR_FIELDS,
    }


def main() -> None:
    twin.Native.load(APPS)
    backend.HELLO = {
        "language": "dart",
        "engines": ["twin"],
        "timestamp_digits": 9,
        "keeps_offsets": True,
        "journal": "apps have no journal",
        "apps": True,
    }
    backend.perform, backend.to_tagged = perform, to_tagged
    backend.error_to_tagged, backend.surface = error_to_tagged, surface
    assert CONTRACT["objects"]["KopoKopo"]["mobile"]
    backend.main()


if __name__ == "__main__":
    main()
