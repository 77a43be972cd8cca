"""Deletion vectors (tests/vectors/README.md): every documented webhook and result with each of its parts removed or
changed. Python returns what Rust returns, field by field."""

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


def neutral(value: Any, document: str, name: str = "") -> Any:
    """A value of this package in the vectors' form."""
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
        return [neutral(item, document) for item in value]
    assert isinstance(value, Record), f"{name} is a {type(value)}"
    names = type(value).__match_args__  # type: ignore[attr-defined]
    fields = {name: neutral(getattr(value, name), document, name) for name in names}
    if isinstance(value, Alternative):
        union = type(value).__qualname__.split(".")[0]
        return {"$union": union, "kind": value.kind, **fields}
    return {"$record": type(value).__name__, **fields}


def expected(value: Any) -> Any:
    """What the vectors expect: Python's moments have microseconds, and no `Z`."""
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
        return neutral(VERIFIER.verify(case["document"].encode(), case["signature"]), case["document"])
    except KopoKopoError as error:
        return {"error": error.kind}


def test_all_deletion_vectors_are_here() -> None:
    assert HEAD["documents"] > 5000
    assert len(CASES) == HEAD["documents"]


@pytest.mark.parametrize(("sample", "cases"), SAMPLES, ids=[sample for sample, _ in SAMPLES])
def test_python_returns_what_rust_returns(sample: str, cases: list[dict[str, Any]]) -> None:
    for case in cases:
        own = found(case)
        rust = {"error": case["error"]} if "error" in case else expected(case["event"])
        # As text, so that the order of names counts too.
        if json.dumps(own) != json.dumps(rust):
            assert own == rust, case["name"]
            raise AssertionError(f"{case['name']}: the names are in another order")
