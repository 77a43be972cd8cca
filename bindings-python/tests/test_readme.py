"""The READMEs' Python runs as it stands, against a sandbox."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kopokopo
import pytest
from fastapi.testclient import TestClient
from stage import ROOT, Sandbox

READMES = [ROOT / "README.md", ROOT / "bindings-python" / "README.md"]


def snippets(path: Path) -> str:
    found = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, path
    return "\n\n".join(found)


@pytest.mark.parametrize("path", READMES, ids=["repository", "package"])
def test_the_snippets_run_and_their_webhook_answers(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox() as sandbox:
        for name, value in sandbox.credentials.items():
            monkeypatch.setenv(f"K2_{name.upper()}", value)
        # Nobody waits seconds for what is there at once.
        source = (
            snippets(path).replace(".wait(", ".wait(interval=0.02, ").replace("(interval=0.02, )", "(interval=0.02)")
        )
        names: dict[str, Any] = {"__name__": "readme"}
        exec(compile(source, str(path), "exec"), names)
        assert "True" in capsys.readouterr().out

        body = (ROOT / "tests" / "vectors" / "payloads" / "result-incoming-payment-success.json").read_bytes()
        signature = kopokopo.sign_webhook(sandbox.credentials["api_key"], body)
        with TestClient(names["app"]) as client:
            answer = client.post("/k2/results", content=body, headers={"X-KopoKopo-Signature": signature})
            assert answer.status_code == 200
            assert client.post("/k2/results", content=body).status_code == 401
        assert capsys.readouterr().out.strip()
