"""Canaries in credentials, tokens and personal data show up nowhere: not in repr, errors, tracebacks or logs."""

from __future__ import annotations

import asyncio
import copy
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import kopokopo
import pytest
from kopokopo import AsyncKopoKopo, Destination, KopoKopo, KopoKopoError, WebhookVerifier
from stage import Sandbox

SECRET, KEY, PASSWORD = "canary-client-secret-1", "canary-api-key-2", "canary-password-3"
PHONE, NAME, EMAIL = "0712345678", "Canaryname", "canary@shop.example"
CANARIES = [SECRET, KEY, PASSWORD, "712345678", NAME, EMAIL, "canary-metadata"]
CREDENTIALS: dict[str, Any] = {"client_id": "app", "client_secret": SECRET, "api_key": KEY}


def shown(error: BaseException) -> str:
    """The whole traceback with the variables of the package's own frames, as error reporters show them."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    for frame in told.stack:
        # A caller's own variables are the caller's.
        if "/kopokopo/" not in frame.filename.replace("\\", "/"):
            frame.locals = None
    return "".join(told.format())


def assert_clean(text: str, *more: str) -> None:
    assert not [canary for canary in (*CANARIES, *more) if canary in text]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize("client_type", [KopoKopo, AsyncKopoKopo])
def test_clients_and_verifiers_show_no_credential(client_type: Callable[..., Any]) -> None:
    client = client_type(**CREDENTIALS, proxy=f"http://user:{PASSWORD}@127.0.0.1:9")
    for thing in (client, client.webhooks, client.oauth, WebhookVerifier(api_keys=[KEY], client_secret=SECRET)):
        assert_clean(f"{thing!r} {thing} {getattr(thing, '__dict__', '')}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": f"http://user:{PASSWORD}@shop.example"},
        {"proxy": f"nonsense://user:{PASSWORD}@127.0.0.1"},
        {"timeout": 0},
        {"other_api_keys": [KEY, 7]},
        {"client_id": ""},
        {"environment": "live"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_refused_option_shows_no_credential(wrong: dict[str, Any]) -> None:
    with pytest.raises(kopokopo.ConfigurationError) as refused:
        KopoKopo(**{**CREDENTIALS, **wrong})
    assert_clean(f"{refused.value!r} {shown(refused.value)}")


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
def test_an_error_shows_neither_credentials_nor_personal_data(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    async def awaited() -> None:
        await calls(AsyncKopoKopo(**CREDENTIALS, base_url=sandbox.base_url, private_token=True))[at]()

    def blocking() -> None:
        calls(KopoKopo(**CREDENTIALS, base_url=sandbox.base_url, private_token=True))[at]()

    with caplog.at_level(logging.DEBUG):
        for attempt in (blocking, lambda: asyncio.run(awaited())):
            with pytest.raises(KopoKopoError) as failed:
                attempt()
            assert_clean(f"{failed.value!r} {failed.value.body} {shown(failed.value)}")
    assert_clean(caplog.text)


def test_a_token_source_that_fails_with_a_secret_keeps_it(sandbox: Sandbox) -> None:
    def source() -> str:
        raise RuntimeError(f"the vault said {SECRET}")

    client = KopoKopo.with_token_source(source, base_url=sandbox.base_url)
    with pytest.raises(kopokopo.AuthenticationError) as failed:
        client.incoming_payments.get("1")
    assert_clean(f"{failed.value!r} {failed.value}")


def test_records_show_no_personal_data_and_no_token(sandbox: Sandbox) -> None:
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


def test_webhook_and_its_refusal_show_no_personal_data() -> None:
    body = b'{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Canaryname","phone_number":"0712345678"}}}'
    verifier = WebhookVerifier(api_keys=[KEY])
    event = verifier.verify(body, kopokopo.sign_webhook(KEY, body))
    assert_clean(repr(event))
    for signature in (None, "00" * 32, kopokopo.sign_webhook(SECRET, body)):
        with pytest.raises(kopokopo.SignatureError) as refused:
            verifier.verify(body, signature)
        assert_clean(f"{refused.value!r} {shown(refused.value)}")
