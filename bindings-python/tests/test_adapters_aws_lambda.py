"""Webhooks in AWS Lambda: events of API Gateway, function URLs and load balancers, read by AWS's own library too."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from adapters import HEADER, PAID, VERIFIER, Case, every_case, judge, sign
from aws_lambda_powertools.utilities.data_classes import ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2
from kopokopo import DecodeError, Event, InvalidRequestError, SignatureError, WebhookVerifier
from kopokopo.webhooks.aws_lambda import verify, webhook

Request = dict[str, Any]


def text_of(body: bytes) -> Request:
    """As a gateway writes a body: a text where it can, Base64 where it must."""
    try:
        return {"body": body.decode() or None, "isBase64Encoded": False}
    except UnicodeDecodeError:
        return base64_of(body)


def base64_of(body: bytes) -> Request:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def rest(body: Request, *signatures: str) -> Request:
    """Version 1: headers as sent, with the last of several values, and all values in a second field."""
    return {
        "resource": "/k2", "path": "/k2", "httpMethod": "POST", "queryStringParameters": None,
        "headers": {"Host": "x.example", **({HEADER: signatures[-1]} if signatures else {})},
        "multiValueHeaders": {"Host": ["x.example"], **({HEADER: list(signatures)} if signatures else {})},
        "requestContext": {"stage": "prod", "httpMethod": "POST"}, **body,
    }  # fmt: skip


def http(body: Request, *signatures: str) -> Request:
    """Version 2, and function URLs: headers in lower case, several joined."""
    if body["body"] is None:
        body = {"isBase64Encoded": False}
    return {
        "version": "2.0", "routeKey": "POST /k2", "rawPath": "/k2", "rawQueryString": "",
        "headers": {"host": "x.example", **({HEADER.lower(): ",".join(signatures)} if signatures else {})},
        "requestContext": {"http": {"method": "POST", "path": "/k2"}}, **body,
    }  # fmt: skip


def load_balancer(body: Request, *signatures: str) -> Request:
    """A load balancer that passes several values on: no headers but these."""
    return {
        "httpMethod": "POST", "path": "/k2", "requestContext": {"elb": {"targetGroupArn": "arn:aws:x"}},
        "multiValueHeaders": {"host": ["x.example"], **({HEADER.lower(): list(signatures)} if signatures else {})},
        **body, "body": body["body"] or "",
    }  # fmt: skip


Shape = Callable[..., Request]
every_shape = pytest.mark.parametrize("shape", [rest, http, load_balancer], ids=lambda shape: shape.__name__)
every_encoding = pytest.mark.parametrize("encode", [text_of, base64_of], ids=lambda encode: encode.__name__)


def keeping(verifier: WebhookVerifier, received: list[Event]) -> Callable[..., Any]:
    @webhook(verifier)
    def handler(event: Event, context: Any) -> None:
        assert context == "context"
        received.append(event)

    return handler


def status(answer: Any) -> int:
    assert json.loads(json.dumps(answer)) == answer, "Lambda writes the result as JSON"
    return int(answer["statusCode"])


@every_shape
@every_encoding
@every_case
def test_vectors_get_their_response(case: Case, encode: Callable[[bytes], Request], shape: Shape) -> None:
    received: list[Event] = []
    request = shape(encode(case.body), *([] if case.signature is None else [case.signature]))
    judge(case, status(keeping(case.verifier(), received)(request, "context")), received)


@every_encoding
def test_the_events_are_those_that_aws_s_own_library_reads(encode: Callable[[bytes], Request]) -> None:
    for shape, read in ((rest, APIGatewayProxyEvent), (http, APIGatewayProxyEventV2), (load_balancer, ALBEvent)):
        request = read(shape(encode(PAID), sign(PAID)))
        assert request.decoded_body == PAID.decode()
        assert request.http_method == "POST"
        assert verify(VERIFIER, request.raw_event).topic == "buygoods_transaction_received"
        assert verify(VERIFIER, request).topic == "buygoods_transaction_received"


@every_shape
def test_several_different_signatures_are_refused(shape: Shape) -> None:
    for signatures in ((sign(PAID), "0" * 64), ("0" * 64, sign(PAID))):
        with pytest.raises(SignatureError):
            verify(VERIFIER, shape(text_of(PAID), *signatures))


def test_the_same_signature_twice_is_one() -> None:
    assert verify(VERIFIER, rest(text_of(PAID), sign(PAID), sign(PAID))).topic == "buygoods_transaction_received"


def test_values_of_header_may_be_lists_and_may_be_joined() -> None:
    signature = sign(PAID)
    for headers in (
        {"headers": {HEADER: [signature, signature]}},
        {"headers": {HEADER: f"{signature}, {signature}"}},
        {"multiValueHeaders": {HEADER: signature}},
        {"headers": {HEADER: signature}, "multiValueHeaders": {HEADER: (signature,)}},
    ):
        assert verify(VERIFIER, {**text_of(PAID), **headers}).topic == "buygoods_transaction_received"
    with pytest.raises(SignatureError):
        verify(VERIFIER, {**text_of(PAID), "headers": {HEADER: 17}})


def test_headers_that_differ_in_case_only_are_the_same_header() -> None:
    request = {**text_of(PAID), "headers": {HEADER: sign(PAID), HEADER.lower(): "0" * 64}}
    with pytest.raises(SignatureError, match="several X-KopoKopo-Signature headers with different values"):
        verify(VERIFIER, request)
    shouted = {**text_of(PAID), "headers": {HEADER.upper(): sign(PAID)}, "multiValueHeaders": None}
    assert verify(VERIFIER, shouted).topic == "buygoods_transaction_received"


def test_verify_raises() -> None:
    with pytest.raises(SignatureError):
        verify(VERIFIER, rest(text_of(PAID)))
    with pytest.raises(DecodeError):
        verify(VERIFIER, rest(text_of(b"[]"), sign(b"[]")))


def test_handler_can_return_its_own_response() -> None:
    @webhook(VERIFIER)
    def handler(event: Event, context: Any) -> Request:
        return {"statusCode": 202, "body": event.topic}

    assert handler(rest(text_of(PAID), sign(PAID)), None) == {
        "statusCode": 202,
        "body": "buygoods_transaction_received",
    }


def test_a_handler_that_fails_is_delivered_to_again() -> None:
    @webhook(VERIFIER)
    def handler(event: Event, context: Any) -> None:
        raise LookupError("no such order")

    with pytest.raises(LookupError):
        handler(rest(text_of(PAID), sign(PAID)), None)


def test_refusal_has_no_reason_in_response_and_has_it_in_log(caplog: pytest.LogCaptureFixture) -> None:
    answer = keeping(VERIFIER, [])(rest(text_of(PAID), sign(PAID, "wrong-key")), "context")
    assert (answer["statusCode"], answer["body"]) == (401, "invalid signature")
    assert "does not match" in caplog.text


def test_halves_of_surrogate_pairs_are_a_wrong_signature() -> None:
    half = "\ud800"
    assert status(keeping(VERIFIER, [])({"body": half, "headers": {HEADER: "0" * 64}}, "context")) == 401
    assert status(keeping(VERIFIER, [])({"body": "{}", "headers": {HEADER: half}}, "context")) == 401


@pytest.mark.parametrize(
    "body", [{"body": json.loads(PAID)}, {"body": [1]}, {"body": PAID}, {"body": "{}", "isBase64Encoded": True}]
)
def test_parsed_body_is_an_error_with_the_fix(body: Request) -> None:
    request = {**rest(text_of(PAID), sign(PAID)), **body}
    with pytest.raises(InvalidRequestError, match=r"AWS Lambda: event\[.*proxy integration") as caught:
        verify(VERIFIER, request)
    assert caught.value.field == "body"


@pytest.mark.parametrize("given", [json.loads(PAID), "{}", b"{}", None])
def test_wrong_argument_is_an_error_with_the_fix(given: Any) -> None:
    with pytest.raises(InvalidRequestError, match=rf"AWS Lambda: verify was given {type(given).__name__}"):
        verify(VERIFIER, given)


def test_a_body_beyond_the_cap_is_refused_before_it_is_decoded() -> None:
    short = WebhookVerifier(api_keys=["api-key"], max_body=100)
    beyond = {"body": "!" * 1000, "isBase64Encoded": True, "headers": {HEADER: "0" * 64}}
    with pytest.raises(SignatureError, match="bytes"):
        verify(short, beyond)
