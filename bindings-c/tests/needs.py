"""Ends with an error that names the programs which the tests of the C ABI need and do not find. Prints the compiler's version."""

import shutil
import subprocess
import sys

missing = [name for name in ("gcc", "g++", "valgrind") if shutil.which(name) is None]
if missing:
    sys.exit(f"missing: {', '.join(missing)}")
print(subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0])
