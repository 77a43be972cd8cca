"""`manage.py k2_subscribe`."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kopokopo import EventType, KopoKopoError
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.conf import get_options, required


class Command(BaseCommand):
    """Subscribes to webhooks."""

    help = (
        "Subscribes CALLBACK_URL to topics of TILL_NUMBER, or of the whole company. It is safe to run it in every "
        "deployment: a subscription is made once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        topics = ", ".join(str(topic) for topic in EventType.known())
        parser.add_argument("topic", nargs="*", default=["buygoods_transaction_received"], help=f"the topics: {topics}")
        parser.add_argument("--company", action="store_true", help="for all tills of the company")

    def handle(self, *args: Any, **options: Any) -> None:
        settings, client = get_options(), get_client()
        url = required(settings, "callback_url")
        scope, reference = ("company", None) if options["company"] else ("till", required(settings, "till_number"))
        for topic in options["topic"]:
            key = subscription_key(str(topic), url, scope, reference)
            try:
                created = client.webhook_subscriptions.create(
                    event_type=topic, url=url, scope=scope, scope_reference=reference, idempotency_key=key
                )
            except KopoKopoError as error:
                raise CommandError(f"{topic}: {error}") from error
            self.stdout.write(f"{topic}: subscription {created.id}")


def subscription_key(topic: str, url: str, scope: str, reference: str | None) -> str:
    """The key of a subscription: another URL, topic or till is another subscription."""
    digest = hashlib.sha256("\n".join((topic, url, scope, reference or "")).encode()).hexdigest()
    return f"subscription-{digest[:32]}"
