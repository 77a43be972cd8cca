"""Which frameworks an import brings along."""

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
    ("module", "brought"),
    [
        ("kopokopo", set()),
        ("kopokopo.webhooks", set()),
        ("kopokopo.webhooks.aws_lambda", set()),
        ("kopokopo.webhooks.django", {"django"}),
        ("kopokopo.webhooks.flask", {"flask", "werkzeug"}),
        ("kopokopo.webhooks.starlette", {"starlette"}),
    ],
)
def test_an_adapter_brings_its_own_framework_only(module: str, brought: set[str]) -> None:
    assert frameworks_after(f"import {module}") == brought


def test_a_framework_that_is_not_installed_says_its_name() -> None:
    script = "import sys; sys.modules['flask'] = None; import kopokopo.webhooks.flask"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("ModuleNotFoundError: import of flask halted")
