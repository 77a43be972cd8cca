"""Paths, matchers and references of tests/README.md."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

_REFERENCE = re.compile(r"\$([a-z][A-Za-z0-9_.]*)")


class Absent:
    """What a path did not find."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = Absent()


def find(root: Any, path: str) -> Any:
    """The value at a dotted path, a list of several, or ABSENT."""
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
        key, wanted = part.split("=", 1)
        return [item for item in items if isinstance(item, dict) and key in item and text(item[key]) == wanted]
    if isinstance(value, list):
        return [items[int(part)]] if part.isdigit() and int(part) < len(items) else []
    return [value[part]] if isinstance(value, dict) and part in value else []


def text(value: Any) -> str:
    """A text as it is, anything else as in JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def fits(found: Any, wanted: Any) -> bool:
    """Whether a value matches the expected one. None means absent."""
    if found is None:
        found = ABSENT
    if not (isinstance(wanted, dict) and len(wanted) == 1 and next(iter(wanted)).startswith("$")):
        return _same(found, wanted)
    [(matcher, inner)] = wanted.items()
    if matcher == "$any":
        return (found is not ABSENT) == (inner is True)
    if matcher == "$not":
        return not fits(found, inner)
    if matcher == "$contains":
        if isinstance(found, str):
            return isinstance(inner, str) and inner in found
        return isinstance(found, list) and any(_same(item, inner) for item in found)
    if matcher == "$min":
        return isinstance(found, (int, float)) and found >= inner
    if matcher == "$amount":
        return _amount(found) is not None and _amount(found) == _amount(inner)
    raise AssertionError(f"there is no matcher {matcher}")


def _same(found: Any, wanted: Any) -> bool:
    if found is ABSENT:
        return wanted is None
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return bool(found == wanted)


def _amount(value: Any) -> Decimal | None:
    try:
        return Decimal(text(value))
    except InvalidOperation:
        return None


def fill(value: Any, names: dict[str, Any]) -> Any:
    """The value with every reference in it resolved."""
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return _look_up(whole[1], names) if whole else fill_text(value, names)
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if isinstance(value, dict):
        return {name: fill(item, names) for name, item in value.items()}
    return value


def fill_text(template: str, names: dict[str, Any]) -> str:
    return _REFERENCE.sub(lambda reference: text(_look_up(reference[1], names)), template)


def _look_up(reference: str, names: dict[str, Any]) -> Any:
    name, _, path = reference.partition(".")
    assert name in names, f"no step was named {name}"
    found = find(names[name], path)
    assert found is not ABSENT, f"{name} has no {path}"
    return found


def differences(found: Any, expected: dict[str, Any], names: dict[str, Any]) -> list[str]:
    """Everything that does not fit."""
    out = []
    for template, value in expected.items():
        path, wanted = fill_text(template, names), fill(value, names)
        own = find(found, path)
        if not fits(own, wanted):
            out.append(f"{path}: expected {wanted!r}, found {own!r}")
    return out


def redacted(why: str) -> str:
    """Without phone numbers and secrets."""

    def shown(run: re.Match[str]) -> str:
        word = run[0]
        if len(word) >= 9 and word.isdigit():
            return "[number]"
        if len(word) >= 30 and any(c.isdigit() for c in word):
            return "[secret]"
        return word

    return re.sub(r"[A-Za-z0-9_]+", shown, why)
