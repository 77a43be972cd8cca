"""What the tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from description import Description
from server import Server


@pytest.fixture(scope="session")
def description() -> Description:
    """The committed description."""
    return Description.read()


@pytest.fixture
def server() -> Iterator[Server]:
    """A sandbox of the test's own."""
    with Server() as server:
        yield server
