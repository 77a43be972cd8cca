"""The description is valid, has every operation, and fits every documented sample."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from description import PATH, ROOT, SPELLINGS, Description, pairs, pointer_of
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from server import Server

PAYLOADS = ROOT / "tests/vectors/payloads"
EVIDENCE = {"documented", "seen", "extrapolated", "guessed"}
REQUESTS = {
    "request-external-recipient": "external_recipients.create",
    "request-incoming-payment": "incoming_payments.create",
    "request-merchant-bank-account": "merchant_bank_accounts.create",
    "request-merchant-wallet": "merchant_wallets.create",
    "request-payment-link": "payment_links.create",
    "request-polling": "polling.create",
    "request-reversal": "reversals.create",
    "request-send-money": "send_money.create",
    "request-sms-notification": "sms_notifications.create",
    "request-webhook-subscription": "webhook_subscriptions.create",
}
RESPONSES = {
    "oauth-token": ("oauth.token", 200),
    "oauth-token-info": ("oauth.token_info", 200),
    "oauth-introspect": ("oauth.introspect", 200),
    "payment-link-cancelled": ("payment_links.cancel", 200),
}
RESULTS = {"incoming_payment", "send_money", "polling", "reversals", "payment_link", "transaction_sms_notification"}
VERSION_1 = {"payment": "payments.get", "settlement_transfer": "settlement_transfers.get"}
"""Results of version 1: nothing creates them any more, and they can be read."""


def samples(*beginnings: str) -> list[Path]:
    """The documented samples whose names begin so."""
    found = [path for path in sorted(PAYLOADS.iterdir()) if path.name.startswith(beginnings)]
    assert found, beginnings
    return found


def check_of(description: Description, sample: Path) -> Callable[[Any], list[str]]:
    """How a body differs from what the description has for a sample."""
    headers = {"content-type": "application/json; charset=utf-8"}

    def response(name: str, status: int) -> Callable[[Any], list[str]]:
        operation = description.operation(name)
        return lambda body: description.response_differences(operation, status, headers, json.dumps(body).encode())

    for beginning, name in REQUESTS.items():
        if sample.stem.startswith(beginning):
            operation = description.operation(name)
            return lambda body: description.request_differences(
                operation, "application/json", json.dumps(body).encode()
            )
    if sample.stem in RESPONSES:
        return response(*RESPONSES[sample.stem])
    body = read(sample)
    if sample.stem.startswith("error"):
        return response("payment_links.cancel", body["error_code"])
    if "data" in body and body["data"]["type"] in VERSION_1:
        return response(VERSION_1[body["data"]["type"]], 200)
    pointer = description.delivery_schema(body)
    return lambda body: description.differences(pointer, body)


def read(sample: Path) -> Any:
    """The value of a sample."""
    return json.loads(sample.read_bytes())


def test_the_description_is_valid_and_names_no_file_of_its_own(description: Description) -> None:
    validate(description.document, cls=OpenAPIV31SpecValidator)
    assert description.document["openapi"].startswith("3.1.")
    for reference in description.references():
        assert description.at(reference) is not None, reference


def test_a_word_that_is_not_followed_by_its_value_is_found(description: Description) -> None:
    # `{ description: One, or two }` is a mapping with the key `or two`, and no error.
    empty = [name for name, value in pairs(description.document) if value is None and name not in {"example", "value"}]
    assert empty == []


def test_every_component_is_used(description: Description) -> None:
    used = set(description.references())
    for kind, components in description.document["components"].items():
        if kind != "securitySchemes":
            unused = [name for name in components if pointer_of("#/components", kind, name) not in used]
            assert unused == [], kind


def test_ids_of_operations_are_unique_and_those_of_the_library(description: Description) -> None:
    names = [operation.id for operation in description.operations]
    assert len(names) == len(set(names))
    contract = json.loads((ROOT / "tests/contract.json").read_text(encoding="utf-8"))
    text = json.dumps(contract)
    for operation in description.operations:
        section, _, method = operation.name.partition(".")
        assert section.replace("_", "") in text.lower().replace("_", ""), operation.id
        assert f'"{method}"' in text, operation.id


def test_the_operations_are_those_of_the_sandbox(description: Description, server: Server) -> None:
    served = set(server.control("GET", "/operations")["operations"])
    assert {operation.name for operation in description.operations} == served
    first = {operation.id for operation in description.operations if not SPELLINGS.search(operation.id)}
    assert first == served
    got = server.send("GET", "/openapi.yaml")
    # The sandbox is the first server.
    own = f"servers:\n  - url: {server.base_url}\n    description: This sandbox\n"
    assert (got.status, got.body.decode()) == (200, PATH.read_text().replace("servers:\n", own, 1))


def test_the_evidence_is_that_of_the_sandboxs_rules(description: Description, server: Server) -> None:
    grades = [value for name, value in pairs(description.document) if name == "x-evidence"]
    assert set(grades) == EVIDENCE
    rules = server.control("GET", "/rules")["rules"]
    for operation in description.operations:
        assert operation.value["x-evidence"] in EVIDENCE, operation.id
        section = operation.name.partition(".")[0]
        for refusal in operation.value.get("x-refusals", []):
            known = [
                rule["evidence"]
                for rule in rules
                if rule["area"] in {section, "requests"} and refusal["message"] in rule["rule"]
            ]
            assert refusal["evidence"] in known, (operation.id, refusal, known)


def test_every_topic_and_every_result_is_described(description: Description) -> None:
    topics = {read(path).get("topic") for path in samples("webhook-")} - {None}
    assert set(description.document["webhooks"]) == topics
    kinds = [kind for callback in description.results for kind in description.kinds(callback)]
    assert set(kinds) == RESULTS | {"reversal"}
    assert len(kinds) == len(set(kinds))
    for operation in description.operations:
        has_callback_url = "callback_url" in text_of_request(description, operation.pointer)
        assert has_callback_url == ("callbacks" in operation.value), operation.id


def text_of_request(description: Description, pointer: str) -> str:
    """The schema of an operation's request, with what it refers to, one step deep."""
    operation = description.at(pointer)
    if "requestBody" not in operation:
        return ""
    body = description.at(description.followed(pointer_of(pointer, "requestBody")))
    schema = body["content"]["application/json"]["schema"]
    schema = description.at(schema["$ref"]) if "$ref" in schema else schema
    return json.dumps(schema).replace("schemas/RequestLinks", "callback_url")


def test_the_signature_of_every_delivery_is_described(description: Description) -> None:
    signature = description.at("#/components/parameters/Signature")
    assert signature["name"] == "X-KopoKopo-Signature"
    deliveries = description.results + [pointer_of("#/webhooks", topic) for topic in description.document["webhooks"]]
    for delivery in deliveries:
        parameters = description.at(pointer_of(delivery, "post", "parameters"))
        assert parameters == [{"$ref": "#/components/parameters/Signature"}], delivery


def test_every_example_conforms(description: Description) -> None:
    count = 0
    for operation in description.operations:
        if "requestBody" not in operation.value:
            continue
        pointer = description.followed(pointer_of(operation.pointer, "requestBody"))
        for media, content in description.at(pointer)["content"].items():
            for name, example in content.get("examples", {}).items():
                found = description.differences(pointer_of(pointer, "content", media, "schema"), example["value"])
                assert found == [], (operation.id, name)
                count += 1
    assert count > 20


@pytest.mark.parametrize("sample", samples(""), ids=lambda path: path.stem)
def test_the_sample_conforms(description: Description, sample: Path) -> None:
    assert check_of(description, sample)(read(sample)) == []


@pytest.mark.parametrize("sample", samples(""), ids=lambda path: path.stem)
def test_the_sample_with_a_wrong_type_is_refused(description: Description, sample: Path) -> None:
    check, body = check_of(description, sample), read(sample)
    for path in places(body):
        # No field is a list of lists.
        assert check(changed(body, path, [[]])), f"{path} is not checked"


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a sample has values."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (*path, name)
        yield from places(inner, (*path, name))


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A body with another value at a place, without the place if the value is `...`."""
    copied = copy.deepcopy(body)
    place = copied
    for part in path[:-1]:
        place = place[part]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copied


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("webhook-buygoods_transaction_received", ("event", "resource", "reference")),
        ("webhook-b2b_transaction_received", ("event", "resource", "sending_till")),
        ("webhook-card_transaction_voided", ("topic",)),
        ("webhook-customer_created", ("event", "resource")),
        ("webhook-daraja-buygoods", ("TransID",)),
        ("result-incoming-payment-success", ("data", "attributes", "status")),
        ("result-send-money-processed", ("data", "attributes", "transfer_batches", 0, "disbursements", 0, "status")),
        ("result-reversals-processed", ("data", "attributes", "reversal_bulk_payment", "status")),
        ("request-incoming-payment", ("_links", "callback_url")),
        ("request-send-money-mobile-wallet", ("destinations", 1, "amount")),
        ("request-webhook-subscription", ("scope_reference",)),
        ("error", ("error_message",)),
    ],
)
def test_what_is_required_is_missed(description: Description, name: str, path: tuple[Any, ...]) -> None:
    sample = PAYLOADS / f"{name}.json"
    assert check_of(description, sample)(changed(read(sample), path, ...))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("request-incoming-payment", ("subscriber", "phone_number"), "12345"),
        ("request-incoming-payment", ("amount", "value"), "1e3"),
        ("request-incoming-payment", ("amount", "value"), "0.001"),
        ("request-incoming-payment", ("_links", "callback_url"), "ftp://shop.example"),
        ("request-incoming-payment", ("metadata",), {str(number): 1 for number in range(6)}),
        ("request-send-money-mobile-wallet", ("destinations", 0, "phone_number"), "+254900000000"),
        ("request-send-money-mobile-wallet", ("destinations", 0, "amount"), 10.5),
        ("request-send-money-mobile-wallet", ("destinations",), []),
        ("request-polling", ("scope",), "everything"),
        ("request-polling", ("from_time",), "yesterday"),
        ("result-polling-success", ("data", "type"), "polled"),
        ("webhook-daraja-b2b", ("TransTime",), "2026-05-01"),
        ("webhook-customer_created", ("created_at",), "2020-10-29 08:49"),
    ],
)
def test_a_wrong_value_is_refused(description: Description, name: str, path: tuple[Any, ...], value: Any) -> None:
    sample = PAYLOADS / f"{name}.json"
    assert check_of(description, sample)(changed(read(sample), path, value))


@pytest.mark.parametrize("sample", samples("result-", "webhook-"), ids=lambda path: path.stem)
def test_new_words_and_fields_conform(description: Description, sample: Path) -> None:
    text = sample.read_text(encoding="utf-8")
    text = re.sub(r'"(status|system|destination_type)": *"[^"]*"', r'"\1": "Unheard of"', text)
    body = json.loads(text)
    body["new"] = {"nested": [1, 2.5, None]}
    assert check_of(description, sample)(body) == []


def test_differences_of_responses_are_found(description: Description) -> None:
    create, read = (description.operation(f"incoming_payments.{name}") for name in ("create", "get"))
    location = {"location": "https://sandbox.kopokopo.com/api/v2/incoming_payments/1"}
    json_type = {"content-type": "application/json"}
    error = b'{"error_code": 400, "error_message": ["no", "never"]}'
    assert description.response_differences(create, 201, location, b"") == []
    assert description.response_differences(create, 201, {}, b"")
    assert description.response_differences(create, 201, location, b"{}")
    assert description.response_differences(create, 200, json_type, b"{}")
    assert description.response_differences(create, 400, json_type, error) == []
    assert description.response_differences(create, 400, {"content-type": "text/html"}, b"<html>")
    assert description.response_differences(create, 502, {"content-type": "text/html"}, b"<html>") == []
    assert description.response_differences(create, 400, json_type, b"")
    assert description.response_differences(create, 401, {}, b"") == []
    assert description.response_differences(create, 400, json_type, b"{")
    assert description.response_differences(read, 200, json_type, b"{}")
    assert description.request_differences(create, "text/plain", b"{}")
    assert description.request_differences(create, "application/json", b"")
    with pytest.raises(ValueError, match="not enough values"):
        description.delivery_schema({"data": {"type": "unheard_of"}})
