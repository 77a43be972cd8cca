"""Credentials and tokens are absent from what only Python has. The conformance runner searches all text forms."""

from __future__ import annotations

from typing import Any

import kopokopo
import pytest
from harness import Sandbox
from kopokopo import Destination, KopoKopo, WebhookVerifier
from texts import traceback_with_locals

SECRET, KEY = "canary-client-secret-1", "canary-api-key-2"


@pytest.mark.parametrize(
    "invalid",
    [{"other_api_keys": [KEY, 7]}, {"client_secret": SECRET.encode()}],
    ids=lambda invalid: next(iter(invalid)),
)
def test_error_of_option_with_wrong_type_has_no_credentials(invalid: dict[str, Any]) -> None:
    with pytest.raises(kopokopo.ConfigurationError) as refused:
        KopoKopo(**{"client_id": "app", "client_secret": SECRET, "api_key": KEY, **invalid})
    text = f"{refused.value!r} {traceback_with_locals(refused.value)}"
    assert SECRET not in text and KEY not in text


def test_repr_of_parts_has_no_credentials() -> None:
    client = KopoKopo(client_id="app", client_secret=SECRET, api_key=KEY)
    for part in (client.webhooks, client.oauth, WebhookVerifier(api_keys=[KEY], client_secret=SECRET)):
        text = f"{part!r} {part} {getattr(part, '__dict__', '')}"
        assert SECRET not in text and KEY not in text


def test_error_of_token_source_hides_its_message(k2: KopoKopo, sandbox: Sandbox) -> None:
    def source() -> str:
        raise RuntimeError(f"the vault said {SECRET}")

    client = KopoKopo.with_token_source(source, base_url=sandbox.base_url)
    with pytest.raises(kopokopo.AuthenticationError) as error_info:
        client.incoming_payments.get("1")
    assert SECRET not in f"{error_info.value!r} {error_info.value}"


def test_fields_have_what_repr_hides(k2: KopoKopo) -> None:
    token = k2.oauth.token()
    assert token.access_token not in f"{token!r} {token}"
    assert token.to_dict()["access_token"] == token.access_token
    phone = "0712345678"
    wallet = Destination.MobileWallet(phone_number=phone, amount="1", description=phone, nickname=phone)
    assert phone not in repr(wallet) and wallet.phone_number == phone
