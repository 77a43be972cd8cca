"""`manage.py k2_reconcile`."""

# pyright: standard
# The types of managers and cursors are partly unknown in the stubs of Django.
from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kopokopo import JournalError, KopoKopoError
from kopokopo.contrib.django.client import get_client
from kopokopo.contrib.django.conf import get_options
from kopokopo.contrib.django.models import Payment, Transfer
from kopokopo.contrib.django.rows import Request, State


class Command(BaseCommand):
    """Finds out what can be found out."""

    help = (
        "Finds out the outcome of unknown requests, without sending them, and reads payments and transfers that are "
        "not final. Run it every few minutes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than", type=float, default=60.0, help="only requests that are older than so many seconds (60)"
        )
        parser.add_argument(
            "--limit", type=int, default=500, help="read at most so many payments and so many transfers (500)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        older_than: float = options["older_than"]
        journal = get_client().journal
        try:
            records = journal.reconcile_all(older_than)
        except KopoKopoError as error:
            raise CommandError(str(error)) from error
        before = timezone.now() - timedelta(seconds=older_than)
        read = sum(
            self._follow(model, before) + self._read(model, before, options["limit"]) for model in (Payment, Transfer)
        )
        unknown = [record for record in records if record.state == "unknown"]
        self.stdout.write(f"{len(records) - len(unknown)} of {len(records)} outcomes found out, {read} rows changed")
        for record in unknown:
            self.stdout.write(
                f"unknown: {record.key} ({record.operation}), created at {record.created_at:%Y-%m-%d %H:%M}"
            )

    def _follow(self, model: type[Request], before: Any) -> int:
        """Takes the journal's state for the rows whose worker did not write it."""
        alias, journal, changed = get_options().database, get_client().journal, 0
        open_rows = model._default_manager.using(alias).filter(state__in=(State.STARTED, State.UNKNOWN))
        for row in open_rows.filter(created_at__lt=before).iterator():
            record = journal.get(row.key)
            # A worker that ended before the journal has a record sent nothing.
            state = "not_sent" if record is None else record.state
            if state != row.state:
                changed += 1
                row.follow(record) if record is not None else row.mark_not_sent()
        return changed

    def _read(self, model: type[Request], before: Any, limit: int) -> int:
        """Reads the rows that are not final, whose results may be lost."""
        alias, changed = get_options().database, 0
        pending = model._default_manager.using(alias).filter(
            state=State.ACCEPTED, is_final=False, created_at__lt=before
        )
        for row in pending.exclude(resource_id=None).order_by("created_at")[:limit]:
            try:
                row.refresh_from_api()
            except JournalError:
                raise
            except KopoKopoError as error:
                self.stderr.write(f"{row.key}: {error.kind}")
            changed += row.is_final
        return changed
