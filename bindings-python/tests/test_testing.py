"""`kopokopo.testing`: the sandbox as a dependency of tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fixtures import CALLBACK, PENDING_PHONE, PUSH
from harness import K2, ROOT
from kopokopo import IncomingPayment, KopoKopo
from kopokopo.testing import Fault, Sandbox, SandboxError, TillData, TransactionData

CALLS = json.loads((ROOT / "sandbox/controls.json").read_text("utf-8"))["calls"]
LINK = "/api/v2/payment_links"


def push(k2: KopoKopo) -> str:
    return k2.incoming_payments.create(**{**PUSH, "phone_number": PENDING_PHONE}).id


def test_every_helper_works(k2_sandbox: Sandbox, k2: KopoKopo, monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[str] = set()

    def recorded(name: str, helper: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            called.add(name)
            return helper(*arguments, **options)

        return call

    for call in CALLS:
        monkeypatch.setattr(k2_sandbox, call["name"], recorded(call["name"], getattr(k2_sandbox, call["name"])))

    for act, error in [
        (k2_sandbox.customer_pays, None),
        (k2_sandbox.customer_cancels, "Request cancelled by user"),
        (k2_sandbox.customer_has_no_money, "Insufficient funds"),
        (k2_sandbox.customer_ignores, "DS timeout user cannot be reached"),
        (k2_sandbox.customer_enters_wrong_pin, "The initiator information is invalid."),
        (lambda payment: k2_sandbox.customer_acts(payment, "cancel"), "Request cancelled by user"),
    ]:
        payment_id = push(k2)
        act(payment_id)
        payment = k2.incoming_payments.wait(payment_id, interval=0.02)
        assert (payment.is_paid, list(payment.errors)) == (error is None, [error] if error else [])
    link = k2.payment_links.create(till_number="K000000", amount="1", callback_url=CALLBACK)
    k2_sandbox.customer_acts_on_link(link.id, "enter_pin")
    assert k2.payment_links.get(link.id).is_paid
    link = k2.payment_links.create(till_number="K000000", amount="2", callback_url=CALLBACK)
    k2_sandbox.customer_pays_link(link.id, phone_number="0711222333")
    assert k2_sandbox.payment_link(link.id).status == k2_sandbox.payment_links()[0].status == "Paid"
    [newest, *_] = k2_sandbox.transactions()
    assert (newest.kind, newest.amount, newest.payer, newest.status) == (
        "buygoods",
        Decimal(2),
        "254711222333",
        "received",
    )
    assert "paid to Online Payments" in k2_sandbox.customers().messages[0].text
    assert k2_sandbox.resources("payment_links")[0].id == link.id

    assert k2_sandbox.set_till("K654321", "5000.50", name="My shop").balance == Decimal("5000.50")
    paid = k2_sandbox.pay("K654321", Decimal("250"), phone_number="0712345678", first_name="Jane")
    assert paid.type == "Buygoods Transaction"
    assert k2_sandbox.reverse_transaction(paid.resource["reference"]).resource["status"] == "Reversed"
    card = k2_sandbox.pay("7600314301", "99.50", kind="card")
    assert k2_sandbox.void_transaction(card.resource["reference"]).type
    assert {till.number: till.balance for till in k2_sandbox.state().tills}["K654321"] == Decimal("5000.50")

    assert k2_sandbox.trigger("customer_created").sent == 0
    assert k2_sandbox.trigger("customer_created", url="http://127.0.0.1:9/", set={"event.type": "x"}).sent == 1
    found = k2_sandbox.deliveries()[-1]
    assert (found.topic, found.delivered, found.withheld) == ("customer_created", False, False)
    k2_sandbox.resend_delivery(found.id)
    before = k2_sandbox.state().now
    assert k2_sandbox.advance_clock(3600).now > before

    k2_sandbox.fault("status", operation="payments.get", status=503, times=None)
    assert [fault.times for fault in k2_sandbox.faults()] == [None]
    k2_sandbox.set_faults([Fault("delay"), Fault("status", operation="send_money.*", body={"a": [1]})])
    assert [(fault.kind, fault.times, fault.body) for fault in k2_sandbox.faults()] == [
        ("delay", 1, None),
        ("status", 1, {"a": [1]}),
    ]
    k2_sandbox.clear_faults()
    assert k2_sandbox.faults() == []
    assert "send_money.create" in k2_sandbox.operations().operations
    [*_, last] = [request for request in k2_sandbox.requests() if request.operation == "payment_links.create"]
    assert (last.method, last.path, last.status, last.took_effect) == ("POST", LINK, 201, True)

    assert k2_sandbox.change_settings(pace="manual").pace == k2_sandbox.settings().pace == "manual"
    payment_id = push(k2)
    assert payment_id in [waiting.id for waiting in k2_sandbox.pending().waiting]
    k2_sandbox.set_data(
        tills=[TillData("777777", balance=10)],
        merchant_wallets=[{"id": "55555555-5555-4555-8555-555555555555", "first_name": "Jane"}],
        transactions=[TransactionData("TKJ1234567", "777777", "250")],
    )
    assert {till.number: till.balance for till in k2_sandbox.state().tills}["777777"] == 10
    k2_sandbox.set_data()
    declared = k2_sandbox.set_customer("0712345678", balance="150.50", action="cancel", after_seconds=20)
    assert (declared.balance, declared.action, declared.after_seconds) == (Decimal("150.5"), "cancel", 20)
    exported = k2_sandbox.export_state()
    k2_sandbox.reset()
    assert k2_sandbox.customers().customers == []
    k2_sandbox.import_state(exported)
    assert k2_sandbox.customers().customers == [declared]
    k2_sandbox.reset()
    assert k2_sandbox.health().status == "ok"
    assert len(k2_sandbox.rules().magic) == 10
    assert called == {call["name"] for call in CALLS}


def test_reset_can_keep_tokens(k2_sandbox: Sandbox, k2: KopoKopo) -> None:
    k2.oauth.token()
    for keep_tokens, expected in ((True, [201]), (False, [401, 201])):
        k2_sandbox.reset(keep_tokens=keep_tokens)
        k2.incoming_payments.create(**PUSH)
        sent = [request.status for request in k2_sandbox.requests() if request.operation == "incoming_payments.create"]
        assert sent == expected


def test_refused_call_says_why(k2_sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="400: kind: unknown variant `cough`"):
        k2_sandbox.fault("cough")  # type: ignore[arg-type]
    with pytest.raises(SandboxError, match="404: Incoming payment"):
        k2_sandbox.customer_pays("a/../b ?")
    with pytest.raises(SandboxError, match="known tills are"):
        k2_sandbox.pay("nothing", 1)
    with pytest.raises(TypeError, match="amount: must be a Decimal"):
        k2_sandbox.pay("K000000", 0.5)  # type: ignore[arg-type]
    with pytest.raises(SandboxError, match=r"there is no 'send_money\.creates'; expected one of .*send_money\.create"):
        k2_sandbox.wait_for_request("send_money.creates")
    with pytest.raises(
        SandboxError, match=r"topic: there is no 'incoming_payments'; expected one of .*incoming_payment"
    ):
        k2_sandbox.wait_for_delivery("incoming_payments")
    for wrong in (None, "", True, 1.5):
        with pytest.raises(TypeError, match="id: must be a text that is not empty, or an int"):
            k2_sandbox.customer_pays(wrong)  # type: ignore[arg-type]
    with pytest.raises(SandboxError, match=r"no request of send_money\.create arrived within 0 s"):
        k2_sandbox.wait_for_request("send_money.create", timeout=0)


def test_waits_for_request_and_delivery(k2_sandbox: Sandbox, k2: KopoKopo) -> None:
    k2.incoming_payments.create(**PUSH)
    assert k2_sandbox.wait_for_request("incoming_payments.create").body["till_number"] == "K000000"
    assert k2_sandbox.wait_for_delivery("incoming_payment").withheld


def test_asyncio_client_and_two_sandboxes_at_the_same_time() -> None:
    async def pay(sandbox: Sandbox) -> IncomingPayment:
        async with sandbox.async_client() as k2:
            return await (await k2.incoming_payments.create(**PUSH)).wait(interval=0.02)

    with Sandbox(tills={"K1": 5}) as one, Sandbox(seed=7) as other:
        assert one.base_url != other.base_url
        assert one.api_key != other.api_key
        assert asyncio.run(pay(one)).is_paid
        assert not other.requests()
        for secret in (one.client_secret, one.api_key):
            assert secret not in repr(one)
    one.close()


def test_closed_port_is_waited_for_and_closed_sandbox_is_an_error() -> None:
    with Sandbox() as sandbox:
        sandbox.fault("refuse_connections", delay_ms=200)
        sandbox.clear_faults()
    with pytest.raises(SandboxError, match="does not listen any more"):
        sandbox.reset()


def test_programs_that_read_the_environment_use_the_sandbox(k2_sandbox: Sandbox, k2_env: dict[str, str]) -> None:
    assert k2_env == k2_sandbox.env
    with KopoKopo.from_env() as client:
        client.incoming_payments.create(**PUSH)
    assert k2_sandbox.wait_for_request("incoming_payments.create")


# The binary.


@pytest.fixture
def without_binary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("K2_SANDBOX_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "kopokopo_sandbox", None)
    return tmp_path


def program(folder: Path, name: str, script: str) -> str:
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)
    return str(path)


def test_missing_binary_is_one_clear_error(without_binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxError, match=r"not installed: install it with `pip install kopokopo\[sandbox\]`"):
        Sandbox()
    with pytest.raises(SandboxError, match="binary: /nowhere/k2 is not a program"):
        Sandbox(binary="/nowhere/k2")
    program(without_binary, "k2", "print('k2 1.24, speech recognition')")
    with pytest.raises(SandboxError, match="k2 is another program with the same name"):
        Sandbox()
    monkeypatch.setenv("K2_SANDBOX_BIN", "/nowhere/k2")
    with pytest.raises(SandboxError, match="K2_SANDBOX_BIN: /nowhere/k2 is not a program"):
        Sandbox()


def test_binary_of_path_and_environment_is_used(without_binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (without_binary / "k2").symlink_to(Path(K2).resolve())
    with Sandbox() as sandbox:
        assert sandbox.health().status == "ok"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("K2_SANDBOX_BIN", K2)
    with Sandbox() as sandbox:
        assert sandbox.health().status == "ok"


def test_package_of_the_program_finds_it_in_each_layout(tmp_path: Path) -> None:
    script = "import kopokopo_sandbox; print(kopokopo_sandbox.find_binary())"
    for layout in (".", "lib/python3/site-packages"):  # of `pip install --target` and `--prefix`
        folder = tmp_path / layout.replace("/", "-")
        shutil.copytree(ROOT / "bindings-python/sandbox/python/kopokopo_sandbox", folder / layout / "kopokopo_sandbox")
        (folder / "bin").mkdir()
        (folder / "bin/k2").symlink_to(K2)
        environment = {**os.environ, "PYTHONPATH": str(folder / layout)}
        command = [sys.executable, "-c", script]
        found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert found.stdout.strip() == str(folder / "bin/k2")
    command = [sys.executable, "-m", "kopokopo_sandbox", "--help"]
    assert "k2 sandbox" in subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_program_that_does_not_start_says_why(without_binary: Path) -> None:
    for script, reason in [
        ("import sys; sys.exit('no such luck')", "no such luck"),
        ("print('[1]')", "did not start"),
        ("print('[1]', flush=True); import time; time.sleep(600)", "its first line is not as expected"),
        ('print(\'{"base_url": 1, "client_id": 1, "client_secret": 1, "api_key": 1}\')', "is not as expected"),
        ("", "ended with status"),
    ]:
        with pytest.raises(SandboxError, match=reason):
            Sandbox(binary=program(without_binary, "k2", script))
    with pytest.raises(SandboxError, match="port is in use"), Sandbox(binary=K2) as sandbox:
        Sandbox(binary=K2, port=int(sandbox.base_url.rsplit(":", 1)[1]))


def test_program_that_is_silent_is_not_waited_for(without_binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kopokopo.testing._sandbox._START_TIMEOUT", 0.2)
    # The pipe stays open in the process that it starts.
    script = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(20)'])"
    with pytest.raises(SandboxError, match=r"did not start within 0\.2 s"):
        Sandbox(binary=program(without_binary, "k2", script))


# Calls without a response.


@contextlib.contextmanager
def sandbox_of(folder: Path, serve: Callable[[socket.socket], None]) -> Iterator[Sandbox]:
    """A sandbox whose port has a server that calls a function with each connection."""

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                serve(server.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        startup = {"base_url": f"http://127.0.0.1:{server.getsockname()[1]}", "client_id": "a", "client_secret": "b"}
        script = f"print({json.dumps({**startup, 'api_key': 'c'})!r}, flush=True)\ninput()"
        with Sandbox(binary=program(folder, "k2", script)) as sandbox:
            yield sandbox
        server.shutdown(socket.SHUT_RDWR)


def test_call_without_a_response_is_not_sent_again_and_says_why(tmp_path: Path) -> None:
    served: list[bytes] = []

    def cut(connection: socket.socket) -> None:
        served.append(connection.recv(10))
        connection.close()

    reason = "POST /_sandbox/reset: the connection ended before the response"
    with sandbox_of(tmp_path, cut) as sandbox, pytest.raises(SandboxError, match=reason):
        sandbox.reset()
    assert len(served) == 1


def test_call_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kopokopo.testing._sandbox._CALL_TIMEOUT", 0.1)
    kept: list[socket.socket] = []
    reason = r"POST /_sandbox/reset: there was no response within 0\.1 s"
    with sandbox_of(tmp_path, kept.append) as sandbox, pytest.raises(SandboxError, match=reason):
        sandbox.reset()
    for connection in kept:
        connection.close()


# Processes.


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z":
        assert time.monotonic() < deadline, f"the sandbox {pid} is still there"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_sandbox_is_not_killed_if_a_forked_process_has_its_pipe() -> None:
    sandbox = Sandbox()
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    try:
        sandbox.close()
        assert sandbox._process.returncode == 0
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sandbox_ends_if_its_process_is_killed() -> None:
    script = "from kopokopo.testing import Sandbox; import time\ns = Sandbox(); print(s._process.pid, flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    pid = int(child.stdout.readline())
    assert Path(f"/proc/{pid}").exists()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    wait_until_gone(pid)


def test_forked_process_does_not_stop_the_sandbox() -> None:
    with Sandbox() as sandbox:
        if os.fork() == 0:
            sandbox.close()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
        sandbox.fault("refuse_connections", delay_ms=200)
        if os.fork() == 0:
            os._exit(0 if sandbox.health().status == "ok" else 1)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
        assert sandbox.health().status == "ok"


def test_each_worker_of_xdist_has_its_own_sandbox(tmp_path: Path) -> None:
    tests = "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_it(k2, k2_sandbox, n):\n    print(k2_sandbox.base_url)\n    assert len(k2_sandbox.requests()) == 0\n    k2.oauth.token()\n"
    (tmp_path / "test_shop.py").write_text(tests)
    output = run_pytest(tmp_path, "-n", "2", "-rP")
    assert len({line for line in output.splitlines() if line.startswith("http://")}) == 2, output


def run_pytest(folder: Path, *options: str) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def test_example_of_documentation_runs(tmp_path: Path) -> None:
    [source] = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/testing.md").read_text("utf-8"), re.M | re.S)
    (tmp_path / "test_shop.py").write_text(source)
    assert "3 passed" in run_pytest(tmp_path)
