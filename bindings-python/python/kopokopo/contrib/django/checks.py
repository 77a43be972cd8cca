"""System checks of the setting `KOPOKOPO`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from kopokopo import ConfigurationError, KopoKopo
from kopokopo.contrib.django.conf import Options, get_options
from kopokopo.contrib.django.store import dialect_of

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def register_checks() -> None:
    checks.register(check_settings)
    checks.register(check_database, checks.Tags.models)


def check_settings(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:
    """Checks credentials, API key and callback URL."""
    try:
        options = get_options()
    except (ImproperlyConfigured, TypeError) as error:
        return [checks.Error(str(error), id="kopokopo.E001")]
    return [*_credentials(options), *_callback(options)]


def _credentials(options: Options) -> Iterator[checks.CheckMessage]:
    for name in ("client_id", "client_secret"):
        if not getattr(options, name):
            hint = f'Add "{name.upper()}" to the setting, for example from an environment variable.'
            yield checks.Error(f"KOPOKOPO: {name.upper()} is missing", hint=hint, id="kopokopo.E002")
    if not options.api_key:
        yield checks.Error(
            "KOPOKOPO: API_KEY is missing, so no webhook can be verified",
            hint="The API key is next to the client secret on the page of your application. It is another value.",
            id="kopokopo.E003",
        )
    elif options.api_key == options.client_secret:
        yield checks.Error(
            "KOPOKOPO: API_KEY is the client secret",
            hint="Webhooks are signed with the API key of your application, not with its client secret.",
            id="kopokopo.E003",
        )
    if options.client_id and options.client_secret and options.api_key:
        try:
            KopoKopo(
                client_id=options.client_id,
                client_secret=options.client_secret,
                api_key=options.api_key,
                other_api_keys=options.other_api_keys,
                environment=options.environment,  # type: ignore[arg-type] # an invalid word is a ConfigurationError
                base_url=options.base_url,
                **options.client_options,
            )
        except (ConfigurationError, TypeError) as error:
            yield checks.Error(f"KOPOKOPO: {getattr(error, 'detail', error)}", id="kopokopo.E001")


def _callback(options: Options) -> Iterator[checks.CheckMessage]:
    if not options.callback_url:
        yield checks.Warning(
            "KOPOKOPO: CALLBACK_URL is missing, so each call must give one",
            hint='Set it to the public URL of the view "kopokopo:events".',
            id="kopokopo.W001",
        )
        return
    url = urlsplit(options.callback_url)
    if not url.hostname or (url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK)):
        yield checks.Error(
            "KOPOKOPO: CALLBACK_URL must be an https URL",
            hint="Kopo Kopo delivers to https only. http is accepted for a sandbox on 127.0.0.1.",
            id="kopokopo.E004",
        )


def check_database(app_configs: Sequence[Any] | None, **_: Any) -> list[checks.CheckMessage]:
    """Checks the database of the app's tables."""
    try:
        alias = get_options().database
    except (ImproperlyConfigured, TypeError):
        return []  # check_settings reports it
    if alias not in connections:
        return [checks.Error(f"KOPOKOPO: DATABASE {alias!r} is not in DATABASES", id="kopokopo.E005")]
    try:
        dialect_of(alias)
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="kopokopo.E005")]
    if connections[alias].settings_dict.get("ATOMIC_REQUESTS"):
        return [
            checks.Warning(
                f"ATOMIC_REQUESTS is on for the database {alias!r}, and Payment.start refuses to run in a transaction",
                hint="Decorate the views that call Payment.start or Transfer.start with "
                "@transaction.non_atomic_requests, then silence this check.",
                id="kopokopo.W002",
            )
        ]
    return []
