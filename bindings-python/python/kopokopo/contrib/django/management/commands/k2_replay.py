"""`manage.py k2_replay`."""

# pyright: standard
# The types of managers and cursors are partly unknown in the stubs of Django.
from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from kopokopo.contrib.django.conf import get_options
from kopokopo.contrib.django.events import replay
from kopokopo.contrib.django.models import Event


class Command(BaseCommand):
    """Handles stored events again."""

    help = "Handles the events again whose handling failed, in the order in which they arrived."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dedupe_key", nargs="*", help="only these events")
        parser.add_argument("--dry-run", action="store_true", help="only list the events")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Event.objects.using(get_options().database).filter(processed_at=None).order_by("received_at", "pk")
        if options["dedupe_key"]:
            rows = rows.filter(dedupe_key__in=options["dedupe_key"])
        handled, failed = 0, 0
        for row in list(rows):
            if options["dry_run"]:
                self.stdout.write(f"{row.dedupe_key}: {row.attempts} attempts, {row.error or 'no error'}")
                continue
            try:
                replay(row)
                handled += 1
            except Exception as error:
                failed += 1
                self.stderr.write(f"{row.dedupe_key}: {type(error).__name__}")
        if not options["dry_run"]:
            self.stdout.write(f"{handled} events handled")
        if failed:
            raise CommandError(f"{failed} events were not handled")
