"""Requests that schemathesis makes from the description: no server error, and each response conforms."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

from description import Description
from server import Server

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
"""Those that are left out ask whether the server accepts exactly what the description allows. A till or a transaction has to exist, and
the server reads more than it is described to (numbers as text, null as absent)."""


def generate(server: Server, folder: Path, description: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs schemathesis. It makes the same requests in each run."""
    named = {
        "--url": server.base_url,
        "--header": f"Authorization: Bearer {server.token()}",
        "--checks": ",".join(CHECKS),
        "--max-examples": "5",
        "--warnings": "off",
    }
    program = (sys.executable, "-m", "schemathesis.cli", "run", description)
    switches = ("--generation-deterministic", "--continue-on-failure", "--no-color")
    return subprocess.run(
        [*program, *switches, *(f"{name}={value}" for name, value in named.items()), *options],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_sandbox_withstands_generated_requests(description: Description, server: Server, tmp_path: Path) -> None:
    run = generate(server, tmp_path, f"{server.base_url}/openapi.yaml")
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr
    count = len(description.operations)
    assert f"Selected: {count}/{count}" in run.stdout, run.stdout[-2_000:]
    assert server.control("GET", "/health") == {"status": "ok"}
    # Some were accepted: not only refusals were compared.
    accepted = {request["operation"] for request in server.control("GET", "/requests") if request["took_effect"]}
    assert len(accepted) > 8, accepted


def test_a_response_that_differs_is_found(description: Description, server: Server, tmp_path: Path) -> None:
    document = copy.deepcopy(description.document)
    document["components"]["schemas"]["Polling"]["required"].append("pages")
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document), encoding="utf-8")
    run = generate(server, tmp_path, str(changed), "--include-operation-id=polling.get", "--phases=examples")
    assert run.returncode == 1, run.stdout + run.stderr
    assert '"pages" is a required property' in run.stdout, run.stdout
