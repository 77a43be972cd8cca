"""The package exposes exactly what the contract lists (tests/contract.json): no more, no less."""

from __future__ import annotations

import inspect
import json
from enum import Enum
from typing import Any

import kopokopo
import pytest
from stage import TESTS

CONTRACT = json.loads((TESTS / "contract.json").read_text())

# An iterator in Python, which `watch` returns.
OBJECTS = {name: found for name, found in CONTRACT["objects"].items() if not name.endswith("Watch")}

# A method of these records in Python.
METHOD, PAYMENTS = "is_paid_at_least", {"Event", "IncomingPayment", "PaymentLink"}

# What a contract's record is in Python, where it is no keyword arguments.
RECORDS = {name: found for name, found in CONTRACT["records"].items() if found["out"] or name == "AccessToken"}


def faces(name: str) -> list[str]:
    """The blocking class and the one for asyncio. What needs no connection has one face."""
    return [name] if name == "WebhookVerifier" else [name, f"Async{name}"]


def parameters(callable: Any) -> list[str]:
    return [name for name in inspect.signature(callable).parameters if name not in ("self", "cls")]


def variants(union: Any) -> list[Any]:
    return [variant for variant in vars(union).values() if isinstance(variant, type)]


def public(owner: type) -> set[str]:
    own = {name for cls in owner.__mro__ if cls.__module__.startswith("kopokopo") for name in vars(cls)}
    return {name for name in own if not name.startswith("_")}


def test_the_package_has_the_contracts_names_and_no_others() -> None:
    kinds = [
        error
        for error in vars(kopokopo).values()
        if isinstance(error, type) and issubclass(error, kopokopo.KopoKopoError)
    ]
    unions = {name for name, found in CONTRACT["enums"].items() if found["shape"] == "union"}
    expected = {
        *(face for name in OBJECTS for face in faces(name)),
        *(set(CONTRACT["functions"]) - {METHOD}),
        *CONTRACT["enums"],
        *RECORDS,
        *(f"Any{name}" for name in unions),
        *(error.__name__ for error in kinds),
        "__version__",
    }
    assert set(kopokopo.__all__) == expected


@pytest.mark.parametrize(
    ("name", "face"), [(name, face) for name in OBJECTS for face in faces(name)], ids=lambda value: value
)
def test_objects_have_the_contracts_methods(name: str, face: str) -> None:
    found, cls = OBJECTS[name], getattr(kopokopo, face)
    named = set(found["constructors"]) - {"new"}
    assert public(cls) == {*found["methods"], *named}
    for constructor, listed in found["constructors"].items():
        made = cls.__init__ if constructor == "new" else getattr(cls, constructor)
        expected = listed["parameters"]
        if constructor == "with_token_source":
            expected = ["token_source", *CONTRACT["records"]["TokenSourceOptions"]["fields"]]
        assert parameters(made) == expected, constructor
    for method, listed in found["methods"].items():
        own = inspect.getattr_static(cls, method)
        assert own.__doc__, method
        if isinstance(own, property):
            assert not listed["parameters"] and not listed["async"], method
            continue
        assert parameters(own) == listed["parameters"], method
        assert inspect.iscoroutinefunction(own) == (listed["async"] and face.startswith("Async")), method


@pytest.mark.parametrize("name", RECORDS)
def test_records_have_the_contracts_fields(name: str) -> None:
    cls, fields = getattr(kopokopo, name), RECORDS[name]["fields"]
    assert list(cls.__match_args__) == fields
    assert parameters(cls) == fields
    assert public(cls) - {"to_dict"} == {*fields, *({METHOD} if name in PAYMENTS else ())}


@pytest.mark.parametrize("name", [name for name, found in CONTRACT["enums"].items() if found["shape"] != "union"])
def test_enumerations_have_the_contracts_words(name: str) -> None:
    cls = getattr(kopokopo, name)
    words = set(CONTRACT["enums"][name]["variants"])
    assert issubclass(cls, str)
    if CONTRACT["enums"][name]["shape"] == "open":
        assert not issubclass(cls, Enum), "type checkers would take the known words for all there are"
        assert {word.value for word in cls.known()} == words
        assert {vars(cls)[name] for name in cls._names} == words
    else:
        assert issubclass(cls, Enum)
        assert {member.value for member in cls} == words


@pytest.mark.parametrize("name", [name for name, found in CONTRACT["enums"].items() if found["shape"] == "union"])
def test_unions_have_the_contracts_alternatives(name: str) -> None:
    cls, listed = getattr(kopokopo, name), CONTRACT["enums"][name]
    own: dict[str, Any] = {variant.kind: variant for variant in variants(cls)}
    assert set(own) == set(listed["variants"])
    for word, content in listed["variants"].items():
        expected: list[str] = []
        if content is not None:
            expected = content["fields"] if listed["in"] else [content["field"]]
        assert list(own[word].__match_args__) == expected, word


def test_functions_take_what_the_contract_says() -> None:
    for name, listed in CONTRACT["functions"].items():
        if name == METHOD:
            for record in PAYMENTS:
                assert parameters(getattr(getattr(kopokopo, record), name)) == listed["parameters"][1:], record
        else:
            assert parameters(getattr(kopokopo, name)) == listed["parameters"], name


def test_every_kind_of_error_has_one_class() -> None:
    kinds = [error.kind for error in kopokopo.KopoKopoError.__subclasses__()]
    assert sorted(kinds) == sorted(CONTRACT["error"]["kinds"])
    assert parameters(kopokopo.KopoKopoError) == CONTRACT["error"]["fields"]


def test_the_digest_is_the_contracts() -> None:
    assert kopokopo.contract_hash() == CONTRACT["hash"]
