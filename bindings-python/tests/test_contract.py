"""The package exports exactly the names of the contract (tests/contract.json)."""

from __future__ import annotations

import inspect
import json
from enum import Enum
from typing import Any

import kopokopo
import pytest
from harness import TESTS

CONTRACT = json.loads((TESTS / "contract.json").read_text())

# Without the watches. In Python `watch` returns an iterator.
OBJECTS = {name: found for name, found in CONTRACT["objects"].items() if not name.endswith("Watch")}

# The function that is a method of these records in Python.
METHOD, PAYMENTS = "is_paid_at_least", {"Event", "IncomingPayment", "PaymentLink"}

# The records that are classes in Python. All others are keyword arguments.
RECORDS = {name: found for name, found in CONTRACT["records"].items() if found["out"] or name == "AccessToken"}


def class_names(name: str) -> list[str]:
    """Returns the names of the blocking and the asyncio class. An object without a connection has one class."""
    return [name] if name == "WebhookVerifier" else [name, f"Async{name}"]


def parameters(callable: Any) -> list[str]:
    return [name for name in inspect.signature(callable).parameters if name not in ("self", "cls")]


def variants(union: Any) -> list[Any]:
    return [variant for variant in vars(union).values() if isinstance(variant, type)]


def public(owner: type) -> set[str]:
    member = {name for cls in owner.__mro__ if cls.__module__.startswith("kopokopo") for name in vars(cls)}
    return {name for name in member if not name.startswith("_")}


def test_package_exports_names_of_contract_only() -> None:
    kinds = [
        error
        for error in vars(kopokopo).values()
        if isinstance(error, type) and issubclass(error, kopokopo.KopoKopoError)
    ]
    unions = {name for name, found in CONTRACT["enums"].items() if found["shape"] == "union"}
    expected = {
        *(class_name for name in OBJECTS for class_name in class_names(name)),
        *(set(CONTRACT["functions"]) - {METHOD}),
        *CONTRACT["enums"],
        *RECORDS,
        *(f"Any{name}" for name in unions),
        *(error.__name__ for error in kinds),
        "__version__",
    }
    assert set(kopokopo.__all__) == expected


@pytest.mark.parametrize(
    ("name", "class_name"),
    [(name, class_name) for name in OBJECTS for class_name in class_names(name)],
    ids=lambda value: value,
)
def test_objects_have_methods_of_contract(name: str, class_name: str) -> None:
    found, cls = OBJECTS[name], getattr(kopokopo, class_name)
    named = set(found["constructors"]) - {"new"}
    assert public(cls) == {*found["methods"], *named}
    for constructor, listed in found["constructors"].items():
        made = cls.__init__ if constructor == "new" else getattr(cls, constructor)
        expected = listed["parameters"]
        if constructor == "with_token_source":
            expected = ["token_source", *CONTRACT["records"]["TokenSourceOptions"]["fields"]]
        assert parameters(made) == expected, constructor
    for method, listed in found["methods"].items():
        member = inspect.getattr_static(cls, method)
        assert member.__doc__, method
        if isinstance(member, property):
            assert not listed["parameters"] and not listed["async"], method
            continue
        assert parameters(member) == listed["parameters"], method
        assert inspect.iscoroutinefunction(member) == (listed["async"] and class_name.startswith("Async")), method


@pytest.mark.parametrize("name", RECORDS)
def test_records_have_fields_of_contract(name: str) -> None:
    cls, fields = getattr(kopokopo, name), RECORDS[name]["fields"]
    assert list(cls.__match_args__) == fields
    assert parameters(cls) == fields
    assert public(cls) - {"to_dict"} == {*fields, *({METHOD} if name in PAYMENTS else ())}


@pytest.mark.parametrize("name", [name for name, found in CONTRACT["enums"].items() if found["shape"] != "union"])
def test_enumerations_have_words_of_contract(name: str) -> None:
    cls = getattr(kopokopo, name)
    words = set(CONTRACT["enums"][name]["variants"])
    assert issubclass(cls, str)
    if CONTRACT["enums"][name]["shape"] == "open":
        assert not issubclass(cls, Enum), "type checkers would treat the known words as complete"
        assert {word.value for word in cls.known()} == words
        assert {vars(cls)[name] for name in cls._names} == words
    else:
        assert issubclass(cls, Enum)
        assert {member.value for member in cls} == words


@pytest.mark.parametrize("name", [name for name, found in CONTRACT["enums"].items() if found["shape"] == "union"])
def test_unions_have_variants_of_contract(name: str) -> None:
    cls, listed = getattr(kopokopo, name), CONTRACT["enums"][name]
    member: dict[str, Any] = {variant.kind: variant for variant in variants(cls)}
    assert set(member) == set(listed["variants"])
    for word, content in listed["variants"].items():
        expected: list[str] = []
        if content is not None:
            expected = content["fields"] if listed["in"] else [content["field"]]
        assert list(member[word].__match_args__) == expected, word


def test_functions_have_parameters_of_contract() -> None:
    for name, listed in CONTRACT["functions"].items():
        if name == METHOD:
            for record in PAYMENTS:
                method = getattr(getattr(kopokopo, record), name)
                # The method sets `payment` and `record` itself.
                assert ["payment", "record", *parameters(method)] == listed["parameters"], record
        else:
            assert parameters(getattr(kopokopo, name)) == listed["parameters"], name


def test_each_kind_of_error_has_one_class() -> None:
    kinds = [error.kind for error in kopokopo.KopoKopoError.__subclasses__()]
    assert sorted(kinds) == sorted(CONTRACT["error"]["kinds"])
    assert parameters(kopokopo.KopoKopoError) == CONTRACT["error"]["fields"]


def test_hash_is_that_of_contract() -> None:
    assert kopokopo.contract_hash() == CONTRACT["hash"]
