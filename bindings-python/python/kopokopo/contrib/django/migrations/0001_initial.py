"""The tables of the app. Those of the journal are made by the journal's own statements, so that workers in other
languages can share them.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from kopokopo import journal_schema
from kopokopo.contrib.django.store import dialect_of


def create_journal(apps: Any, schema_editor: Any) -> None:
    for statement in journal_schema(dialect_of(schema_editor.connection.alias)):
        schema_editor.execute(statement)


def drop_journal(apps: Any, schema_editor: Any) -> None:
    for table in ("kopokopo_journal", "kopokopo_events"):
        schema_editor.execute(f"DROP TABLE IF EXISTS {table}")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dedupe_key", models.CharField(max_length=200, unique=True)),
                ("payment_key", models.CharField(blank=True, max_length=200, null=True)),
                ("topic", models.CharField(blank=True, max_length=200)),
                ("resource_id", models.CharField(blank=True, max_length=200, null=True)),
                (
                    "request_key",
                    models.CharField(
                        blank=True,
                        help_text="The idempotency key of the request that the journal found for it.",
                        max_length=200,
                    ),
                ),
                ("body", models.TextField(blank=True)),
                ("attempts", models.PositiveIntegerField(default=0, help_text="The number of attempts that failed.")),
                ("error", models.CharField(blank=True, help_text="The class of the last exception.", max_length=200)),
                ("received_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("processed_at", models.DateTimeField(blank=True, db_index=True, null=True)),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "default_permissions": ("view",),
                "db_table": "kopokopo_received_event",
                "ordering": ("-received_at",),
            },
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="The idempotency key.", max_length=200, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                            ("not_sent", "Not sent"),
                            ("unknown", "Unknown"),
                        ],
                        db_index=True,
                        default="started",
                        max_length=20,
                    ),
                ),
                (
                    "resource_id",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="The id that Kopo Kopo gave the request.",
                        max_length=200,
                        null=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(blank=True, help_text="The status that Kopo Kopo reported last.", max_length=40),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(default="KES", max_length=3)),
                ("is_paid", models.BooleanField(default=False, help_text="Whether all of the money arrived.")),
                (
                    "is_final",
                    models.BooleanField(default=False, help_text="Whether the status does not change any more."),
                ),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("till_number", models.CharField(max_length=40)),
                ("phone_hash", models.CharField(max_length=64)),
                ("payment_key", models.CharField(blank=True, db_index=True, max_length=200, null=True)),
            ],
            options={
                "verbose_name": "payment",
                "verbose_name_plural": "payments",
                "default_permissions": ("view",),
                "ordering": ("-created_at",),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="The idempotency key.", max_length=200, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                            ("not_sent", "Not sent"),
                            ("unknown", "Unknown"),
                        ],
                        db_index=True,
                        default="started",
                        max_length=20,
                    ),
                ),
                (
                    "resource_id",
                    models.CharField(
                        blank=True,
                        db_index=True,
                        help_text="The id that Kopo Kopo gave the request.",
                        max_length=200,
                        null=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(blank=True, help_text="The status that Kopo Kopo reported last.", max_length=40),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(default="KES", max_length=3)),
                ("is_paid", models.BooleanField(default=False, help_text="Whether all of the money arrived.")),
                (
                    "is_final",
                    models.BooleanField(default=False, help_text="Whether the status does not change any more."),
                ),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("recipients", models.PositiveIntegerField(help_text="The number of recipients.")),
            ],
            options={
                "verbose_name": "transfer",
                "verbose_name_plural": "transfers",
                "default_permissions": ("view",),
                "ordering": ("-created_at",),
                "abstract": False,
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(create_journal, drop_journal)],
            state_operations=[
                migrations.CreateModel(
                    name="JournalEntry",
                    fields=[
                        ("idempotency_key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                        ("version", models.BigIntegerField()),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("started", "Started"),
                                    ("accepted", "Accepted"),
                                    ("refused", "Refused"),
                                    ("not_sent", "Not sent"),
                                    ("unknown", "Unknown"),
                                ]
                            ),
                        ),
                        ("operation", models.TextField()),
                        ("fingerprint", models.TextField()),
                        ("attempt", models.BigIntegerField()),
                        ("owner", models.TextField()),
                        ("created_at", models.BigIntegerField()),
                        ("updated_at", models.BigIntegerField()),
                        ("deadline_at", models.BigIntegerField()),
                        ("sent_at", models.BigIntegerField(null=True)),
                        ("resource_id", models.TextField(null=True)),
                        ("payment_key", models.TextField(null=True)),
                        ("error", models.TextField(null=True)),
                        ("evidence", models.TextField(null=True)),
                        ("details", models.TextField(null=True)),
                    ],
                    options={
                        "verbose_name": "journal entry",
                        "verbose_name_plural": "journal entries",
                        "db_table": "kopokopo_journal",
                        "ordering": ("-created_at",),
                        "default_permissions": ("view",),
                    },
                ),
                migrations.CreateModel(
                    name="ClaimedEvent",
                    fields=[
                        ("event_key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                        ("claimed_at", models.BigIntegerField()),
                    ],
                    options={
                        "verbose_name": "claimed event",
                        "verbose_name_plural": "claimed events",
                        "db_table": "kopokopo_events",
                        "default_permissions": (),
                    },
                ),
            ],
        ),
    ]
