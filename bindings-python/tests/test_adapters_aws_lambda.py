"""Webhooks in AWS Lambda: events of API Gateway, function URLs and load balancers. AWS's own library reads them too."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from adapters import HEADER, PAID, VERIFIER, Case, check_response, every_case, sign
from aws_lambda_powertools.utilities.data_classes import ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2
from kopokopo import DecodeError, Event, InvalidRequestError, SignatureError, WebhookVerifier
from kopokopo.webhooks.aws_lambda import verify, webhook

Request = dict[str, Any]


def text_of(body: bytes) -> Request:
    """Encodes a body as a gateway does: as text if it is UTF-8, otherwise as Base64."""
    try:
        return {"body": body.decode() or None, "isBase64Encoded": False}
    except UnicodeDecodeError:
        return base64_of(body)


def base64_of(body: bytes) -> Request:
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def rest(body: Request, *signatures: str) -> Request:
    """Returns an event of version 1. `headers` has the last value of each header, `multiValueHeaders` has all values."""
    return {
        "resource": "/k2", "path": "/k2", "httpMethod": "POST", "queryStringParameters": None,
        "headers": {"Host": "x.example", **({HEADER: signatures[-1]} if signatures else {})},
        "multiValueHeaders": {"Host": ["x.example"], **({HEADER: list(signatures)} if signatures else {})},
        "requestContext": {"stage": "prod", "httpMethod": "POST"}, **body,
    }  # fmt: skip


def http(body: Request, *signatures: str) -> Request:
    """Returns an event of version 2, also for function URLs. Names are in lower case, and values are joined."""
    if body["body"] is None:
        body = {"isBase64Encoded": False}
    return {
        "version": "2.0", "routeKey": "POST /k2", "rawPath": "/k2", "rawQueryString": "",
        "headers": {"host": "x.example", **({HEADER.lower(): ",".join(signatures)} if signatures else {})},
        "requestContext": {"http": {"method": "POST", "path": "/k2"}}, **body,
    }  # fmt: skip


def load_balancer(body: Request, *signatures: str) -> Request:
    """Returns an event of a load balancer with multi-value headers. It has no `headers`."""
    return {
        "httpMethod": "POST", "path": "/k2", "requestContext": {"elb": {"targetGroupArn": "arn:aws:x"}},
        "multiValueHeaders": {"host": ["x.example"], **({HEADER.lower(): list(signatures)} if signatures else {})},
        **body, "body": body["body"] or "",
    }  # fmt: skip


Shape = Callable[..., Request]
every_shape = pytest.mark.parametrize("shape", [rest, http, load_balancer], ids=lambda shape: shape.__name__)
every_encoding = pytest.mark.parametrize("encode", [text_of, base64_of], ids=lambda encode: encode.__name__)


def recording_handler(verifier: WebhookVerifier, received: list[Event]) -> Callable[..., Any]:
    @webhook(verifier)
    def handler(event: Event, context: Any) -> None:
        assert context == "context"
        received.append(event)

    return handler


def status(response: Any) -> int:
    assert json.loads(json.dumps(response)) == response, "Lambda writes the result as JSON"
    return int(response["statusCode"])


@every_shape
@every_encoding
@every_case
def test_vector_has_expected_response(case: Case, encode: Callable[[bytes], Request], shape: Shape) -> None:
    received: list[Event] = []
    request = shape(encode(case.body), *([] if case.signature is None else [case.signature]))
    check_response(case, status(recording_handler(case.verifier(), received)(request, "context")), received)


@every_encoding
def test_events_are_readable_by_aws_library(encode: Callable[[bytes], Request]) -> None:
    for shape, read in ((rest, APIGatewayProxyEvent), (http, APIGatewayProxyEventV2), (load_balancer, ALBEvent)):
        request = read(shape(encode(PAID), sign(PAID)))
        assert request.decoded_body == PAID.decode()
        assert request.http_method == "POST"
        assert verify(VERIFIER, request.raw_event).topic == "buygoods_transaction_received"
        assert verify(VERIFIER, request).topic == "buygoods_transaction_received"


@every_shape
def test_different_signatures_are_refused(shape: Shape) -> None:
    for signatures in ((sign(PAID), "0" * 64), ("0" * 64, sign(PAID))):
        with pytest.raises(SignatureError):
            verify(VERIFIER, shape(text_of(PAID), *signatures))


def test_equal_signatures_are_accepted() -> None:
    assert verify(VERIFIER, rest(text_of(PAID), sign(PAID), sign(PAID))).topic == "buygoods_transaction_received"


def test_header_values_can_be_lists_or_joined() -> None:
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


def test_header_names_ignore_case() -> None:
    request = {**text_of(PAID), "headers": {HEADER: sign(PAID), HEADER.lower(): "0" * 64}}
    with pytest.raises(SignatureError, match="several X-KopoKopo-Signature headers with different values"):
        verify(VERIFIER, request)
    upper_case = {**text_of(PAID), "headers": {HEADER.upper(): sign(PAID)}, "multiValueHeaders": None}
    assert verify(VERIFIER, upper_case).topic == "buygoods_transaction_received"


def test_verify_raises_if_webhook_is_invalid() -> None:
    with pytest.raises(SignatureError):
        verify(VERIFIER, rest(text_of(PAID)))
    with pytest.raises(DecodeError):
        verify(VERIFIER, rest(text_of(b"[]"), sign(b"[]")))


def test_handler_can_return_response() -> None:
    @webhook(VERIFIER)
    def handler(event: Event, context: Any) -> Request:
        return {"statusCode": 202, "body": event.topic}

    assert handler(rest(text_of(PAID), sign(PAID)), None) == {
        "statusCode": 202,
        "body": "buygoods_transaction_received",
    }


def test_exception_of_handler_is_raised() -> None:
    @webhook(VERIFIER)
    def handler(event: Event, context: Any) -> None:
        raise LookupError("no such order")

    with pytest.raises(LookupError):
        handler(rest(text_of(PAID), sign(PAID)), None)


def test_refusal_reason_is_in_log_only(caplog: pytest.LogCaptureFixture) -> None:
    response = recording_handler(VERIFIER, [])(rest(text_of(PAID), sign(PAID, "wrong-key")), "context")
    assert (response["statusCode"], response["body"]) == (401, "invalid signature")
    assert "does not match" in caplog.text


def test_lone_surrogate_is_invalid_signature() -> None:
    half = "\ud800"
    assert status(recording_handler(VERIFIER, [])({"body": half, "headers": {HEADER: "0" * 64}}, "context")) == 401
    assert status(recording_handler(VERIFIER, [])({"body": "{}", "headers": {HEADER: half}}, "context")) == 401


@pytest.mark.parametrize(
    "body", [{"body": json.loads(PAID)}, {"body": [1]}, {"body": PAID}, {"body": "{}", "isBase64Encoded": True}]
)
def test_parsed_body_error_names_fix(body: Request) -> None:
    request = {**rest(text_of(PAID), sign(PAID)), **body}
    with pytest.raises(InvalidRequestError, match=r"AWS Lambda: event\[.*proxy integration") as caught:
        verify(VERIFIER, request)
    assert caught.value.field == "body"


@pytest.mark.parametrize("argument", [json.loads(PAID), "{}", b"{}", None])
def test_wrong_argument_error_names_fix(argument: Any) -> None:
    with pytest.raises(InvalidRequestError, match=rf"AWS Lambda: verify received {type(argument).__name__}"):
        verify(VERIFIER, argument)


def test_body_over_limit_is_refused_before_decoding() -> None:
    short = WebhookVerifier(api_keys=["api-key"], max_body=100)
    too_large = {"body": "!" * 1000, "isBase64Encoded": True, "headers": {HEADER: "0" * 64}}
    with pytest.raises(SignatureError, match="bytes"):
        verify(short, too_large)
