"""A sandbox for each test module, and clients of it. The clients reset the sandbox before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from harness import Sandbox
from kopokopo import AsyncKopoKopo, KopoKopo


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def k2(sandbox: Sandbox) -> KopoKopo:
    sandbox.control("POST /_sandbox/reset")
    return KopoKopo(**sandbox.credentials, private_token=True)


@pytest.fixture
def k2_async(sandbox: Sandbox) -> AsyncKopoKopo:
    sandbox.control("POST /_sandbox/reset")
    return AsyncKopoKopo(**sandbox.credentials, private_token=True)
