"""`python -m kopokopo_sandbox` is `k2 sandbox`."""

from __future__ import annotations

import os
import subprocess
import sys

from . import find_binary


def main() -> int:
    binary = find_binary()
    if binary is None:
        print("k2 is missing: install it with `pip install --force-reinstall kopokopo-sandbox`", file=sys.stderr)
        return 1
    command = [str(binary), "sandbox", *sys.argv[1:]]
    if os.name != "nt":
        os.execv(binary, command)
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
