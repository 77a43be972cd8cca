"""The configuration of the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.signals import setting_changed


class KopoKopoConfig(AppConfig):
    """The app `kopokopo`."""

    name = "kopokopo.contrib.django"
    label = "kopokopo"
    verbose_name = "Kopo Kopo"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kopokopo.contrib.django import checks, client

        checks.register_checks()
        setting_changed.connect(client.forget, dispatch_uid="kopokopo.contrib.django.client")
