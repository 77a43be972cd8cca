"""The setting `KOPOKOPO`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.views.decorators.debug import sensitive_variables


@dataclass(frozen=True)
class Options:
    """The values of the setting `KOPOKOPO`. The names of its keys are those of the fields, in upper case."""

    client_id: str = ""
    """The application key."""
    client_secret: str = field(default="", repr=False)
    """The application secret."""
    api_key: str = field(default="", repr=False)
    """The API key, which verifies webhooks."""
    other_api_keys: tuple[str, ...] = field(default=(), repr=False)
    """Further valid API keys, during a key rotation."""
    environment: str = "sandbox"
    """`sandbox` or `production`."""
    base_url: str | None = None
    """An origin that replaces the environment's."""
    till_number: str = ""
    """The till of payments that name no other."""
    callback_url: str = ""
    """The public URL of this app's webhook view. Results and webhooks are delivered to it."""
    database: str = "default"
    """The alias of the database that has the app's tables."""
    client_options: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Further options of `KopoKopo`, such as `timeout`."""


NAMES = tuple(option.name.upper() for option in fields(Options))


@sensitive_variables()
def get_options() -> Options:
    """Reads the setting.

    Raises: `ImproperlyConfigured` if it is missing, is not a dictionary, or has an unknown key.
    """
    given = getattr(settings, "KOPOKOPO", None)
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("KOPOKOPO: must be a dictionary with CLIENT_ID, CLIENT_SECRET and API_KEY")
    values: dict[str, Any] = {}
    known = cast("Mapping[str, Any]", given)
    for name, value in known.items():
        if name not in NAMES:
            raise ImproperlyConfigured(f"KOPOKOPO: unknown key {name!r}; expected some of {', '.join(NAMES)}")
        values[name.lower()] = value
    if "other_api_keys" in values:
        values["other_api_keys"] = tuple(values["other_api_keys"])
    return Options(**values)


def required(options: Options, name: str) -> str:
    """The value of an option that a call needs.

    Raises: `ImproperlyConfigured` if it is missing.
    """
    value = str(getattr(options, name) or "")
    if not value:
        raise ImproperlyConfigured(f"KOPOKOPO: {name.upper()} is missing, and the call did not give one")
    return value
