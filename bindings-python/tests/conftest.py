"""A sandbox for each file of tests, and clients of it, as at the start for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kopokopo import AsyncKopoKopo, KopoKopo
from stage import Sandbox


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
