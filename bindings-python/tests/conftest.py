"""Fixtures in addition to those of the plugin, `k2_sandbox` and `k2`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from harness import Sandbox
from kopokopo import AsyncKopoKopo


@pytest.fixture
def sandbox(k2_sandbox: Sandbox) -> Sandbox:
    return k2_sandbox


@pytest.fixture
def k2_async(sandbox: Sandbox) -> AsyncKopoKopo:
    return sandbox.async_client()


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of a new database."""
    server = os.environ.get("K2_TEST_POSTGRES")
    assert server, "K2_TEST_POSTGRES is missing: run pytest with tests/with-postgres.sh"
    name = f"journal_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
