"""Deletion vectors (tests/vectors/README.md): each documented webhook and result, with each of its parts removed or
changed. Python must return the same fields as Rust."""

from __future__ import annotations

import json
import re
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from kopokopo import KopoKopoError, WebhookVerifier
from kopokopo._record import Alternative, Record
from kopokopo._word import OpenEnum, Word
from vectors import deletions

HEAD, *CASES = deletions()
SAMPLES = [(sample, list(cases)) for sample, cases in groupby(CASES, lambda case: case["name"].split(" ")[0])]
VERIFIER = WebhookVerifier(api_keys=[HEAD["api_key"]])


def to_vector(value: Any, document: str, name: str = "") -> Any:
    """Returns a value of this package in the format of the vectors."""
    if isinstance(value, (Word, OpenEnum)):
        return {"$word": str(value), "of": type(value).__name__}
    if name == "raw":
        return {"$raw": "document" if value == document else value}
    if name == "metadata" and value is not None:
        return {"$metadata": value}
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Decimal):
        return {"$amount": str(value)}
    if isinstance(value, datetime):
        return {"$timestamp": value.isoformat(timespec="microseconds")}
    if isinstance(value, tuple):
        return [to_vector(item, document) for item in value]
    assert isinstance(value, Record), f"{name} is a {type(value)}"
    names = type(value).__match_args__  # type: ignore[attr-defined]
    fields = {name: to_vector(getattr(value, name), document, name) for name in names}
    if isinstance(value, Alternative):
        union = type(value).__qualname__.split(".")[0]
        return {"$union": union, "kind": value.kind, **fields}
    return {"$record": type(value).__name__, **fields}


def expected(value: Any) -> Any:
    """Returns the expected value of a vector. Times in Python have microseconds, and no `Z`."""
    if isinstance(value, list):
        return [expected(item) for item in value]
    if not isinstance(value, dict) or "$metadata" in value:
        return value
    if "$timestamp" in value:
        text = re.sub("Z$", "+00:00", value["$timestamp"])
        seconds, fraction, offset = re.fullmatch(r"(.{19})(?:\.(\d+))?(.{6})", text).groups()  # type: ignore[union-attr]
        return {"$timestamp": f"{seconds}.{(fraction or '').ljust(6, '0')[:6]}{offset}"}
    return {name: expected(item) for name, item in value.items()}


def found(case: dict[str, Any]) -> Any:
    try:
        return to_vector(VERIFIER.verify(case["document"].encode(), case["signature"]), case["document"])
    except KopoKopoError as error:
        return {"error": error.kind}


def test_all_deletion_vectors_are_found() -> None:
    assert HEAD["documents"] > 5000
    assert len(CASES) == HEAD["documents"]


@pytest.mark.parametrize(("sample", "cases"), SAMPLES, ids=[sample for sample, _ in SAMPLES])
def test_python_returns_same_event_as_rust(sample: str, cases: list[dict[str, Any]]) -> None:
    for case in cases:
        found_event = found(case)
        expected_event = {"error": case["error"]} if "error" in case else expected(case["event"])
        # Compared as text, so that the order of names matters too.
        if json.dumps(found_event) != json.dumps(expected_event):
            assert found_event == expected_event, case["name"]
            raise AssertionError(f"{case['name']}: the names are in a different order")
