"""Paths, matchers and references, as tests/README.md describes them."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

_REFERENCE = re.compile(r"\$([a-z][A-Za-z0-9_.]*)")


class Absent:
    """The value of a path that finds nothing."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


def find(root: Any, path: str) -> Any:
    """Returns the value at a dotted path, a list if there are several values, or ABSENT."""
    found = [root]
    for part in filter(None, path.split(".")):
        found = [child for value in found for child in _step(value, part)]
    if not found:
        return ABSENT
    return found[0] if len(found) == 1 else found


def _step(value: Any, part: str) -> list[Any]:
    items = value if isinstance(value, list) else []
    if part == "#":
        return [len(value)] if isinstance(value, list) else []
    if part == "*":
        return items
    if "=" in part:
        key, expected = part.split("=", 1)
        return [item for item in items if isinstance(item, dict) and key in item and text(item[key]) == expected]
    if isinstance(value, list):
        return [items[int(part)]] if part.isdigit() and int(part) < len(items) else []
    return [value[part]] if isinstance(value, dict) and part in value else []


def text(value: Any) -> str:
    """Returns a text unchanged, and any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def matches(found: Any, expected: Any) -> bool:
    """Returns whether a value matches the expected one. None means absent."""
    if found is None:
        found = ABSENT
    if not (isinstance(expected, dict) and len(expected) == 1 and next(iter(expected)).startswith("$")):
        return _same(found, expected)
    [(matcher, inner)] = expected.items()
    if matcher == "$any":
        return (found is not ABSENT) == (inner is True)
    if matcher == "$not":
        return not matches(found, inner)
    if matcher == "$contains":
        if isinstance(found, str):
            return isinstance(inner, str) and inner in found
        return isinstance(found, list) and any(_same(item, inner) for item in found)
    if matcher == "$min":
        return isinstance(found, (int, float)) and found >= inner
    if matcher == "$amount":
        return _amount(found) is not None and _amount(found) == _amount(inner)
    raise AssertionError(f"unknown matcher {matcher}")


def _same(found: Any, expected: Any) -> bool:
    if found is ABSENT:
        return expected is None
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    return bool(found == expected)


def _amount(value: Any) -> Decimal | None:
    try:
        return Decimal(text(value))
    except InvalidOperation:
        return None


def fill(value: Any, names: dict[str, Any]) -> Any:
    """Returns the value with all references resolved."""
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return _resolve(whole[1], names) if whole else fill_text(value, names)
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if isinstance(value, dict):
        return {name: fill(item, names) for name, item in value.items()}
    return value


def fill_text(template: str, names: dict[str, Any]) -> str:
    return _REFERENCE.sub(lambda reference: text(_resolve(reference[1], names)), template)


def _resolve(reference: str, names: dict[str, Any]) -> Any:
    name, _, path = reference.partition(".")
    assert name in names, f"no step has the name {name}"
    found = find(names[name], path)
    assert found is not ABSENT, f"{name} has no {path}"
    return found


def differences(found: Any, expected: dict[str, Any], names: dict[str, Any]) -> list[str]:
    """Returns a message for each path whose value does not match."""
    out = []
    for template, value in expected.items():
        path, expected_value = fill_text(template, names), fill(value, names)
        found_value = find(found, path)
        if not matches(found_value, expected_value):
            out.append(f"{path}: expected {expected_value!r}, found {found_value!r}")
    return out


def redact(message: str) -> str:
    """Returns the message without phone numbers and secrets."""

    def replace(run: re.Match[str]) -> str:
        word = run[0]
        if len(word) >= 9 and word.isdigit():
            return "[number]"
        if len(word) >= 30 and any(c.isdigit() for c in word):
            return "[secret]"
        return word

    return re.sub(r"[A-Za-z0-9_]+", replace, message)
