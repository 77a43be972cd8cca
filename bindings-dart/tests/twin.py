"""What lib/src/{calls,codec,tokens,watch}.dart do, in Python: no Dart compiler is at hand, so this runs in their place.

Functions have the same names in snake case, and call the same functions of the library in the same order: a test compares
them. Objects and records are generated (generated.py), of the view that the Dart ones are made of.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import abi
from abi import ABSENT, CANCELLED, ERROR, ESCAPE, OK, OPEN, SEPARATOR, SIGNATURES, Result

ENDED = SIGNATURES["kopokopo_call_by_value"][5]
ASK, _, RELEASE, *_ = SIGNATURES["kopokopo_with_token_source"]


class Native:
    """The library for apps."""

    loaded: Any = None

    @classmethod
    def load(cls, path: str) -> None:
        cls.loaded = abi.load(path)


class CallCancelled(Exception):
    """The call was cancelled, and nothing was sent."""


class AppError(Exception):
    """An error of the library, as the Dart exceptions have it."""

    def __init__(self, data: bytes) -> None:
        from generated import KINDS

        self.text = data.decode()
        self.fields = json.loads(self.text)
        self.name = KINDS.get(self.fields["kind"], "InternalException")
        self.fields["detail"] = spelled(self.fields["detail"])
        if self.fields["field"] is not None:
            self.fields["field"] = camel(self.fields["field"])
        super().__init__(f"{self.fields['kind']}: {self.fields['detail']}")


def spelled(sentence: str) -> str:
    from generated import NAMES

    return re.sub(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+", lambda match: camel(match[0]) if match[0] in NAMES else match[0], sentence)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


class CancelToken:
    def __init__(self) -> None:
        self.calls: set[int] = set()
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True
        for begun in list(self.calls):
            Native.loaded.kopokopo_cancel(begun)
        self.calls.clear()


class Handle:
    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        Native.loaded.kopokopo_finalize(self.number)


class Answer:
    def __init__(self, data: bytes, number: int) -> None:
        self.data, self.object = data, number

    def handle(self) -> Handle:
        assert self.object, "the library returned no object"
        return Handle(self.object)


def text(value: str) -> tuple[bytes, int]:
    encoded = value.encode()
    return encoded, len(encoded)


def json_text(arguments: dict[str, Any] | None) -> tuple[bytes | None, int]:
    return (None, 0) if arguments is None else text(json.dumps(arguments, ensure_ascii=False))


def take(status: int, handle: int, data: Any, length: int, number: int) -> Answer:
    copy = b""
    if handle:
        copy = ctypes.string_at(data, length)
        Native.loaded.kopokopo_free(handle)
    if status == OK:
        return Answer(copy, number)
    if status == ERROR:
        raise AppError(copy)
    if status == CANCELLED:
        raise CallCancelled
    raise AssertionError(f"the library refused a call with status {status}")


def take_out(status: int, out: Result) -> Answer:
    return take(status, out.handle, out.data, out.length, out.object)


def call_sync(own: Handle, method: str, arguments: dict[str, Any] | None) -> Answer:
    out = Result()
    status = Native.loaded.kopokopo_call_sync(own.number, *text(method), *json_text(arguments), out)
    return take_out(status, out)


numbers = itertools.count(1)
calls: dict[int, Future[Answer]] = {}

# The messages of an isolate: a listener of Dart runs after the library's function has returned.
messages: queue.Queue[tuple[Callable[..., None], tuple[Any, ...]]] = queue.Queue()


def run_messages() -> None:
    while True:
        function, arguments = messages.get()
        function(*arguments)


def listener(kind: Any, function: Callable[..., None]) -> Any:
    return kind(lambda *arguments: messages.put((function, arguments)))


def on_ended(user: int, status: int, handle: int, data: Any, length: int, number: int) -> None:
    waiting = calls.pop(user)
    try:
        answer = take(status, handle, data, length, number)
    except (AppError, CallCancelled) as error:
        waiting.set_exception(error)
    else:
        waiting.set_result(answer)


def begin(own: Handle, method: str, arguments: dict[str, Any], cancel: CancelToken | None) -> Future[Answer]:
    """Returns the future that `call` of Dart returns."""
    waiting: Future[Answer] = Future()
    if cancel is not None and cancel.is_cancelled:
        waiting.set_exception(CallCancelled())
        return waiting
    number = next(numbers)
    calls[number] = waiting
    begun = call_by_value(own, method, arguments, number)
    if cancel is not None:
        cancel.calls.add(begun)
        waiting.add_done_callback(lambda _: cancel.calls.discard(begun))
    return waiting


def call_by_value(own: Handle, method: str, arguments: dict[str, Any], number: int) -> int:
    out = ctypes.c_uint64()
    status = Native.loaded.kopokopo_call_by_value(own.number, *text(method), *json_text(arguments), ended, number, out)
    if status != OK:
        del calls[number]
        raise AssertionError(f"the library refused a call with status {status}")
    return out.value


def call(own: Handle, method: str, arguments: dict[str, Any], cancel: CancelToken | None) -> Answer:
    return begin(own, method, arguments, cancel).result()


def check_library() -> None:
    from generated import CONTRACT_HASH

    found = Native.loaded.kopokopo_contract().decode()
    assert found == CONTRACT_HASH, f"the native library is of contract {found}"
    Native.loaded.kopokopo_set_language(*text("dart"))


def library_version() -> str:
    return str(Native.loaded.kopokopo_version().decode())


# ---- Tokens ----

sources: dict[int, Any] = {}


def on_ask(user: int, reply: int) -> None:
    # A source is asynchronous in Dart: other messages do not wait for it.
    threading.Thread(target=answer, args=(sources.get(user), reply), daemon=True).start()


def on_release(user: int) -> None:
    sources.pop(user, None)


def answer(source: Any, reply: int) -> None:
    if source is None:
        reply_error(reply, "the client has no token source any more")
        return
    try:
        token, expires_in = source()
    except AppError as error:
        reply_error(reply, error.fields["detail"])
    except Exception as error:
        reply_error(reply, f"it threw {type(error).__name__}")
    else:
        Native.loaded.kopokopo_reply_token(reply, *text(token), -1.0 if expires_in is None else expires_in)


def reply_error(reply: int, detail: str) -> None:
    Native.loaded.kopokopo_reply_error(reply, *text(detail))


def open_client(source: Any, options: dict[str, Any]) -> Handle:
    check_library()
    number = next(numbers)
    sources[number] = source
    out = Result()
    status = Native.loaded.kopokopo_with_token_source(ask, number, release, *json_text(options), out)
    return take_out(status, out).handle()


# ctypes frees a function that no variable refers to.
ended, ask, release = listener(ENDED, on_ended), listener(ASK, on_ask), listener(RELEASE, on_release)
threading.Thread(target=run_messages, daemon=True).start()


# ---- Watches ----


def watch_states(open_watch: Callable[[], Handle], read: Callable[[Reader], Any]) -> Iterator[Any]:
    cancel = CancelToken()
    try:
        watch = open_watch()
        while (pause := decode(call_sync(watch, "pause", None).data, lambda reader: reader.optional(read_duration))) is not None:
            time.sleep(pause)
            state = decode(call(watch, "poll", {}, cancel).data, lambda reader: reader.optional(read))
            if state is not None:
                yield state
    finally:
        cancel.cancel()


# ---- The codec. Values are as tests/conformance.md has them ----


def decode(data: bytes, read: Callable[[Reader], Any]) -> Any:
    reader = Reader(data)
    value = read(reader)
    reader.end()
    return value


class Reader:
    def __init__(self, data: bytes) -> None:
        blocks, at = [], 0
        while at < len(data):
            assert len(data) - at >= 4, "a length was cut off"
            length = int.from_bytes(data[at : at + 4], "little")
            assert len(data) - at - 4 >= length, "a text was cut off"
            blocks.append(data[at + 4 : at + 4 + length].decode())
            at += 4 + length
        first, *self.raws = blocks
        assert len(first) >= 2 and first.startswith(SEPARATOR) and first.endswith(SEPARATOR), "the text was cut off"
        self.values, self.at = first[1:-1].split(SEPARATOR), 0

    def next(self) -> str:
        assert self.at < len(self.values), "a value is missing"
        self.at += 1
        return self.values[self.at - 1]

    def begin(self) -> None:
        assert self.next() == OPEN, "a record does not begin with its mark"

    def optional(self, read: Callable[[Reader], Any]) -> Any:
        if self.at < len(self.values) and self.values[self.at] == ABSENT:
            self.at += 1
            return None
        return read(self)

    def list(self, read: Callable[[Reader], Any]) -> list[Any]:
        return [read(self) for _ in range(int(self.next()))]

    def raw(self, position: int) -> str:
        assert 1 <= position <= len(self.raws), "a raw text is missing"
        return self.raws[position - 1]

    def end(self) -> None:
        assert self.at == len(self.values), "the text has more values"


def read_string(reader: Reader) -> str:
    value = reader.next()
    assert value != ABSENT, "a text is absent"
    first, *rest = value.split(ESCAPE)
    return first + "".join(chr(ord(part[0]) - 64) + part[1:] for part in rest)


def read_nothing(reader: Reader) -> None:
    assert reader.next() == ABSENT, "a value in place of nothing"


def read_bool(reader: Reader) -> bool:
    return {"true": True, "false": False}[reader.next()]


def read_int(reader: Reader) -> int:
    return int(reader.next())


def read_duration(reader: Reader) -> float:
    return float(reader.next())


def read_amount(reader: Reader) -> Any:
    return {"$amount": reader.next()}


def read_timestamp(reader: Reader) -> Any:
    return {"$timestamp": reader.next()}


def read_metadata(reader: Reader) -> Any:
    return {"$metadata": json.loads(read_string(reader))}


def read_personal(reader: Reader) -> str:
    return read_string(reader)


def read_secret(reader: Reader) -> str:
    return read_string(reader)


def read_raw(reader: Reader) -> Any:
    return {"$raw": reader.raw(read_int(reader))}


def word(enum: str, found: str) -> Any:
    return {"$word": found, "of": enum}
