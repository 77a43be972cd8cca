"""The Python code of the READMEs runs unchanged with a sandbox."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from pathlib import Path
from typing import Any

import kopokopo
import pytest
from fastapi.testclient import TestClient
from harness import ROOT, Sandbox

READMES = [ROOT / "README.md", ROOT / "bindings-python" / "README.md"]


def snippets(path: Path) -> str:
    found = re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, path
    return "\n\n".join(found)


@pytest.mark.parametrize("path", READMES, ids=["repository", "package"])
def test_snippets_run_and_webhook_receives_result(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        for name, value in sandbox.credentials.items():
            monkeypatch.setenv(f"K2_{name.upper()}", value)
        # The sandbox needs no pauses between polls.
        sleep, sleep_async = time.sleep, asyncio.sleep
        monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.02)))
        monkeypatch.setattr(asyncio, "sleep", lambda seconds, *result: sleep_async(min(seconds, 0.02), *result))
        monkeypatch.setattr(logging, "basicConfig", lambda: None)
        names: dict[str, Any] = {"__name__": "readme"}
        try:
            exec(compile(snippets(path), str(path), "exec"), names)
        finally:
            logging.getLogger("kopokopo").setLevel(logging.NOTSET)
        assert "True" in capsys.readouterr().out

        body = (ROOT / "tests" / "vectors" / "payloads" / "result-incoming-payment-success.json").read_bytes()
        signature = kopokopo.sign_webhook(sandbox.credentials["api_key"], body)
        with TestClient(names["app"]) as client:
            response = client.post("/k2/results", content=body, headers={"X-KopoKopo-Signature": signature})
            assert response.status_code == 200
            assert client.post("/k2/results", content=body).status_code == 401
        assert capsys.readouterr().out.strip()
