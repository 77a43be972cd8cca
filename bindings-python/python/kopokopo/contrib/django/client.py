"""The client that the app uses, with a journal in Django's database."""

from __future__ import annotations

import threading
from typing import Any

from django.views.decorators.debug import sensitive_variables

from kopokopo import KopoKopo
from kopokopo.contrib.django.conf import get_options
from kopokopo.contrib.django.store import DjangoJournal

_made: tuple[KopoKopo, DjangoJournal] | None = None
_lock = threading.Lock()


def get_client() -> KopoKopo:
    """Returns the client of the setting `KOPOKOPO`. All threads share it. Call this function instead of storing the
    client: then changes of settings in tests take effect.

    Raises: `ImproperlyConfigured` or `ConfigurationError` if the setting is invalid.
    """
    global _made
    made = _made
    if made is None:
        with _lock:
            made = _made = _made or _make()
    client, store = made
    store.join_test()
    return client


@sensitive_variables()
def _make() -> tuple[KopoKopo, DjangoJournal]:
    options = get_options()
    store = DjangoJournal(options.database)
    client = KopoKopo(
        client_id=options.client_id,
        client_secret=options.client_secret,
        api_key=options.api_key or None,
        other_api_keys=options.other_api_keys,
        environment=options.environment,  # type: ignore[arg-type] # an invalid word is a ConfigurationError
        base_url=options.base_url,
        journal=store,
        **options.client_options,
    )
    return client, store


def forget(*, setting: str = "KOPOKOPO", **_: Any) -> None:
    """Makes the next call of `get_client` make a new client, and closes the journal's connections. A receiver of
    `setting_changed`, which Django's tests send."""
    global _made
    if setting not in ("KOPOKOPO", "DATABASES"):
        return
    with _lock:
        made, _made = _made, None
    if made is not None:
        made[1].close()
