"""Everything that the sandbox returns and sends conforms: each operation, each outcome, each shape."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

from description import Description, Operation
from server import API_KEY, CREDENTIALS, Response, Server

LINKS = {"_links": {"callback_url": "https://shop.example/k2/results"}}
SHARED_IDS = ("d76265cd-0951-e511-80da-0aa34a9b2388", "247b1bd8-f5a0-4b71-a898-f62f67b8ae1c")
"""Ids that the documentation has for several kinds of resources."""
TILL = {"type": "till", "till_number": "890642", "amount": 5, "description": "Stock"}


class Client:
    """Sends requests, and checks each and its response."""

    def __init__(self, server: Server, description: Description) -> None:
        self.server = server
        self.description = description
        self.token = server.token()
        self.called: set[str] = set()

    def send(self, operation: Operation, body: Any = None, of: str = "", **headers: str) -> Response:
        """Calls an operation."""
        text = b"" if body is None else json.dumps(body).encode()
        if text:
            headers = {"content_type": "application/json", **headers}
            assert self.description.request_differences(operation, "application/json", text) == [], body
        headers = {"authorization": f"Bearer {self.token}", **headers}
        path = operation.path.replace("{id}", of)
        assert self.description.find(operation.method, path) == operation
        response = self.server.send(operation.method, path, text, **headers)
        self.called.add(operation.id)
        self.check(operation, response)
        return response

    def check(self, operation: Operation, response: Response) -> None:
        """Fails if a response does not conform."""
        found = self.description.response_differences(operation, response.status, response.headers, response.body)
        assert found == [], (operation.id, response)

    def call(self, name: str, body: Any = None, of: str = "") -> Response:
        """Calls an operation by its id."""
        return self.send(self.description.operation(name), body, of)

    def create(self, name: str, body: Any) -> str:
        """Creates a resource, reads it, and returns its id."""
        made = self.call(name, body)
        assert made.status == 201, (name, body, made)
        assert self.call(name.replace(".create", ".get"), of=made.id).status == 200
        return made.id


def examples(description: Description, operation: Operation) -> list[Any]:
    """The examples of an operation's request."""
    body = description.at(description.followed(operation.pointer + "/requestBody"))
    return [example["value"] for example in body["content"]["application/json"].get("examples", {}).values()]


def example_id(description: Description, operation: Operation) -> str:
    """The id in the example of an operation's path."""
    (parameter,) = description.at("#/paths")[operation.path]["parameters"]
    found: str = description.at(parameter["$ref"])["example"]
    return found


def push(phone_number: str = "0712345678", value: Any = "100") -> dict[str, Any]:
    """An incoming payment."""
    amount = {"currency": "KES", "value": value}
    subscriber = {"phone_number": phone_number}
    channel = "M-PESA STK Push"
    return {"payment_channel": channel, "till_number": "K000000", "subscriber": subscriber, "amount": amount, **LINKS}


def wallet(phone_number: str, amount: int = 100) -> dict[str, Any]:
    """A destination."""
    named = {"phone_number": phone_number, "network": "Safaricom", "description": "Wages", "nickname": "Jane"}
    return {"type": "mobile_wallet", "amount": amount, "favourite": True, **named}


def deliveries(description: Description, server: Server) -> list[Any]:
    """What the sandbox sent. Each is checked."""
    # What is due happens now, and not when the sandbox comes to it.
    server.control("POST", "/clock/advance", {"seconds": 0})
    sent = []
    for delivery in server.control("GET", "/deliveries"):
        body = json.loads(delivery["body"])
        assert description.differences(description.delivery_schema(body), body) == [], delivery
        signature = hmac.new(API_KEY.encode(), delivery["body"].encode(), hashlib.sha256).hexdigest()
        assert delivery["signature"] == signature
        assert description.differences("#/components/parameters/Signature/schema", signature) == []
        sent.append(body)
    return sent


def test_every_operation_and_every_outcome(description: Description, server: Server) -> None:
    client = Client(server, description)
    for topic in description.document["webhooks"]:
        for daraja in (False, True):
            subscription = {"event_type": topic, "url": "https://shop.example/k2", "scope": "company"}
            client.create("webhook_subscriptions.create", {**subscription, "enable_daraja_payload": daraja})
    magic = [rule["phone_number"] for rule in server.control("GET", "/rules")["magic"]]

    for operation in description.operations:
        if operation.path.startswith("/api/") and operation.method == "POST" and "{id}" not in operation.path:
            for body in examples(description, operation):
                if operation.name == "reversals.create":
                    paid = server.control("POST", "/pay", {"till_number": "K000000", "amount": 10})
                    body = {**body, "transaction_reference": paid["resource"]["reference"]}
                client.create(operation.id, body)
    for phone_number in magic:
        client.create("incoming_payments.create", push(phone_number))
        client.create("send_money.create", {"destinations": [wallet(phone_number)], **LINKS})
        paid = server.control("POST", "/pay", {"till_number": "K000000", "amount": 50, "phone_number": phone_number})
        reversal = {"transaction_reference": paid["resource"]["reference"], "reason": "Twice", **LINKS}
        client.create("reversals.create", reversal)
    several = [wallet(phone_number, 1000 + at) for at, phone_number in enumerate(magic)]
    client.create("send_money.create", {"destinations": several, "source_identifier": "4321", **LINKS})
    too_much = [{**TILL, "amount": 249_999}]
    client.create("send_money.create", {"destinations": too_much, "source_identifier": "555555", **LINKS})

    for kind, undo in [("buygoods", "reverse"), ("b2b", "reverse"), ("card", "reverse"), ("card", "void")]:
        paid = server.control("POST", "/pay", {"kind": kind, "till_number": "112233", "amount": "99.50"})
        server.control("POST", f"/transactions/{paid['resource']['reference']}/{undo}", {})
    times = {"from_time": "2020-01-01T00:00:00+03:00", "to_time": "2099-01-01T00:00:00+03:00"}
    client.create("polling.create", {"scope": "company", **times, **LINKS})

    assert client.call("oauth.token", {**CREDENTIALS, "grant_type": "client_credentials"}).status == 200
    assert client.call("oauth.introspect", {**CREDENTIALS, "token": client.token}).json()["active"]
    assert client.call("oauth.revoke", {**CREDENTIALS, "token": server.token()}).status == 200
    assert client.call("oauth.token_info").status == 200
    for operation in description.operations:
        if operation.name in {"payments.get", "settlement_transfers.get"}:
            assert client.send(operation, of=example_id(description, operation)).status == 200

    (body,) = examples(description, description.operation("payment_links.create"))
    link = client.create("payment_links.create", body)
    assert client.call("payment_links.cancel", {}, of=link).status == 200
    assert client.call("payment_links.cancel", of=link).status == 400
    assert client.called == {operation.id for operation in description.operations}

    sent = deliveries(description, server)
    assert {body.get("topic") for body in sent} - {None} == set(description.document["webhooks"])
    assert {body.get("TransactionType") for body in sent} - {None} == {
        "Buygoods",
        "Organization To Organization Transfer",
    }
    # Other results are described than `reversal`, which is the next test's.
    kinds = {kind for callback in description.results for kind in description.kinds(callback)}
    assert {body["data"]["type"] for body in sent if "data" in body} == kinds - {"reversal"}


def test_every_documented_shape(description: Description, server: Server) -> None:
    client = Client(server, description)
    (link,) = examples(description, description.operation("payment_links.create"))
    server.control("PUT", "/settings", {"reversal_type": "reversal", "sender_phone_number": False})
    for shape in ("nested", "initiator", "flat"):
        server.control("PUT", "/settings", {"payment_link_shape": shape})
        paid, failed, expired = (client.create("payment_links.create", link) for _ in range(3))
        server.control("POST", f"/payment_links/{paid}/customer", {"action": "enter_pin"})
        server.control("POST", f"/payment_links/{failed}/customer", {"action": "insufficient_funds"})
        server.control("POST", "/clock/advance", {"seconds": 7 * 24 * 3600 + 1})
        client.token = server.token()
        for reference in (paid, failed, expired):
            assert client.call("payment_links.get", of=reference).status == 200
    client.create("incoming_payments.create", push())
    client.create("reversals.create", {"transaction_reference": "TQ2L262026", "reason": "Twice", **LINKS})
    sent = deliveries(description, server)
    assert {body["data"]["type"] for body in sent} == {"payment_link", "incoming_payment", "reversal"}
    words = {word.lower() for word in re.findall(r'"(?:payment_link_)?status": "(\w+)"', json.dumps(sent))}
    assert {"active", "paid", "expired"} <= words


def test_what_is_there_from_the_start(description: Description, server: Server) -> None:
    client = Client(server, description)
    read = 0
    for operation in description.operations:
        if operation.method == "GET" and "{id}" in operation.path:
            ids = [example_id(description, operation), *SHARED_IDS]
            found = [client.send(operation, of=reference).status for reference in ids]
            assert found[0] == 200, operation.id
            read += found.count(200)
    assert read > 20


def test_refusals(description: Description, server: Server) -> None:
    client = Client(server, description)
    for operation in description.operations:
        if not operation.path.startswith("/api/"):
            continue
        for token in ("unknown", ""):
            refused = client.send(operation, of="1", authorization=f"Bearer {token}".strip())
            assert refused.status == 401, operation.id
        if "{id}" in operation.path:
            assert client.send(operation, of="unknown").status == 404, operation.id
    client.server.control("POST", "/clock/advance", {"seconds": 3601})
    expired = client.call("oauth.token_info")
    assert (expired.status, expired.json()["error_message"]) == (401, "ExpiredAccessToken")
    client.token = server.token()
    for name, body in [
        ("reversals.create", {"transaction_reference": "x", "reason": "r", **LINKS}),
        ("incoming_payments.create", push() | {"till_number": "nowhere"}),
        ("send_money.create", {"destinations": [TILL, TILL], **LINKS}),
        ("oauth.token", {"client_id": "x", "client_secret": "y", "grant_type": "client_credentials"}),
    ]:
        assert client.call(name, body).status in {400, 401}, name
    for status in (403, 429, 500, 503):
        fault = {"operation": "polling.get", "kind": "status", "status": status, "retry_after": 1}
        server.control("PUT", "/faults", fault)
        assert client.call("polling.get", of="1").status == status
    server.control("PUT", "/faults", {"operation": "polling.get", "kind": "html_502"})
    assert client.call("polling.get", of="1").status == 502
