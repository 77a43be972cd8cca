"""The public API is the one in api.txt. A change of it shows in the diff of that file. To update it:
`python tests/test_api.py`."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kopokopo
import kopokopo.webhooks
from surface import public

FILE = Path(__file__).resolve().parents[1] / "api.txt"


def modules() -> list[Any]:
    """Returns the public modules. The frameworks of the adapters must be installed."""
    adapters = [found.name for found in pkgutil.iter_modules(kopokopo.webhooks.__path__) if found.name[0] != "_"]
    return [kopokopo, *(importlib.import_module(f"kopokopo.webhooks.{name}") for name in adapters)]


def dump() -> str:
    return "".join(f"{line}\n" for module in modules() for line in describe_module(module))


def describe_module(module: Any) -> Iterator[str]:
    for name in sorted(module.__all__):
        found = getattr(module, name)
        where = f"{module.__name__}.{name}"
        if isinstance(found, type):
            yield from describe_class(where, found)
        elif inspect.isfunction(found):
            yield where + signature(found)
        else:
            yield where


def describe_class(where: str, cls: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in cls.__bases__ if base is not object)
    yield f"{where}({bases})"
    constructor = cls.__dict__.get("__init__") or cls.__dict__.get("__new__")
    if inspect.isfunction(constructor):
        yield f"{where}.__init__{signature(constructor)}"
    for name in sorted(public(cls)):
        member = inspect.getattr_static(cls, name)
        if isinstance(member, type):
            yield from describe_class(f"{where}.{name}", member)
        elif isinstance(member, property):
            yield f"{where}.{name}: {inspect.signature(member.fget).return_annotation}"  # type: ignore[arg-type]
        elif callable(getattr(cls, name)) and not isinstance(getattr(cls, name), cls):
            prefix = "async " if inspect.iscoroutinefunction(getattr(cls, name)) else ""
            yield f"{prefix}{where}.{name}{signature(getattr(cls, name))}"
        else:
            yield f"{where}.{name}"


def signature(function: Any) -> str:
    return str(inspect.signature(function))


def test_public_api_is_the_one_in_the_file() -> None:
    assert dump() == FILE.read_text(), "the public API changed: run `python tests/test_api.py`, and read the diff"


if __name__ == "__main__":
    FILE.write_text(dump())
