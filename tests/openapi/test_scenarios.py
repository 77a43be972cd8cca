"""Every request and every response of the scenario tests conforms."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from description import ROOT, Description
from server import TARGET

TESTEE = ROOT / "bindings-python/tests/testee.py"
RECORDING = Path(__file__).parent / "recording.py"


def refused_connections() -> list[str]:
    """The scenarios that close the port. A proxy cannot refuse a connection that it has accepted."""
    names = []
    for path in sorted((ROOT / "tests/scenarios").glob("*.json")):
        steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
        if any(fault["kind"] == "refuse_connections" for step in steps for fault in set_by(step)):
            names.append(path.stem)
    return names


def set_by(step: dict[str, Any]) -> list[dict[str, Any]]:
    """The faults that a step sets."""
    if step.get("control") != "PUT /_sandbox/faults":
        return []
    body = step["body"]
    return body if isinstance(body, list) else [body]


def breaks(faults: list[list[str]], operation: str) -> bool:
    """Whether a request of an operation met a fault that can break its response."""
    return any(met == operation and kind != "delay" for met, kind in faults)


def test_every_exchange_of_the_scenarios_conforms(description: Description, tmp_path: Path) -> None:
    left_out = refused_connections()
    assert 0 < len(left_out) < 5
    file = tmp_path / "exchanges"
    skipped = [part for name in left_out for part in ("--skip", f"::{name}")]
    program = os.environ.get("K2_CONFORMANCE_BIN", str(TARGET / "conformance"))
    # The engines of a language send the same.
    command = [program, "::sync::", *skipped, "--"]
    run = subprocess.run(
        [*command, sys.executable, str(RECORDING), str(file), sys.executable, str(TESTEE)],
        capture_output=True,
        text=True,
        check=False,
    )
    # Each language's own step requires that all pass. Here the proxy takes time, and some scenarios depend on a late callback.
    ended = re.search(r"^test result: .* (\d+) passed; (\d+) failed", run.stdout, re.MULTILINE)
    assert ended, run.stdout[-20_000:] + run.stderr
    passed, failed = map(int, ended.groups())
    assert passed > 100, run.stdout[-20_000:]
    assert passed > 0.95 * (passed + failed), run.stdout[-20_000:]

    exchanges = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    conforming = []
    for exchange in exchanges:
        assert exchange["operation"], f"{exchange['method']} {exchange['path']} is not described"
        faults = exchange.get("faults", [])
        if faults is None:
            # The scenario ended while the request was on its way.
            assert not exchange["complete"], exchange
            continue
        is_broken = breaks(faults, exchange["operation"])
        assert exchange["response"] == [] or is_broken, exchange
        # What the server refuses may be what the description refuses.
        assert exchange["request"] == [] or is_broken or exchange["status"] == 400, exchange
        if not exchange["request"] and not exchange["response"]:
            conforming.append(exchange)
    assert len(conforming) > 0.9 * len(exchanges)
    succeeded = {exchange["operation"] for exchange in conforming if exchange["status"] < 300}
    assert succeeded == {operation.name for operation in description.operations}


def test_only_faults_of_the_operation_excuse_a_difference() -> None:
    reset = ["send_money.create", "reset_after_effect"]
    assert breaks([reset], "send_money.create")
    assert not breaks([reset], "polling.create")
    assert breaks([reset, ["polling.create", "html_502"]], "polling.create")
    assert not breaks([["send_money.create", "delay"]], "send_money.create")
    assert not breaks([], "send_money.create")
