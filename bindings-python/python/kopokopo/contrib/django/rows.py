"""What payments and transfers share: a row for each idempotency key."""

# pyright: standard
# The types of managers and cursors are partly unknown in the stubs of Django.
from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from kopokopo import JournalRecord, KopoKopo, KopoKopoError, OutcomeUnknownError
from kopokopo._typing import Self
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.conf import get_options
from kopokopo.contrib.django.store import refuse_open_transaction


class State(models.TextChoices):
    """What is known about a request: the states of the journal."""

    STARTED = "started", "Started"
    ACCEPTED = "accepted", "Accepted"
    REFUSED = "refused", "Refused"
    NOT_SENT = "not_sent", "Not sent"
    UNKNOWN = "unknown", "Unknown"


class Request(models.Model):
    """A row for an idempotency key. Its state follows the journal, which decides if the request is sent."""

    key: models.CharField[str, str] = models.CharField(max_length=200, unique=True, help_text="The idempotency key.")
    state: models.CharField[str, str] = models.CharField(
        max_length=20, choices=State.choices, default=State.STARTED, db_index=True
    )
    resource_id: models.CharField[str | None, str | None] = models.CharField(
        max_length=200, null=True, blank=True, db_index=True, help_text="The id that Kopo Kopo gave the request."
    )
    status: models.CharField[str, str] = models.CharField(
        max_length=40, blank=True, help_text="The status that Kopo Kopo reported last."
    )
    amount: models.DecimalField[Decimal, Decimal] = models.DecimalField(max_digits=14, decimal_places=2)
    currency: models.CharField[str, str] = models.CharField(max_length=3, default="KES")
    is_paid: models.BooleanField[bool, bool] = models.BooleanField(
        default=False, help_text="Whether all of the money arrived."
    )
    is_final: models.BooleanField[bool, bool] = models.BooleanField(
        default=False, help_text="Whether the status does not change any more."
    )
    error: models.TextField[str, str] = models.TextField(blank=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now_add=True, db_index=True)
    updated_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        default_permissions = ("view",)
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def start_once(cls, key: str, values: Mapping[str, Any], send: Callable[[KopoKopo], str]) -> Self:
        """Commits the row, then sends the request if the journal allows it, and returns the row."""
        alias = get_options().database
        refuse_open_transaction(alias, f"{cls.__name__}.start")
        client = get_client()
        # Checks the key, and that the journal's table exists, before there is a row.
        client.journal.get(key)
        # Each statement is a transaction of its own, so that none of them reads before it writes: SQLite refuses that.
        rows = cls._default_manager.using(alias)
        found: tuple[Self, bool] = rows.get_or_create(key=key, defaults=values)
        row, is_new = found
        if not is_new:
            # These states allow another attempt, which may have other values.
            again = rows.filter(pk=row.pk, state__in=(State.REFUSED, State.NOT_SENT))
            again.update(state=State.STARTED, error="", updated_at=timezone.now(), **values)
        try:
            resource_id = send(client)
        except KopoKopoError as error:
            row.write_failure(client, error)
            raise
        rows.filter(pk=row.pk).update(
            state=State.ACCEPTED, resource_id=resource_id, error="", updated_at=timezone.now()
        )
        row.refresh_from_db(using=alias)
        return row

    def write_failure(self, client: KopoKopo, error: KopoKopoError) -> None:
        """Writes the state of a call that failed."""
        if isinstance(error, OutcomeUnknownError):
            # Also if the journal found the payment meanwhile: k2_reconcile sends the signal, which may fail.
            self._update(state=State.UNKNOWN, error=error.detail)
            return
        # Without the journal the state is not known, and the caller's error matters more.
        with suppress(KopoKopoError):
            record = client.journal.get(self.key)
            if record is None:
                self._update(state=State.NOT_SENT, error=error.detail)
            elif record.state != "accepted":
                self._update(state=record.state, error=record.error_detail or "")

    def follow(self, record: JournalRecord) -> None:
        """Takes the state of the journal's record."""
        values = {"state": record.state, "error": record.error_detail or ""}
        if record.id:
            values["resource_id"] = record.id
        self._update(**values)

    def mark_not_sent(self) -> None:
        """Writes that the journal has no record of the request, so that nothing was sent."""
        self._update(state=State.NOT_SENT)

    def refresh_from_api(self) -> None:
        """Reads the request from the API, and sends its signal if it became final."""
        raise NotImplementedError

    def _update(self, **values: Any) -> None:
        # An event may have changed the row meanwhile. An accepted request stays accepted.
        rows = type(self)._default_manager.using(self._state.db).filter(pk=self.pk)
        rows.exclude(state=State.ACCEPTED).update(updated_at=timezone.now(), **values)
        self.refresh_from_db(using=self._state.db)

    @classmethod
    def lock(cls, alias: str, key: str, resource_id: str | None) -> Self | None:
        """Finds the row of an event by its key, or by the id of the request, and locks it for the transaction."""
        rows = cls._default_manager.using(alias).select_for_update()
        row = rows.filter(key=key).first() if key else None
        return row or (rows.filter(resource_id=resource_id).first() if resource_id else None)

    def change_locked(self, change: Callable[[Self], None]) -> None:
        """Changes the row in a transaction, then reads it again."""
        alias = self._state.db
        with transaction.atomic(using=alias):
            # A write locks the row in every database.
            type(self)._default_manager.using(alias).filter(pk=self.pk).update(key=self.key)
            row = type(self)._default_manager.using(alias).get(pk=self.pk)
            change(row)
        self.refresh_from_db(using=alias)

    def accept(self, record: JournalRecord | None, resource_id: str | None) -> None:
        """Sets the state of a request that the server has reported on. Does not save."""
        self.state = "accepted"
        self.error = ""
        self.resource_id = self.resource_id or resource_id or (record.id if record else None)
