"""The rows of payments, transfers and events, and the tables of the journal."""

# pyright: standard
# The types of managers and choices are partly unknown in the stubs of Django.
from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.views.decorators.debug import sensitive_variables

from kopokopo import (
    AnyDestination,
    IncomingPayment,
    InvalidRequestError,
    JournalRecord,
    KopoKopo,
    SendMoney,
    hash_phone,
)
from kopokopo import Event as ReceivedEvent
from kopokopo.contrib.django import signals
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.conf import get_options, required
from kopokopo.contrib.django.rows import Request, State

__all__ = ["ClaimedEvent", "Event", "JournalEntry", "Payment", "State", "Transfer"]

MetadataValues = Mapping[str, str | int | float | bool | None]


class Payment(Request):
    """A payment that a customer is asked for with an STK push. It has a hash of the phone number, and no name."""

    till_number: models.CharField[str, str] = models.CharField(max_length=40)
    phone_hash: models.CharField[str, str] = models.CharField(max_length=64)
    payment_key: models.CharField[str | None, str | None] = models.CharField(
        max_length=200, null=True, blank=True, db_index=True
    )

    class Meta(Request.Meta):
        verbose_name = "payment"
        verbose_name_plural = "payments"

    @classmethod
    @sensitive_variables("phone_number")
    def start(
        cls,
        *,
        key: str,
        phone_number: str,
        amount: Decimal | str | int,
        till_number: str | None = None,
        callback_url: str | None = None,
        currency: str = "KES",
        metadata: MetadataValues | None = None,
    ) -> Payment:
        """Sends one STK push for a key, and returns its row. A call with the same key and arguments returns the same
        row, and sends nothing.

        Args:
            key: The idempotency key: it names the money, such as `order-17`. At most 200 printable ASCII characters.
            phone_number: The customer's phone: `0712345678`. It is not stored.
            amount: The amount, greater than 0.
            till_number: Default: `TILL_NUMBER` of the setting.
            callback_url: Default: `CALLBACK_URL` of the setting.
            currency: The currency.
            metadata: At most 4 pairs. They come back in the result.

        Raises: `TransactionManagementError` inside of a transaction. `OutcomeUnknownError` if the customer may have
        been asked: the row has the state `unknown`. `InProgressError` if another worker is sending it.
        `InvalidRequestError` if the key was used for another payment. Other errors of `incoming_payments.create`:
        the customer was not asked.
        """
        options = get_options()
        till_number = till_number or required(options, "till_number")
        callback_url = callback_url or required(options, "callback_url")
        values = {
            "amount": exact(amount),
            "currency": currency,
            "till_number": till_number,
            "phone_hash": hash_phone(phone_number),
        }

        @sensitive_variables("phone_number")
        def send(client: KopoKopo) -> str:
            return client.incoming_payments.create(
                till_number=till_number,
                phone_number=phone_number,
                amount=amount,
                callback_url=callback_url,
                currency=currency,
                metadata=metadata,
                idempotency_key=key,
            ).id

        return cls.start_once(key, values, send)

    def refresh_from_api(self) -> None:
        """Reads the payment from the API, and sends its signal if it became final."""
        if self.resource_id:
            result = get_client().incoming_payments.get(self.resource_id)
            self.change_locked(lambda payment: payment.apply(result, None, None))

    def follow(self, record: JournalRecord) -> None:
        """Takes the state of the journal's record. A payment that polling found fits this request only, by its till,
        amount, currency and phone number, so the money was received.
        """
        if record.state == "accepted" and record.payment_key and not record.id:
            self.change_locked(lambda payment: payment.set_paid(record))
        else:
            super().follow(record)

    def set_paid(self, record: JournalRecord) -> None:
        """Writes that the money was received to this row, which the transaction has locked, and sends its signal."""
        self.accept(record, None)
        was_paid, self.is_paid, self.is_final = self.is_paid, True, True
        self.payment_key = self.payment_key or record.payment_key
        self.save()
        if not was_paid:
            signals.payment_paid.send(sender=Payment, payment=self, event=None)

    def apply(self, result: IncomingPayment | None, event: ReceivedEvent | None, record: JournalRecord | None) -> None:
        """Writes what the API reports to this row, which the transaction has locked, and sends its signal."""
        source = result if event is None else event
        if source is None:
            return
        was_paid, was_final = self.is_paid, self.is_final
        self.accept(record, None if result is None else result.id)
        if not was_paid and source.is_paid_at_least(self.amount, currency=self.currency, till_number=self.till_number):
            self.is_paid = self.is_final = True
            self.payment_key = source.payment_key
        if result is not None:
            self.status = str(result.status)[:40]
            self.is_final = self.is_final or result.is_final
        self.save()
        if self.is_paid and not was_paid:
            signals.payment_paid.send(sender=Payment, payment=self, event=event)
        elif self.is_final and not was_final:
            signals.payment_failed.send(sender=Payment, payment=self, event=event)


class Transfer(Request):
    """A request to send money to one or more recipients. It has no phone number, account or name."""

    recipients: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        help_text="The number of recipients."
    )

    class Meta(Request.Meta):
        verbose_name = "transfer"
        verbose_name_plural = "transfers"

    @classmethod
    def start(
        cls,
        *,
        key: str,
        destinations: Sequence[AnyDestination],
        callback_url: str | None = None,
        currency: str = "KES",
        metadata: MetadataValues | None = None,
    ) -> Transfer:
        """Sends money once for a key, and returns its row. A call with the same key and arguments returns the same
        row, and sends nothing.

        Args:
            key: The idempotency key: it names the money, such as `wages-2026-11-employee-7`. At most 200 printable
                ASCII characters.
            destinations: The recipients, with their amounts.
            callback_url: Default: `CALLBACK_URL` of the setting.
            currency: The currency.
            metadata: At most 4 pairs. They come back in the result.

        Raises: as `Payment.start`, with the errors of `send_money.create`.
        """
        callback_url = callback_url or required(get_options(), "callback_url")
        destinations = tuple(destinations)
        values = {
            "amount": sum((exact(destination.amount) for destination in destinations), Decimal(0)),
            "currency": currency,
            "recipients": len(destinations),
        }
        return cls.start_once(
            key,
            values,
            lambda client: (
                client.send_money.create(
                    destinations=destinations,
                    callback_url=callback_url,
                    currency=currency,
                    metadata=metadata,
                    idempotency_key=key,
                ).id
            ),
        )

    def refresh_from_api(self) -> None:
        """Reads the transfer from the API, and sends its signal if it became final."""
        if self.resource_id:
            result = get_client().send_money.get(self.resource_id)
            self.change_locked(lambda transfer: transfer.apply(result, None, None))

    def apply(self, result: SendMoney, event: ReceivedEvent | None, record: JournalRecord | None) -> None:
        """Writes what the API reports to this row, which the transaction has locked, and sends its signal."""
        was_paid, was_final = self.is_paid, self.is_final
        self.accept(record, result.id)
        self.status = str(result.status)[:40]
        self.is_paid = self.is_paid or result.is_paid
        self.is_final = self.is_final or result.is_final
        self.save()
        if self.is_paid and not was_paid:
            signals.transfer_paid.send(sender=Transfer, transfer=self, event=event)
        elif self.is_final and not was_final:
            signals.transfer_failed.send(sender=Transfer, transfer=self, event=event)


class Event(models.Model):
    """A verified event. Its body, which has personal data, is deleted when it was handled."""

    dedupe_key: models.CharField[str, str] = models.CharField(max_length=200, unique=True)
    payment_key: models.CharField[str | None, str | None] = models.CharField(max_length=200, null=True, blank=True)
    topic: models.CharField[str, str] = models.CharField(max_length=200, blank=True)
    resource_id: models.CharField[str | None, str | None] = models.CharField(max_length=200, null=True, blank=True)
    request_key: models.CharField[str, str] = models.CharField(
        max_length=200, blank=True, help_text="The idempotency key of the request that the journal found for it."
    )
    body: models.TextField[str, str] = models.TextField(blank=True)
    attempts: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        default=0, help_text="The number of attempts that failed."
    )
    error: models.CharField[str, str] = models.CharField(
        max_length=200, blank=True, help_text="The class of the last exception."
    )
    received_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True, db_index=True)
    processed_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True, db_index=True
    )

    class Meta:
        db_table = "kopokopo_received_event"
        verbose_name = "event"
        verbose_name_plural = "events"
        default_permissions = ("view",)
        ordering = ("-received_at",)

    def __str__(self) -> str:
        return self.dedupe_key


class JournalEntry(models.Model):
    """A record of the journal. The journal writes this table: do not change it."""

    idempotency_key: models.CharField[str, str] = models.CharField(max_length=200, primary_key=True)
    version: models.BigIntegerField[int, int] = models.BigIntegerField()
    state: models.TextField[str, str] = models.TextField(choices=State.choices)
    operation: models.TextField[str, str] = models.TextField()
    fingerprint: models.TextField[str, str] = models.TextField()
    attempt: models.BigIntegerField[int, int] = models.BigIntegerField()
    owner: models.TextField[str, str] = models.TextField()
    created_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    updated_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    deadline_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    sent_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    resource_id: models.TextField[str | None, str | None] = models.TextField(null=True)
    payment_key: models.TextField[str | None, str | None] = models.TextField(null=True)
    error: models.TextField[str | None, str | None] = models.TextField(null=True)
    evidence: models.TextField[str | None, str | None] = models.TextField(null=True)
    details: models.TextField[str | None, str | None] = models.TextField(null=True)

    class Meta:
        db_table = "kopokopo_journal"
        verbose_name = "journal entry"
        verbose_name_plural = "journal entries"
        default_permissions = ("view",)
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.idempotency_key

    @property
    def created(self) -> datetime:
        """When the record was created."""
        return moment(self.created_at)

    @property
    def updated(self) -> datetime:
        """When the record was changed."""
        return moment(self.updated_at)


class ClaimedEvent(models.Model):
    """The key of an event that was handled: see `kopokopo.journal.once`."""

    event_key: models.CharField[str, str] = models.CharField(max_length=200, primary_key=True)
    claimed_at: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        db_table = "kopokopo_events"
        verbose_name = "claimed event"
        verbose_name_plural = "claimed events"
        default_permissions = ()

    def __str__(self) -> str:
        return self.event_key


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def exact(amount: Any) -> Decimal:
    """An amount as a `Decimal`. The client refuses a float when the request is made."""
    try:
        return Decimal(str(amount))
    except InvalidOperation:
        raise InvalidRequestError("amount: must be a number", field="amount") from None
