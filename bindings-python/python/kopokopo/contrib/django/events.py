"""Stores an event, tells the journal about it, and sends the signals once."""

# pyright: standard
# The types of managers and cursors are partly unknown in the stubs of Django.
from __future__ import annotations

import logging

from django.db import connections, transaction
from django.db.models import F
from django.utils import timezone

from kopokopo import Event as ReceivedEvent
from kopokopo import EventPayload, JournalRecord, WebhookVerifier
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.conf import get_options
from kopokopo.contrib.django.models import Event, Payment, Transfer
from kopokopo.contrib.django.signals import event_received
from kopokopo.contrib.django.store import refuse_open_transaction
from kopokopo.journal import once

_log = logging.getLogger("kopokopo.contrib.django")


def handle_event(event: ReceivedEvent) -> None:
    """Handles a verified event. If it was handled before, nothing happens.

    Raises: `JournalError` if the journal's store fails. Exceptions of receivers. The event is stored before, and
    `manage.py k2_replay` handles it again.
    """
    alias = get_options().database
    refuse_open_transaction(alias, "handle_event")
    values = {
        "topic": event.topic[:200],
        "payment_key": event.payment_key,
        "resource_id": (event.id or "")[:200] or None,
        "body": event.raw,
    }
    row, _ = Event.objects.using(alias).get_or_create(dedupe_key=event.dedupe_key, defaults=values)
    if row.processed_at is None:
        _handle(alias, row, event)


def replay(row: Event) -> None:
    """Handles a stored event again, as `handle_event` does."""
    alias = get_options().database
    refuse_open_transaction(alias, "replay")
    # Its signature was verified before it was stored.
    event = WebhookVerifier(api_keys=["replay"]).parse_unverified(row.body.encode())
    _handle(alias, row, event)


def _handle(alias: str, row: Event, event: ReceivedEvent) -> None:
    found = Event.objects.using(alias).filter(pk=row.pk)
    try:
        record = get_client().journal.observe(event)
        if record is not None:
            # If a receiver fails, the journal does not find the request of this payment again.
            found.update(request_key=record.key)
        with transaction.atomic(using=alias):
            # The claim is the first statement, so that parallel deliveries wait here, in every database.
            is_first = once(event, connections[alias])
            if not found.filter(processed_at=None).update(processed_at=timezone.now(), body="", error=""):
                return
            row.refresh_from_db(using=alias, fields=["request_key"])
            payment, transfer = _apply(alias, row.request_key, event, record)
            if is_first:
                event_received.send(sender=Event, event=event, payment=payment, transfer=transfer)
    except Exception as error:
        # The text of an exception can have personal data. Its class is enough to find it in the program's log.
        found.filter(processed_at=None).update(error=type(error).__name__, attempts=F("attempts") + 1)
        _log.error("event %s was not handled: %s", row.dedupe_key, type(error).__name__)
        raise


def _apply(
    alias: str, key: str, event: ReceivedEvent, record: JournalRecord | None
) -> tuple[Payment | None, Transfer | None]:
    """Writes what an event reports to the row that it is about, and sends the row's signal."""
    match event.payload:
        case EventPayload.IncomingPayment(result):
            payment = Payment.lock(alias, key, event.id)
            if payment is not None:
                payment.apply(result, event, record)
            return payment, None
        case EventPayload.SendMoney(request):
            transfer = Transfer.lock(alias, key, event.id)
            if transfer is not None:
                transfer.apply(request, event, record)
            return None, transfer
        case EventPayload.BuygoodsTransactionReceived():
            # The journal found the only payment request that it fits.
            payment = Payment.lock(alias, key, None)
            if payment is not None:
                payment.apply(None, event, record)
            return payment, None
        case _:
            return None, None
