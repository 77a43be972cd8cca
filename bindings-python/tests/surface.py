"""Describes what this package exports, with the contract's names (tests/conformance.md)."""

from __future__ import annotations

import inspect
from typing import Any

import kopokopo
from kopokopo import KopoKopoError
from tagged import variants


def surface() -> dict[str, Any]:
    objects: dict[str, Any] = {}
    records, unions, enums, functions = ({} for _ in range(4))
    errors = []
    for name in kopokopo.__all__:
        found: Any = getattr(kopokopo, name)
        if inspect.isfunction(found):
            functions[name] = parameters(found)
        elif not isinstance(found, type):
            continue
        elif issubclass(found, KopoKopoError):
            errors += [found.kind] if found is not KopoKopoError else []
        elif issubclass(found, str):
            enums[name] = words(found)
        elif hasattr(found, "__match_args__"):
            records[name] = list(found.__match_args__)
            # A function of a record's text is a method of the record in Python.
            for method in public(found) - {"to_dict", *found.__match_args__}:
                functions[method] = ["payment", "record", *parameters(getattr(found, method))]
        elif variants(found):
            unions[name] = {variant.kind: list(variant.__match_args__) for variant in variants(found)}
        else:
            # The classes for asyncio have the same methods. If they had not, the runner would report the second name.
            contract_name, methods = name.removeprefix("Async"), methods_of(found)
            objects[contract_name if objects.get(contract_name, methods) == methods else name] = methods
    return {
        "objects": objects,
        "records": records,
        "unions": unions,
        "enums": enums,
        "errors": errors,
        "functions": functions,
        "contract_hash": kopokopo.contract_hash(),
    }


def methods_of(cls: type) -> dict[str, list[str]]:
    """Returns the parameters of the methods. A property has none. The constructor has the name `new`."""
    constructor = {"new": parameters(cls)} if "__init__" in vars(cls) else {}
    named = {name: inspect.getattr_static(cls, name) for name in sorted(public(cls))}
    return constructor | {
        name: [] if isinstance(member, property) else parameters(getattr(cls, name)) for name, member in named.items()
    }


def words(enum: Any) -> list[str]:
    return [str(word) for word in (enum.known() if hasattr(enum, "known") else enum)]


def public(cls: type) -> set[str]:
    members = {name for base in cls.__mro__ if base.__module__.startswith("kopokopo") for name in vars(base)}
    return {name for name in members if not name.startswith("_")}


# What only Python has: short forms of `with_journal` and of the call option.
SHORT_FORMS = ("self", "journal", "idempotency_key")


def parameters(function: Any) -> list[str]:
    names = list(inspect.signature(function).parameters)
    # The call option itself, and the field of an error.
    is_own = "in_progress_wait" in names or "fingerprint" in names
    left_out = ("self",) if is_own else SHORT_FORMS
    return [name for name in names if name not in left_out]
