"""Says where `k2` is, and reads the documented samples."""

from __future__ import annotations

import os
from pathlib import Path

from kopokopo.testing import Sandbox

__all__ = ["K2", "ROOT", "TARGET", "TESTS", "Sandbox", "payloads"]

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
K2 = str(Path(os.environ.get("K2_SANDBOX_BIN", TARGET / "debug" / "k2")).resolve())
os.environ["K2_SANDBOX_BIN"] = K2
"""Where `Sandbox` finds it, in the processes of tests too."""


def payloads(*prefixes: str) -> list[tuple[str, bytes]]:
    """Returns the names and the bodies of Kopo Kopo's documented samples."""
    files = [path for path in sorted((TESTS / "vectors/payloads").iterdir()) if path.name.startswith(prefixes)]
    assert files, prefixes
    return [(path.stem, path.read_bytes()) for path in files]
