"""Records, variants and words are values."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from harness import payloads
from kopokopo import (
    ConfigurationError,
    Environment,
    EventPayload,
    EventType,
    IncomingPayment,
    IncomingPaymentStatus,
    KopoKopo,
    Links,
    WebhookVerifier,
)


def payment(**fields: Any) -> IncomingPayment:
    values = {"id": "1", "status": IncomingPaymentStatus.SUCCESS, "is_paid": True, "is_final": True, **fields}
    return IncomingPayment(**values)


def test_records_are_values() -> None:
    record = payment(metadata={"order": "1"}, errors=["a"])
    assert record == payment(metadata={"order": "1"}, errors=("a",)) != payment()
    assert hash(record) == hash(payment(metadata={"order": "1"}, errors=["a"]))
    assert pickle.loads(pickle.dumps(record)) == copy.deepcopy(record) == copy.copy(record) == record
    assert Links() == Links(self_url=None) != EventPayload.Unknown()
    for name in ("id", "anything", "errors"):
        with pytest.raises(AttributeError):
            setattr(record, name, "2")
    assert record.to_dict()["links"] == {"self_url": None, "resource_url": None, "callback_url": None}
    assert record.to_dict()["errors"] == ["a"]
    with pytest.raises(TypeError):
        IncomingPayment("1")  # type: ignore[call-arg]
    if sys.version_info >= (3, 13):
        assert copy.replace(record, id="2").id == "2"


@pytest.mark.parametrize(("name", "raw"), payloads("webhook-", "result-"))
def test_pickled_event_is_equal_and_its_repr_has_no_personal_data(name: str, raw: bytes) -> None:
    event = WebhookVerifier(api_keys=["key"]).parse_unverified(raw)
    assert pickle.loads(pickle.dumps(event)) == event
    assert hash(event) == hash(copy.deepcopy(event))
    for personal in ("phone_number", "hashed_sender_phone", "first_name", "last_name"):
        values = {value for value in find_texts(event.to_dict(), personal) if len(value) > 3}
        assert not [value for value in values if value in repr(event)]


def find_texts(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key.endswith(name) and isinstance(item, str):
                yield item
            yield from find_texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from find_texts(item, name)


def test_unknown_words_are_kept() -> None:
    word = IncomingPaymentStatus("Reviewed")
    assert (word, str(word), f"{word}", word.value) == ("Reviewed",) * 4
    assert repr(word) == "IncomingPaymentStatus('Reviewed')"
    assert isinstance(word, IncomingPaymentStatus)
    assert word == IncomingPaymentStatus("Reviewed")
    assert {str(word): 1}[word] == 1
    assert pickle.loads(pickle.dumps(word)) == word
    assert len(IncomingPaymentStatus.known()) == 3
    assert IncomingPaymentStatus.FAILED.is_known
    assert not word.is_known
    assert repr(IncomingPaymentStatus.FAILED) == "IncomingPaymentStatus.FAILED"
    known = pickle.loads(pickle.dumps(IncomingPaymentStatus.FAILED))
    assert known is IncomingPaymentStatus.FAILED is IncomingPaymentStatus("Failed")
    assert {"Failed": 1}[IncomingPaymentStatus.FAILED] == 1
    assert json.dumps(IncomingPaymentStatus.FAILED) == '"Failed"'
    assert EventType("brand_new") == "brand_new"
    with pytest.raises(ValueError, match="live"):
        Environment("live")
    with pytest.raises(ConfigurationError, match="environment"):
        KopoKopo(client_id="a", client_secret="b", environment="live")  # type: ignore[arg-type]
