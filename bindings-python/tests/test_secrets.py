"""Credentials, tokens and personal data are absent from repr, errors, tracebacks and logs. The tests use canary values."""

from __future__ import annotations

import asyncio
import copy
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import kopokopo
import pytest
from harness import Sandbox
from kopokopo import AsyncKopoKopo, Destination, KopoKopo, KopoKopoError, WebhookVerifier

SECRET, KEY, PASSWORD = "canary-client-secret-1", "canary-api-key-2", "canary-password-3"
PHONE, NAME, EMAIL = "0712345678", "Canaryname", "canary@shop.example"
CANARIES = [SECRET, KEY, PASSWORD, "712345678", NAME, EMAIL, "canary-metadata"]
CREDENTIALS: dict[str, Any] = {"client_id": "app", "client_secret": SECRET, "api_key": KEY}


def format_traceback(error: BaseException) -> str:
    """Returns the traceback with the local variables of the package's frames, as error reporters send it."""
    report = traceback.TracebackException.from_exception(error, capture_locals=True)
    for frame in report.stack:
        # The package cannot hide the variables of its caller.
        if "/kopokopo/" not in frame.filename.replace("\\", "/"):
            frame.locals = None
    return "".join(report.format())


def assert_clean(text: str, *more: str) -> None:
    assert not [canary for canary in (*CANARIES, *more) if canary in text]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("client_type", [KopoKopo, AsyncKopoKopo])
def test_repr_of_clients_and_verifiers_has_no_credentials(client_type: Callable[..., Any]) -> None:
    client = client_type(**CREDENTIALS, proxy=f"http://user:{PASSWORD}@127.0.0.1:9")
    for value in (client, client.webhooks, client.oauth, WebhookVerifier(api_keys=[KEY], client_secret=SECRET)):
        assert_clean(f"{value!r} {value} {getattr(value, '__dict__', '')}")


@pytest.mark.parametrize(
    "invalid",
    [
        {"base_url": f"http://user:{PASSWORD}@shop.example"},
        {"proxy": f"nonsense://user:{PASSWORD}@127.0.0.1"},
        {"timeout": 0},
        {"other_api_keys": [KEY, 7]},
        {"client_id": ""},
        {"environment": "live"},
    ],
    ids=lambda invalid: next(iter(invalid)),
)
def test_error_of_invalid_option_has_no_credentials(invalid: dict[str, Any]) -> None:
    with pytest.raises(kopokopo.ConfigurationError) as refused:
        KopoKopo(**{**CREDENTIALS, **invalid})
    assert_clean(f"{refused.value!r} {format_traceback(refused.value)}")


def calls(client: Any) -> list[Callable[[], Any]]:
    payment = {
        "till_number": "K000000", "phone_number": PHONE, "amount": "100", "callback_url": "https://shop.example",
        "first_name": NAME, "email": EMAIL, "metadata": {"order": "canary-metadata"},
    }  # fmt: skip
    destination = Destination.MobileWallet(phone_number=PHONE, amount="1.50", description="d")
    return [
        lambda: client.incoming_payments.create(**payment),
        lambda: client.incoming_payments.create(**{**payment, "amount": 1.5}),
        lambda: client.incoming_payments.create(**{**payment, "callback_url": "ftp://shop.example"}),
        lambda: client.send_money.create(destinations=[destination], callback_url="https://shop.example"),
        lambda: client.oauth.revoke(SECRET),
        lambda: client.oauth.introspect(SECRET),
    ]


@pytest.mark.parametrize("at", range(6))
def test_error_has_no_credentials_and_no_personal_data(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    async def call_async() -> None:
        await calls(AsyncKopoKopo(**CREDENTIALS, base_url=sandbox.base_url, private_token=True))[at]()

    def call_blocking() -> None:
        calls(KopoKopo(**CREDENTIALS, base_url=sandbox.base_url, private_token=True))[at]()

    with caplog.at_level(logging.DEBUG):
        for call in (call_blocking, lambda: asyncio.run(call_async())):
            with pytest.raises(KopoKopoError) as error_info:
                call()
            assert_clean(f"{error_info.value!r} {error_info.value.body} {format_traceback(error_info.value)}")
    assert_clean(caplog.text)


def test_error_of_token_source_hides_its_message(sandbox: Sandbox) -> None:
    def source() -> str:
        raise RuntimeError(f"the vault said {SECRET}")

    client = KopoKopo.with_token_source(source, base_url=sandbox.base_url)
    with pytest.raises(kopokopo.AuthenticationError) as error_info:
        client.incoming_payments.get("1")
    assert_clean(f"{error_info.value!r} {error_info.value}")


def test_repr_of_records_has_no_personal_data_and_no_token(sandbox: Sandbox) -> None:
    client = KopoKopo(**sandbox.credentials)
    token = client.oauth.token()
    assert token.access_token not in f"{token!r} {token}"
    assert token.to_dict()["access_token"] == token.access_token
    payment = client.incoming_payments.create(
        till_number="K000000", phone_number=PHONE, amount="100", callback_url="https://shop.example",
        first_name=NAME, email=EMAIL, metadata={"order": "canary-metadata"},
    ).wait(interval=0.02)  # fmt: skip
    assert payment.metadata == {"order": "canary-metadata"}
    assert_clean(f"{payment!r} {payment} {copy.copy(payment)!r}")
    assert_clean(repr(Destination.MobileWallet(phone_number=PHONE, amount="1", description=PHONE, nickname=PHONE)))


def test_repr_of_webhook_and_its_error_have_no_personal_data() -> None:
    body = b'{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Canaryname","phone_number":"0712345678"}}}'
    verifier = WebhookVerifier(api_keys=[KEY])
    event = verifier.verify(body, kopokopo.sign_webhook(KEY, body))
    assert_clean(repr(event))
    for signature in (None, "00" * 32, kopokopo.sign_webhook(SECRET, body)):
        with pytest.raises(kopokopo.SignatureError) as refused:
            verifier.verify(body, signature)
        assert_clean(f"{refused.value!r} {format_traceback(refused.value)}")
