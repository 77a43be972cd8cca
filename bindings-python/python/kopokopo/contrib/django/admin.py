"""The admin of payments, transfers, events and the journal. It only shows them."""

# pyright: standard
# The types of managers and cursors are partly unknown in the stubs of Django.
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from kopokopo.contrib.django.models import Event, JournalEntry, Payment, Transfer
from kopokopo.contrib.django.rows import State

CRASHED = timedelta(minutes=2)
"""A request that is `started` for longer has no worker any more."""


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    # The class of Django takes no parameters when it runs.
    ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(ModelAdmin):
    """Shows rows to users with the permission to view them. Rows are not added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OutcomeFilter(admin.SimpleListFilter):
    """Requests that a person has to look at."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("unknown", "Unknown"), ("known", "Known")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_unknown = Q(state=State.UNKNOWN) | Q(state=State.STARTED, created_at__lt=self.crashed_before())
        if self.value() == "unknown":
            queryset = queryset.filter(is_unknown)
        if self.value() == "known":
            queryset = queryset.exclude(state__in=(State.UNKNOWN, State.STARTED))
        return queryset

    def crashed_before(self) -> Any:
        return timezone.now() - CRASHED


class JournalOutcomeFilter(OutcomeFilter):
    """The same for the journal, whose times are milliseconds."""

    def crashed_before(self) -> Any:
        return int(super().crashed_before().timestamp() * 1000)


class UnprocessedFilter(admin.SimpleListFilter):
    """Events that were not handled: `manage.py k2_replay` handles them."""

    title = "processing"
    parameter_name = "processed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [("no", "Not processed"), ("yes", "Processed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is not None:
            queryset = queryset.filter(processed_at__isnull=self.value() == "no")
        return queryset


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    """Payments."""

    list_display = ("key", "state", "status", "amount", "currency", "is_paid", "is_final", "created_at")
    list_filter = (OutcomeFilter, "state", "is_paid", "is_final", "created_at")
    search_fields = ("key", "resource_id", "payment_key")
    date_hierarchy = "created_at"


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Transfers."""

    list_display = ("key", "state", "status", "amount", "currency", "recipients", "is_paid", "is_final", "created_at")
    list_filter = (OutcomeFilter, "state", "is_paid", "is_final", "created_at")
    search_fields = ("key", "resource_id")
    date_hierarchy = "created_at"


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Events, without their bodies, which have personal data."""

    list_display = ("dedupe_key", "topic", "received_at", "processed_at", "attempts", "error")
    list_filter = (UnprocessedFilter, "topic", "received_at")
    search_fields = ("dedupe_key", "payment_key", "resource_id")
    exclude = ("body",)


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """The journal, without details, which have a hash of the phone number."""

    list_display = ("idempotency_key", "operation", "state", "attempt", "created", "updated")
    list_filter = (JournalOutcomeFilter, "state", "operation")
    search_fields = ("idempotency_key", "resource_id", "payment_key")
    fields = (
        "idempotency_key",
        "operation",
        "state",
        "attempt",
        "created",
        "updated",
        "resource_id",
        "payment_key",
        "error",
        "evidence",
    )
    readonly_fields = ("created", "updated")
