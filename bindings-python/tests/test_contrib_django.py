"""Runs the tests of the Django project with each database, and with the oldest Django that is supported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness import ROOT

PROJECT = Path(__file__).parent / "django_project"
OLDEST = ROOT / ".tools" / "django-4.2"
"""Django 4.2, which `cargo xtask test --only python` installs there."""

LEFT_OUT = {"memory": ("threads", "server"), "file": ("server",), "postgres": ()}
"""The tags of tests that a database cannot run: threads share no database in memory, and only servers close connections."""


def manage(
    folder: Path, *arguments: str, database: str = "file", oldest: bool = False
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "K2_TEST_DATABASE": database, "K2_TEST_FOLDER": str(folder)}
    if database == "postgres":
        assert os.environ.get("K2_TEST_POSTGRES"), "K2_TEST_POSTGRES is missing: run pytest with tests/with-postgres.sh"
    if oldest:
        assert OLDEST.is_dir(), f"Django 4.2 is missing: python -m pip install --target {OLDEST} Django==4.2.30"
        environment["PYTHONPATH"] = str(OLDEST)
    command = [sys.executable, "-W", "error::ResourceWarning", str(PROJECT / "manage.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("oldest", [False, True], ids=["current", "4.2"])
@pytest.mark.parametrize("database", list(LEFT_OUT))
def test_project(tmp_path: Path, database: str, oldest: bool) -> None:
    left_out = [f"--exclude-tag={name}" for name in LEFT_OUT[database]]
    pattern = ["--pattern", "case_*.py", "--top-level-directory", str(PROJECT), str(PROJECT)]
    ended = manage(tmp_path, "test", "--no-input", *left_out, *pattern, database=database, oldest=oldest)
    assert ended.returncode == 0, ended.stderr
    found = re.search(r"Ran (\d+) tests", ended.stderr)
    assert found and int(found[1]) >= 45 and "skipped" not in ended.stderr, ended.stderr


@pytest.mark.parametrize("oldest", [False, True], ids=["current", "4.2"])
def test_migrations_are_complete_and_can_be_undone(tmp_path: Path, oldest: bool) -> None:
    for arguments in (
        ("makemigrations", "--check", "--dry-run"),
        ("migrate",),
        ("check", "--deploy", "--tag", "models"),
        ("migrate", "kopokopo", "zero"),
        ("migrate",),
    ):
        ended = manage(tmp_path, *arguments, oldest=oldest)
        assert ended.returncode == 0, ended.stderr


def test_missing_tables_are_named(tmp_path: Path) -> None:
    ended = manage(tmp_path, "k2_reconcile")
    assert ended.returncode == 1
    assert "the table kopokopo_journal is missing: run manage.py migrate" in ended.stderr.splitlines()[-1]
    script = (
        "from django.db import connection, transaction; from kopokopo import WebhookVerifier; import kopokopo.journal\n"
        "event = WebhookVerifier(api_keys=['key']).parse_unverified(b'{}')\n"
        "with transaction.atomic(): kopokopo.journal.once(event, connection)\n"
    )
    ended = manage(tmp_path, "shell", "--command", script)
    assert "the table kopokopo_events does not exist: create it with" in ended.stderr.splitlines()[-1]


def test_no_more_connections_than_threads_are_open(tmp_path: Path) -> None:
    """With persistent connections, calls one after another use one connection."""
    assert manage(tmp_path, "migrate").returncode == 0
    script = (
        "from django.db import connection; from kopokopo.contrib.django import client\n"
        "connection.settings_dict['CONN_MAX_AGE'] = None\n"
        "for _ in range(20): client.get_client().journal.get('order-1')\n"
        "store = client._made[1]; print('idle', len(store._idle[1]), store._idle[1][0].connection is not None)\n"
    )
    ended = manage(tmp_path, "shell", "--command", script)
    assert "idle 1 True" in ended.stdout, ended.stderr
