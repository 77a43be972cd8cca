"""`manage.py k2_reconcile`."""

# pyright: standard
# The types of managers are partly unknown in the stubs of Django.
from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kopokopo import KopoKopoError
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
        try:
            records = get_client().journal.reconcile_all(older_than)
        except KopoKopoError as error:
            raise CommandError(str(error)) from error
        self.changed, self.failed = 0, 0
        before = timezone.now() - timedelta(seconds=older_than)
        for model in (Payment, Transfer):
            self._follow(model, before)
            self._read(model, before, options["limit"])
        unknown = [record for record in records if record.state == "unknown"]
        known = len(records) - len(unknown)
        self.stdout.write(f"{known} of {len(records)} outcomes found out, {self.changed} rows changed")
        for record in unknown:
            self.stdout.write(
                f"unknown: {record.key} ({record.operation}), created at {record.created_at:%Y-%m-%d %H:%M}"
            )
        if self.failed:
            raise CommandError(f"{self.failed} rows were not changed: run the command again")

    def _follow(self, model: type[Request], before: datetime) -> None:
        """Takes the journal's state for the rows whose worker did not write it."""
        journal = get_client().journal

        def follow(row: Request) -> bool:
            record, state = journal.get(row.key), row.state
            if record is None:
                # A worker that ended before the journal has a record sent nothing.
                row.mark_not_sent()
            elif record.state != state:
                row.follow(record)
            return row.state != state

        rows = model._default_manager.using(get_options().database)
        self._each(rows.filter(state__in=(State.STARTED, State.UNKNOWN), updated_at__lt=before), follow)

    def _read(self, model: type[Request], before: datetime, limit: int) -> None:
        """Reads the rows that are not final, whose results may be lost."""

        def read(row: Request) -> bool:
            row.refresh_from_api()
            return row.is_final

        rows = model._default_manager.using(get_options().database)
        pending = rows.filter(state=State.ACCEPTED, is_final=False, created_at__lt=before).exclude(resource_id=None)
        self._each(pending.order_by("created_at")[:limit], read)

    def _each(self, rows: Any, change: Callable[[Request], bool]) -> None:
        for row in list(rows):
            self._change(row, change)

    def _change(self, row: Request, change: Callable[[Request], bool]) -> None:
        try:
            self.changed += change(row)
        except KopoKopoError as error:
            self.stderr.write(f"{row.key}: {error.kind}")
        except Exception as error:
            # A receiver failed. The transaction is rolled back, and the next run tries again.
            self.failed += 1
            self.stderr.write(f"{row.key}: {type(error).__name__}")
