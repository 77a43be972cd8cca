"""The description of the API, and whether what crosses the wire conforms to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import yaml
from jsonschema_rs import Draft202012Validator

__all__ = ["PATH", "ROOT", "Description", "Operation"]

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "docs/openapi/kopokopo.yaml"
METHODS = ("get", "post", "put", "patch", "delete")
SPELLINGS = re.compile(r"_(v1|v2|alias)$")
"""The end of an operation's id where the same operation has another path."""


@dataclass(frozen=True)
class Operation:
    """One operation, and where the description has it."""

    id: str
    method: str
    path: str
    pointer: str
    value: dict[str, Any]

    @property
    def name(self) -> str:
        """The name that the library has."""
        return SPELLINGS.sub("", self.id)

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is for it. `//` is `/`."""
        pattern = re.escape(self.path).replace(r"\{id\}", "[^/]+")
        return method == self.method and re.fullmatch(pattern, re.sub("/+", "/", path)) is not None


class Description:
    """A parsed description."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.validators: dict[str, Draft202012Validator] = {}

    @classmethod
    def read(cls) -> Description:
        """Reads the committed one."""
        return cls(yaml.safe_load(PATH.read_text(encoding="utf-8")))

    @cached_property
    def operations(self) -> list[Operation]:
        """Every operation."""
        return [
            Operation(value["operationId"], method.upper(), path, pointer_of("#/paths", path, method), value)
            for path, item in self.document["paths"].items()
            for method, value in item.items()
            if method in METHODS
        ]

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request."""
        return next((operation for operation in self.operations if operation.matches(method, path)), None)

    def operation(self, name: str) -> Operation:
        """The operation with an id."""
        return next(operation for operation in self.operations if operation.id == name)

    def references(self) -> Iterator[str]:
        """Every `$ref`, and every target of a discriminator."""
        for name, value in pairs(self.document):
            if name == "$ref":
                yield value
            if name == "mapping":
                yield from value.values()

    def at(self, pointer: str) -> Any:
        """What a reference points to."""
        assert pointer.startswith("#/"), pointer
        value: Any = self.document
        for part in pointer[2:].split("/"):
            value = value[part.replace("~1", "/").replace("~0", "~")]
        return value

    def followed(self, pointer: str) -> str:
        """The place that is meant, after references."""
        while "$ref" in self.at(pointer):
            pointer = self.at(pointer)["$ref"]
        return pointer

    def differences(self, pointer: str, value: Any) -> list[str]:
        """How a value differs from the schema at a pointer."""
        if pointer not in self.validators:
            # An expression of a callback has characters that a reference cannot have.
            schema = {"$ref": f"#{quote(pointer[1:])}", **self.document}
            self.validators[pointer] = Draft202012Validator(schema, validate_formats=True)
        errors = self.validators[pointer].iter_errors(value)
        return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in errors]

    def request_differences(self, operation: Operation, content_type: str, body: bytes) -> list[str]:
        """How the body of a request differs."""
        if "requestBody" not in operation.value:
            return ["there is a body"] if body else []
        pointer = self.followed(pointer_of(operation.pointer, "requestBody"))
        if not body:
            return ["there is no body"] if self.at(pointer).get("required") else []
        return self.content_differences(pointer, content_type, body)

    def response_differences(
        self, operation: Operation, status: int, headers: dict[str, str], body: bytes
    ) -> list[str]:
        """How a response differs. The names of headers are in lower case."""
        responses = operation.value["responses"]
        key = next((key for key in (str(status), f"{status // 100}XX") if key in responses), None)
        if key is None:
            return [f"the status {status} is not described"]
        pointer = self.followed(pointer_of(operation.pointer, "responses", key))
        response = self.at(pointer)
        found = []
        for name, header in response.get("headers", {}).items():
            header = self.at(header["$ref"])
            if header.get("required") and not headers.get(name.lower()):
                found.append(f"there is no {name}")
        if "content" not in response:
            return [*found, "there is a body"] if body else found
        if not body:
            return found if response.get("x-body-may-be-absent") else [*found, "there is no body"]
        return found + self.content_differences(pointer, headers.get("content-type", ""), body)

    def content_differences(self, pointer: str, content_type: str, body: bytes) -> list[str]:
        """How a body differs from those that the request or response at a pointer can have."""
        media = content_type.partition(";")[0].strip().lower()
        if media not in self.at(pointer)["content"]:
            return [f"the content type {media!r} is not described"]
        try:
            value = decoded(media, body)
        except ValueError as error:
            return [f"it is not {media}: {error}"]
        return self.differences(pointer_of(pointer, "content", media, "schema"), value)

    def delivery_schema(self, body: Any) -> str:
        """Where the schema of a webhook or a result is. Its topic or its type says which one it is."""
        if "topic" in body:
            pointers = [pointer_of("#/webhooks", body["topic"])]
        elif "TransactionType" in body:
            daraja = {"Buygoods": "buygoods", "Organization To Organization Transfer": "b2b"}
            pointers = [pointer_of("#/webhooks", f"{daraja[body['TransactionType']]}_transaction_received")]
        else:
            pointers = [place for place in self.results if body["data"]["type"] in self.kinds(place)]
        (pointer,) = pointers
        pointer = self.followed(pointer_of(pointer, "post", "requestBody"))
        return pointer_of(pointer, "content", "application/json", "schema")

    @property
    def results(self) -> list[str]:
        """The callbacks of all operations, each once."""
        return [
            pointer_of("#/components/callbacks", name, expression)
            for name, callback in self.document["components"]["callbacks"].items()
            for expression in callback
        ]

    def kinds(self, callback: str) -> list[str]:
        """What `data.type` can be in the result at a callback's pointer."""
        content = self.at(pointer_of(callback, "post", "requestBody", "content", "application/json", "schema"))
        kind = self.at(content["$ref"])["properties"]["data"]["properties"]["type"]
        return kind.get("enum") or [kind["const"]]


def decoded(media: str, body: bytes) -> Any:
    """The value of a body."""
    if media == "application/json":
        return json.loads(body)
    if media == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    return body.decode()


def pointer_of(start: str, *parts: str) -> str:
    """Goes on from a pointer."""
    return "/".join([start, *(part.replace("~", "~0").replace("/", "~1") for part in parts)])


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every name with its value, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pairs(inner)
