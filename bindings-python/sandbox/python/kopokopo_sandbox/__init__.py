"""Finds the program `k2`, which this package installs."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

__all__ = ["find_binary"]

_NAME = "k2" + (sysconfig.get_config_var("EXE") or "")


def find_binary() -> Path | None:
    """Returns the path of `k2`, or None if it was removed."""
    here = Path(__file__).resolve().parent
    folders: list[str | Path] = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user")),
        here.parent / "bin",  # of `pip install --target`
        # of `pip install --prefix`: lib/python3.11/site-packages is three folders below it
        *(prefix / ("Scripts" if os.name == "nt" else "bin") for prefix in here.parents[3:4]),
    ]
    return next((path for path in (Path(folder) / _NAME for folder in folders) if path.is_file()), None)
