"""docs/django.md is executed: a new project takes a payment, and a sandbox delivers its result."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fixtures import requests
from harness import ROOT, Sandbox
from test_contrib_django import OLDEST

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = (ROOT / "docs" / "django.md").read_text("utf-8")


class Project:
    """A project of `startproject` with the files of the guide."""

    def __init__(self, folder: Path, sandbox: Sandbox, oldest: bool) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        credentials = sandbox.env
        self.environment = {**os.environ, **credentials, "SHOP_CALLBACK_URL": f"{self.url}/k2/events/"}
        if oldest:
            assert OLDEST.is_dir(), f"Django 4.2 is missing: python -m pip install --target {OLDEST} Django==4.2.30"
            self.environment["PYTHONPATH"] = str(OLDEST)
        self.run("-m", "django", "startproject", "site_of_shop", ".")
        self.run("manage.py", "startapp", "shop")
        (folder / "shop" / "tests.py").unlink()
        for name, text in re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL):
            path = folder / ("site_of_shop" if "/" not in name else "") / name
            path.write_text((path.read_text() if name == "settings.py" else "") + text)
        self.run("manage.py", "makemigrations", "shop")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> str:
        ended = subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert ended.returncode == 0, f"{arguments}: {ended.stderr}{ended.stdout}"
        return ended.stdout + ended.stderr

    def shell(self, script: str) -> str:
        return self.run("manage.py", "shell", "--command", script).strip().splitlines()[-1]

    @contextmanager
    def serving(self) -> Iterator[None]:
        command = [sys.executable, "manage.py", "runserver", "--noreload", str(self.port)]
        with (self.folder / "server.log").open("wb") as log:
            server = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
            try:
                self.wait_until(lambda: self.post("/k2/events/", {}) == 401)
                yield
            finally:
                server.kill()
                server.wait()

    def post(self, path: str, form: dict[str, str]) -> int:
        data = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        try:
            with urllib.request.urlopen(self.url + path, data, timeout=30) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait_until(self, condition: Any) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, (self.folder / "server.log").read_text()
            time.sleep(0.1)


@pytest.mark.parametrize("oldest", [False, True], ids=["current", "4.2"])
def test_guide_takes_a_payment(tmp_path: Path, oldest: bool) -> None:
    commands = re.findall(r"^python (manage\.py .*)$", GUIDE, re.MULTILINE)
    assert len(commands) == 5
    with Sandbox() as sandbox:
        sandbox.change_settings(callback_retries_ms=[100, 300, 1000, 3000])
        project = Project(tmp_path, sandbox, oldest)
        for command in commands:
            project.run(*command.split())
        project.shell("from shop.models import Order; print(Order.objects.create(total='100').pk)")
        with project.serving():
            assert project.post("/orders/1/ask/", {"phone": "abc"}) == 400
            # Refused by the server: the next attempt has another key.
            sandbox.fault(operation="incoming_payments.create", kind="status", status=400)
            assert project.post("/orders/1/ask/", {"phone": "254700000002"}) == 400
            assert project.post("/orders/1/ask/", {"phone": "254700000001"}) == 202
            assert project.post("/orders/1/ask/", {"phone": "254700000002"}) == 409
            assert project.post("/orders/1/ask/", {"phone": "abc"}) == 400
            assert project.post("/orders/1/ask/", {"phone": "254700000001"}) == 202
            # The result, and the webhook of the subscription.
            handled = "from kopokopo.contrib.django.models import Event; print(Event.objects.filter(body='').count())"
            project.wait_until(lambda: project.shell(handled) == "2")
        assert project.shell("from shop.models import Order; print(Order.objects.get().is_paid)") == "True"
        assert [request.status for request in requests(sandbox, "incoming_payments.create")] == [400, 201]
        rows = "; ".join(
            (
                "import json",
                "from kopokopo.contrib.django.models import Payment",
                "payment = Payment.objects.get(key='order-1-2')",
                "print(json.dumps([payment.key, payment.state, payment.status]))",
            )
        )
        assert json.loads(project.shell(rows)) == ["order-1-2", "accepted", "Success"]
        assert "OK" in project.run("manage.py", "test")
        sent = "from shop.wages import pay; print(pay(7, '254700000001', 500, '2026-11').state)"
        assert project.shell(sent) == "accepted"
        reference = "from kopokopo.contrib.django.models import Payment; print(Payment.objects.get(key='order-1-2').payment_key)"
        paid_key = project.shell(reference).split(":")[-1]
        assert project.shell(f"from shop.refunds import refund; print(len(refund(1, '{paid_key}')))") == "36"
        assert sandbox.state().paid_out
