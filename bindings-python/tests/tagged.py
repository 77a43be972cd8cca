"""Values of this package as tagged values (tests/conformance.md), and back. Nothing here depends on a record's name."""

from __future__ import annotations

import asyncio
import base64
import inspect
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import kopokopo
from kopokopo import KopoKopoError


def to_tagged(value: Any, field: str = "") -> Any:
    """Returns a result as a tagged value. `field` is the name of the field that has it."""
    if isinstance(value, str):
        if type(value) is not str:
            return {"$word": str(value), "of": type(value).__name__}
        return {"$raw": value} if field == "raw" else value
    if isinstance(value, Decimal):
        return {"$amount": str(value)}
    if isinstance(value, datetime):
        return {"$timestamp": value.isoformat()}
    if isinstance(value, dict):
        return {"$metadata": value}
    if isinstance(value, (list, tuple)):
        return [to_tagged(item) for item in value]
    if hasattr(value, "watch"):
        # The class for asyncio has the prefix; the contract has one name.
        return {"$handle": type(value).__name__.removeprefix("Async"), "id": value.id, "location": value.location}
    if hasattr(value, "__match_args__"):
        fields = {name: to_tagged(getattr(value, name), name) for name in value.__match_args__}
        union, _, name = type(value).__qualname__.rpartition(".")
        return {"$union": union, "kind": value.kind, **fields} if union else {"$record": name, **fields}
    assert value is None or isinstance(value, (bool, int)), f"{field} is a {type(value)}"
    return value


def error_to_tagged(error: KopoKopoError) -> dict[str, Any]:
    fields = error.to_dict()
    seconds = fields.pop("retry_after")
    return {
        **{name: to_tagged(value) for name, value in fields.items()},
        "retry_after_ms": None if seconds is None else round(seconds * 1000),
        "class": type(error).__name__,
        # Python 3.10 has a separate class for timeouts of asyncio.
        "retried": isinstance(error, (ConnectionError, TimeoutError, asyncio.TimeoutError)),
    }


def from_tagged(value: Any) -> Any:
    """Returns an argument. Amounts are texts, because `Decimal` cannot have every text that a test passes."""
    if isinstance(value, list):
        return [from_tagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {name: from_tagged(item) for name, item in value.items() if not name.startswith("$")}
    match next(iter(value), ""):
        case "$amount" | "$raw" | "$metadata" as tag:
            return value[tag]
        case "$timestamp" as tag:
            # Python 3.10 does not read `Z`.
            return datetime.fromisoformat(value[tag].replace("Z", "+00:00"))
        case "$bytes" as tag:
            return base64.b64decode(value[tag])
        case "$word" as tag:
            return getattr(kopokopo, value["of"])(value[tag])
        case "$record" as tag:
            record = getattr(kopokopo, value[tag])
            return record(**completed(record, fields))
        case "$union" as tag:
            kind = fields.pop("kind")
            variant = next(found for found in variants(getattr(kopokopo, value[tag])) if found.kind == kind)
            return variant(**completed(variant, fields))
    return fields


def completed(function: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Returns the arguments of a function. A required argument that is absent is None."""
    required = [name for name, found in inspect.signature(function).parameters.items() if found.default is found.empty]
    return {**dict.fromkeys(required), **arguments}


def variants(union: Any) -> list[Any]:
    """Returns the variants of a union: the classes in it."""
    return [found for found in vars(union).values() if isinstance(found, type)]
