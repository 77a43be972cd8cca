"""Fixtures for pytest, which finds them without an import. Each process of pytest-xdist has a sandbox of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .. import KopoKopo
from ._sandbox import Sandbox


@pytest.fixture(scope="session")
def k2_sandbox_options() -> dict[str, Any]:
    """The options of the `Sandbox`. Override it in `conftest.py`."""
    return {}


@pytest.fixture(scope="session")
def k2_sandbox_process(k2_sandbox_options: dict[str, Any]) -> Iterator[Sandbox]:
    """A sandbox for the whole session, which starts when a test first needs it."""
    with Sandbox(**k2_sandbox_options) as sandbox:
        yield sandbox


@pytest.fixture
def k2_sandbox(k2_sandbox_process: Sandbox) -> Iterator[Sandbox]:
    """The sandbox as it is after a start: each test begins without the requests, faults and settings of others."""
    settings = k2_sandbox_process.settings()
    # A client that outlives a test keeps its token. Without it, its first call gets a 401, which would use up a fault.
    k2_sandbox_process.reset(keep_tokens=True)
    yield k2_sandbox_process
    k2_sandbox_process.change_settings(**vars(settings))


@pytest.fixture
def k2(k2_sandbox: Sandbox) -> Iterator[KopoKopo]:
    """A client of the sandbox."""
    with k2_sandbox.client() as client:
        yield client


@pytest.fixture
def k2_env(k2_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment variables that point a program at the sandbox: they are set during the test."""
    for name, value in k2_sandbox.env.items():
        monkeypatch.setenv(name, value)
    return k2_sandbox.env
