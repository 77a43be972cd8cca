"""The frameworks that an import loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRAMEWORKS = {"django", "fastapi", "flask", "starlette", "werkzeug"}


def frameworks_after(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return FRAMEWORKS & set(ended.stdout.split())


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("kopokopo", set()),
        ("kopokopo.webhooks", set()),
        ("kopokopo.contrib", set()),
        ("kopokopo.webhooks.aws_lambda", set()),
        ("kopokopo.webhooks.django", {"django"}),
        ("kopokopo.webhooks.flask", {"flask", "werkzeug"}),
        ("kopokopo.webhooks.starlette", {"starlette"}),
    ],
)
def test_import_loads_own_framework_only(module: str, expected: set[str]) -> None:
    assert frameworks_after(f"import {module}") == expected


def test_import_error_names_missing_framework() -> None:
    script = "import sys; sys.modules['flask'] = None; import kopokopo.webhooks.flask"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ModuleNotFoundError: import of flask halted")
