"""The C ABI through ctypes, written from include/kopokopo.h, README.md and the contract alone, as another language's package is."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

CONTRACT = json.loads(Path(__file__).parents[2].joinpath("tests/contract.json").read_text())

OK, ERROR, CANCELLED = 0, 1, 2
MISUSE = {3: "INVALID_POINTER", 4: "INVALID_HANDLE", 5: "SHUT_DOWN", 6: "WRONG_THREAD", 7: "ALREADY_SET"}

SEPARATOR, ESCAPE, ABSENT, OPEN = "\x01", "\x02", "\x03", "\x03{"


TARGET = Path(os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target"))


class Result(ctypes.Structure):
    _fields_ = [
        ("handle", ctypes.c_uint64),
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("object", ctypes.c_uint64),
    ]


# Not of pointers to c_char, which ctypes would convert to bytes up to the first zero.
ENDED = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64
)
DONE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.POINTER(Result))
ASK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64)
EXECUTE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t)
RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
LOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)

TEXT = [ctypes.c_char_p, ctypes.c_size_t]
OUT = [ctypes.POINTER(Result)]
SIGNATURES: dict[str, list[Any]] = {
    "kopokopo_set_language": TEXT,
    "kopokopo_free": [ctypes.c_uint64],
    "kopokopo_finalize": [ctypes.c_void_p],
    "kopokopo_shutdown": [],
    "kopokopo_set_log": [LOG, ctypes.c_void_p],
    "kopokopo_make": [*TEXT, *TEXT, *TEXT, *OUT],
    "kopokopo_call_sync": [ctypes.c_uint64, *TEXT, *TEXT, *OUT],
    "kopokopo_function": [*TEXT, *TEXT, *OUT],
    "kopokopo_call": [ctypes.c_uint64, *TEXT, *TEXT, DONE, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint64)],
    "kopokopo_call_by_value": [ctypes.c_uint64, *TEXT, *TEXT, ENDED, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint64)],
    "kopokopo_call_wait": [ctypes.c_uint64, *TEXT, *TEXT, *OUT],
    "kopokopo_cancel": [ctypes.c_uint64],
    "kopokopo_with_token_source": [ASK, ctypes.c_void_p, RELEASE, *TEXT, *OUT],
    "kopokopo_with_journal": [ctypes.c_uint64, EXECUTE, ctypes.c_void_p, RELEASE, *TEXT, *OUT],
    "kopokopo_reply_token": [ctypes.c_uint64, *TEXT, ctypes.c_double],
    "kopokopo_reply_text": [ctypes.c_uint64, *TEXT],
    "kopokopo_reply_error": [ctypes.c_uint64, *TEXT],
    "kopokopo_verify": [ctypes.c_uint64, *TEXT, *TEXT, *OUT],
    "kopokopo_verify_signature": [ctypes.c_uint64, *TEXT, *TEXT, *OUT],
    "kopokopo_parse_unverified": [ctypes.c_uint64, *TEXT, *OUT],
    "kopokopo_sign_webhook": [*TEXT, *TEXT, *OUT],
}


class KopokopoError(Exception):
    """An error of the library."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.fields = json.loads(text)
        super().__init__(f"{self.fields['kind']}: {self.fields['detail']}")


class Misuse(Exception):
    """A status that is neither a result nor an error of the library."""


class Handle:
    """An object of the library, freed with the last reference."""

    def __init__(self, library: Library, number: int, name: str) -> None:
        self.library, self.number, self.name = library, number, name

    def __del__(self) -> None:
        self.library.native.kopokopo_free(self.number)


def load(path: str) -> ctypes.CDLL:
    native = ctypes.CDLL(path)
    for name, arguments in SIGNATURES.items():
        # A library for apps does not have all of them.
        if function := getattr(native, name, None):
            function.argtypes, function.restype = arguments, ctypes.c_int32
    native.kopokopo_finalize.restype = None
    for name in ("kopokopo_contract", "kopokopo_version"):
        getattr(native, name).restype = ctypes.c_char_p
    return native


class Library:
    """The shared library. Results are tagged values (tests/conformance.md), or handles."""

    def __init__(self, path: str) -> None:
        self.native = load(path)
        self.log: list[str] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._calls: dict[int, Future[Any]] = {}
        self._stores: dict[int, Callable[[str], str]] = {}
        self._workers = ThreadPoolExecutor(64)
        # ctypes frees a function that no variable refers to.
        self._done, self._execute = DONE(self._finish), EXECUTE(self._run)
        self._release, self._write = RELEASE(self._forget), LOG(self._warn)

    def contract(self) -> str:
        return self.native.kopokopo_contract().decode()

    def keep_log(self) -> None:
        self.status(self.native.kopokopo_set_log(self._write, None))

    def make(self, name: str, constructor: str, options: dict[str, Any]) -> Handle:
        out = Result()
        status = self.native.kopokopo_make(*text(name), *text(constructor), *json_text(options), out)
        return Handle(self, self.take(status, out), name)

    def call_sync(self, own: Handle, method: str, arguments: dict[str, Any] | None = None) -> Any:
        out = Result()
        status = self.native.kopokopo_call_sync(own.number, *text(method), *json_text(arguments), out)
        return self.shown(self.take(status, out), returned(own, method))

    def call(self, own: Handle, method: str, arguments: dict[str, Any], is_waiting: bool) -> Any:
        """Calls a method that sends requests: in the two ways that the library has."""
        if is_waiting:
            out = Result()
            status = self.native.kopokopo_call_wait(own.number, *text(method), *json_text(arguments), out)
            return self.shown(self.take(status, out), returned(own, method))
        found: Future[Any] = Future()
        number = self._number(self._calls, found)
        status = self.native.kopokopo_call(own.number, *text(method), *json_text(arguments), self._done, number, None)
        self.status(status)
        return self.shown(found.result(), returned(own, method))

    def function(self, name: str, arguments: dict[str, Any]) -> Any:
        out = Result()
        status = self.native.kopokopo_function(*text(name), *json_text(arguments), out)
        return self.shown(self.take(status, out), CONTRACT["functions"][name]["result"])

    def sign_webhook(self, api_key: str, body: bytes) -> Any:
        out = Result()
        status = self.native.kopokopo_sign_webhook(*text(api_key), body, len(body), out)
        return self.shown(self.take(status, out), CONTRACT["functions"]["sign_webhook"]["result"])

    def check(self, verifier: Handle, method: str, body: bytes, signature: str | None) -> Any:
        """Calls `verify`, `verify_signature` or `parse_unverified`."""
        out = Result()
        header = () if method == "parse_unverified" else (None, 0) if signature is None else text(signature)
        status = getattr(self.native, f"kopokopo_{method}")(verifier.number, body, len(body), *header, out)
        return self.shown(self.take(status, out), returned(verifier, method))

    def with_journal(self, client: Handle, store: Callable[[str], str], options: dict[str, Any]) -> Handle:
        out, number = Result(), self._number(self._stores, store)
        journal = (self._execute, number, self._release)
        status = self.native.kopokopo_with_journal(client.number, *journal, *json_text(options), out)
        return Handle(self, self.take(status, out), client.name)

    def take(self, status: int, out: Result) -> Any:
        """Returns what a result has: the number of an object, or the bytes of the data. An error is raised."""
        if out.object:
            return out.object
        data = ctypes.string_at(out.data, out.length) if out.handle else b""
        if out.handle:
            self.status(self.native.kopokopo_free(out.handle))
        if status == ERROR:
            raise KopokopoError(data.decode())
        self.status(status)
        return data

    def status(self, status: int) -> None:
        if status != OK:
            raise Misuse(MISUSE.get(status, str(status)))

    def shown(self, taken: Any, kind: dict[str, Any] | None) -> Any:
        """Returns a handle, or the decoded value."""
        if isinstance(taken, int):
            assert kind and kind["kind"] == "object", f"an object in place of {kind}"
            return Handle(self, taken, kind["element"])
        return decode(taken, kind)

    def _number(self, known: dict[int, Any], value: Any) -> int:
        with self._lock:
            number = next(self._numbers)
            known[number] = value
        return number

    def _finish(self, number: int, status: int, result: Any) -> None:
        found = self._calls.pop(number)
        try:
            found.set_result(self.take(status, result.contents))
        except (KopokopoError, Misuse) as error:
            found.set_exception(error)

    def _run(self, number: int, reply: int, request: int, length: int) -> None:
        asked = ctypes.string_at(request, length).decode()
        self._workers.submit(self._reply, self._stores[number], reply, asked)

    def _reply(self, store: Callable[[str], str], reply: int, request: str) -> None:
        try:
            self.status(self.native.kopokopo_reply_text(reply, *text(store(request))))
        except Exception as error:
            self.native.kopokopo_reply_error(reply, *text(str(error)))

    def _forget(self, number: int) -> None:
        del self._stores[number]

    def _warn(self, _: Any, line: int, length: int) -> None:
        self.log.append(ctypes.string_at(line, length).decode())


def text(value: str) -> tuple[bytes, int]:
    encoded = value.encode()
    return encoded, len(encoded)


def json_text(arguments: dict[str, Any] | None) -> tuple[bytes | None, int]:
    return (None, 0) if arguments is None else text(json.dumps(arguments))


def returned(own: Handle, method: str) -> dict[str, Any] | None:
    """Returns the type of a method's result in the contract."""
    found = CONTRACT["objects"][own.name]["methods"].get(method)
    return found and found["result"]


def decode(data: bytes, kind: dict[str, Any] | None) -> Any:
    """Returns a value of this type as a tagged value. README.md describes the form."""
    parts, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        parts.append(data[at + 4 : at + 4 + length].decode())
        at += 4 + length
    assert at == len(data), "the data was cut off"
    encoded, *raws = parts
    assert encoded.startswith(SEPARATOR) and encoded.endswith(SEPARATOR), "the text was cut off"
    tokens = iter(encoded[1:-1].split(SEPARATOR))
    value = decode_value(tokens, kind or {"kind": "nothing", "list": False}, raws)
    assert next(tokens, None) is None, "the text has more values"
    return value


def decode_value(tokens: Iterator[str], kind: dict[str, Any], raws: list[str]) -> Any:
    token = next(tokens)
    if token == ABSENT:
        return None
    if kind["list"]:
        return [decode_value(tokens, {**kind, "list": False}, raws) for _ in range(int(token))]
    element = kind.get("element")
    match kind["kind"], element:
        case "record", name:
            assert token == OPEN, f"{name} does not begin with its mark"
            fields = CONTRACT["records"][name]["field_details"]
            return {"$record": name, **{field["name"]: decode_value(tokens, field, raws) for field in fields}}
        case "enum", name if CONTRACT["enums"][name]["shape"] == "union":
            assert token == OPEN, f"{name} does not begin with its mark"
            word = next(tokens)
            variants = CONTRACT["enums"][name]["variant_details"]
            content = next(found["content"] for found in variants if found["word"] == word)
            held = {content["name"]: decode_value(tokens, content, raws)} if content else {}
            return {"$union": name, "kind": word, **held}
        case "enum", name:
            return {"$word": unescaped(token), "of": name}
        case "text", "Amount":
            return {"$amount": token}
        case "text", "Timestamp":
            return {"$timestamp": token}
        case "text", "Metadata":
            return {"$metadata": json.loads(unescaped(token))}
        case "text", "Raw":
            return {"$raw": raws[int(token) - 1]}
        case "plain", "boolean":
            return {"true": True, "false": False}[token]
        case "plain", "u16" | "u32" | "u64":
            return int(token)
        case "plain", "double":
            return float(token)
    return unescaped(token)


def unescaped(token: str) -> str:
    first, *rest = token.split(ESCAPE)
    return first + "".join(chr(ord(part[0]) - 64) + part[1:] for part in rest)
