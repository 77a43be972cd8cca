"""Clients: token sources, cancellation, Ctrl-C, and the import of the package."""

from __future__ import annotations

import asyncio
import pickle
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import kopokopo
import pytest
from fixtures import PUSH, requests
from harness import Sandbox
from kopokopo import (
    AccessToken,
    AsyncKopoKopo,
    AuthenticationError,
    ConfigurationError,
    KopoKopo,
)

CANARY = "canary-secret-9f3b"


def test_clients_cannot_be_pickled_and_sections_cannot_be_created(k2: KopoKopo) -> None:
    for native_object in (k2, k2.incoming_payments, k2.webhooks):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(native_object)
    with pytest.raises(TypeError, match="cannot be created directly"):
        kopokopo.IncomingPayments()


def test_webhooks_raise_if_client_has_no_api_key() -> None:
    for client in (KopoKopo(client_id="a", client_secret="b"), AsyncKopoKopo(client_id="a", client_secret="b")):
        with pytest.raises(ConfigurationError, match="api_key") as refused:
            _ = client.webhooks
        assert refused.value.field == "api_key"


def test_from_env_error_names_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("K2_CLIENT_ID", "K2_CLIENT_SECRET", "K2_API_KEY", "K2_ENVIRONMENT", "K2_BASE_URL")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name, value in (
        ("K2_CLIENT_ID", "app"), ("K2_CLIENT_SECRET", "secret"), ("K2_BASE_URL", "http://shop.example"),
        ("K2_ENVIRONMENT", "live"),
    ):  # fmt: skip
        if name.endswith(("ID", "SECRET")):
            with pytest.raises(ConfigurationError) as missing:
                KopoKopo.from_env()
            assert missing.value.field == name
            assert f"{name}: is missing" in str(missing.value)
        monkeypatch.setenv(name, value)
        if not name.endswith(("ID", "SECRET")):
            with pytest.raises(ConfigurationError) as wrong:
                AsyncKopoKopo.from_env()
            assert wrong.value.field == name
    with pytest.raises(ConfigurationError) as explicit:
        KopoKopo(client_id="", client_secret="secret")
    assert explicit.value.field == "client_id"


def test_user_agent_names_package(k2: KopoKopo, sandbox: Sandbox) -> None:
    k2.incoming_payments.create(**PUSH)
    [sent] = requests(sandbox, "incoming_payments.create")
    assert f"kopokopo-python/{kopokopo.__version__} " in (sent.user_agent or "")


def test_token_source_can_be_function(k2: KopoKopo, sandbox: Sandbox) -> None:
    threads: list[int] = []

    def source() -> AccessToken:
        threads.append(threading.get_ident())
        token = k2.oauth.token()
        return AccessToken(token=token.access_token, expires_in=float(token.expires_in or 60))

    client = KopoKopo.with_token_source(source, base_url=sandbox.base_url)
    assert client.incoming_payments.create(**PUSH).wait(interval=0.02).is_paid
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


def test_token_source_can_be_asynchronous(k2_async: AsyncKopoKopo, sandbox: Sandbox) -> None:
    loops: list[object] = []

    async def source() -> str:
        loops.append(asyncio.get_running_loop())
        return (await k2_async.oauth.token()).access_token

    async def pay() -> None:
        client = AsyncKopoKopo.with_token_source(source, base_url=sandbox.base_url)
        payments = await asyncio.gather(*(client.incoming_payments.create(**PUSH) for _ in range(5)))
        assert all([(await payment.wait(interval=0.02)).is_paid for payment in payments])
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(pay())


@pytest.mark.parametrize(
    ("result", "message"),
    [(7, "int"), (RuntimeError(CANARY), "RuntimeError"), (ConfigurationError("no backend"), "no backend")],
)
def test_failing_token_source_raises_authentication_error(sandbox: Sandbox, result: Any, message: str) -> None:
    def source() -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    async def asynchronous() -> Any:
        return source()

    blocking = KopoKopo.with_token_source(source, base_url=sandbox.base_url)
    awaiting = AsyncKopoKopo.with_token_source(asynchronous, base_url=sandbox.base_url)
    calls: list[Any] = [
        lambda: blocking.incoming_payments.create(**PUSH),
        lambda: asyncio.run(awaiting.incoming_payments.create(**PUSH)),
    ]
    for call in calls:
        with pytest.raises(AuthenticationError, match=message) as refused:
            call()
        assert CANARY not in str(refused.value)
    wrong: Any = asynchronous
    with pytest.raises(AuthenticationError, match="AsyncKopoKopo"):
        KopoKopo.with_token_source(wrong, base_url=sandbox.base_url).incoming_payments.create(**PUSH)
    with pytest.raises(ConfigurationError, match="token_source"):
        KopoKopo.with_token_source("token", base_url=sandbox.base_url)  # type: ignore[arg-type]


def test_calls_on_one_event_loop_run_concurrently(k2_async: AsyncKopoKopo, sandbox: Sandbox) -> None:
    async def create_ten() -> float:
        await k2_async.oauth.token_info()
        sandbox.fault(operation="incoming_payments.create", kind="delay", delay_ms=300, times=None)
        started = time.monotonic()
        await asyncio.gather(*(k2_async.incoming_payments.create(**PUSH) for _ in range(10)))
        return time.monotonic() - started

    assert asyncio.run(create_ten()) < 1.5


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_interrupts_blocking_call(sandbox: Sandbox) -> None:
    sandbox.fault(operation="payments.get", kind="hang_before_effect")
    script = (
        # A job in the background ignores it.
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\nfrom kopokopo import KopoKopo\n"
        "k2 = KopoKopo.from_env()\nk2.oauth.token_info()\nprint('ready', flush=True)\n"
        "try:\n    k2.payments.get('33333333-3333-4333-8333-333333333333')\nexcept KeyboardInterrupt:\n    sys.exit(7)"
    )
    environment = sandbox.env
    program = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE)
    with program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        time.sleep(0.2)
        started = time.monotonic()
        program.send_signal(signal.SIGINT)
        assert program.wait(10) == 7
    assert time.monotonic() - started < 3


def test_import_fails_if_native_module_has_other_contract(tmp_path: Any) -> None:
    script = (
        "import sys, types\nfake = types.ModuleType('kopokopo._native')\nfake.contract_hash = lambda: 'other'\n"
        "sys.modules['kopokopo._native'] = fake\nimport kopokopo"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ImportError: kopokopo and its native module are of different versions" in ended.stderr


def test_import_loads_no_large_modules() -> None:
    script = "import sys; before = set(sys.modules); import kopokopo; print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"asyncio", "inspect", "json", "dataclasses", "pydantic", "pydantic_core"}
    assert not heavy & set(loaded)


def test_exported_names_exist_and_belong_to_package() -> None:
    for name in kopokopo.__all__:
        value = getattr(kopokopo, name)
        if isinstance(value, type):
            assert value.__module__ == "kopokopo"
    with pytest.raises(AttributeError):
        _ = kopokopo.nothing  # type: ignore[attr-defined]
