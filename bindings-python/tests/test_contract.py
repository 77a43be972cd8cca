"""What Python adds to the names of the contract: documentation, coroutines, constructors and classes of errors. The
conformance runner compares the names."""

from __future__ import annotations

import inspect
import json
from enum import Enum
from typing import Any

import kopokopo
import pytest
from harness import TESTS
from surface import parameters

CONTRACT = json.loads((TESTS / "contract.json").read_text())
CLASSES = [
    (name, prefix + name)
    for name in CONTRACT["objects"]
    for prefix in ("", "Async")
    # A watch is an iterator in Python. A verifier has no connection.
    if not name.endswith("Watch") and (prefix, name) != ("Async", "WebhookVerifier")
]


def test_package_exports_names_of_contract_only() -> None:
    errors = {
        name
        for name, found in vars(kopokopo).items()
        if isinstance(found, type) and issubclass(found, kopokopo.KopoKopoError)
    }
    records = {name for name, found in CONTRACT["records"].items() if found["out"] or name == "AccessToken"}
    unions = {f"Any{name}" for name, found in CONTRACT["enums"].items() if found["shape"] == "union"}
    expected = {class_name for _, class_name in CLASSES} | set(CONTRACT["functions"]) | set(CONTRACT["enums"])
    expected |= errors | records | unions | {"__version__"}
    # It is a method of records in Python.
    assert set(kopokopo.__all__) == expected - {"is_paid_at_least"}


@pytest.mark.parametrize(("name", "class_name"), CLASSES)
def test_methods_have_documentation_and_are_coroutines_in_asyncio_classes(name: str, class_name: str) -> None:
    for method, listed in CONTRACT["objects"][name]["methods"].items():
        member = inspect.getattr_static(getattr(kopokopo, class_name), method)
        assert member.__doc__, method
        assert inspect.iscoroutinefunction(member) == (listed["async"] and class_name.startswith("Async")), method


@pytest.mark.parametrize("name", [name for name, found in CONTRACT["enums"].items() if found["shape"] != "union"])
def test_only_closed_enumerations_are_enums(name: str) -> None:
    cls = getattr(kopokopo, name)
    assert issubclass(cls, str)
    # Type checkers would treat the known words of an open enumeration as complete.
    assert issubclass(cls, Enum) == (CONTRACT["enums"][name]["shape"] != "open")


def test_records_and_errors_are_made_from_their_fields() -> None:
    for name, listed in CONTRACT["records"].items():
        if listed["out"]:
            assert parameters(getattr(kopokopo, name)) == listed["fields"], name
    assert parameters(kopokopo.KopoKopoError) == CONTRACT["error"]["fields"]


def test_each_kind_of_error_has_one_class() -> None:
    kinds: list[Any] = [error.kind for error in kopokopo.KopoKopoError.__subclasses__()]
    assert sorted(kinds) == sorted(CONTRACT["error"]["kinds"])
