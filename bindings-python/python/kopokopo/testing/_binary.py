"""Finds the program that has the sandbox: `k2`."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
from pathlib import Path

VARIABLE = "K2_SANDBOX_BIN"
_PROBE_TIMEOUT = 30.0
"""Seconds. The program prints its version at once, but a machine can be loaded."""


class SandboxError(RuntimeError):
    """The sandbox did not start, has ended, or refused a call of its control API."""


def find_binary(binary: str | os.PathLike[str] | None = None) -> str:
    """Returns the path of `k2`: the argument, `K2_SANDBOX_BIN`, the package `kopokopo-sandbox`, or `k2` of the PATH.

    Raises:
        SandboxError: No sandbox is installed, or the path does not exist.
    """
    for source, path in (("binary", binary), (VARIABLE, os.environ.get(VARIABLE))):
        if path:
            found = shutil.which(path)
            if found is None:
                raise SandboxError(f"{source}: {os.fspath(path)} is not a program: expected the path of k2")
            return found
    installed = _installed()
    if installed is not None:
        return installed
    remedy = f"install it with `pip install kopokopo[sandbox]`, or set {VARIABLE} to the path of k2"
    on_path = shutil.which("k2")
    if on_path is None:
        raise SandboxError(f"the sandbox is not installed: {remedy}")
    if not _is_ours(on_path):
        raise SandboxError(f"{on_path} is another program with the same name, not the sandbox: {remedy}")
    return on_path


def _installed() -> str | None:
    try:
        package = importlib.import_module("kopokopo_sandbox")
    except ModuleNotFoundError:
        return None
    path: Path | None = package.find_binary()
    return None if path is None else str(path)


def _is_ours(path: str) -> bool:
    try:
        probe = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"(kopokopo)" in probe.stdout
