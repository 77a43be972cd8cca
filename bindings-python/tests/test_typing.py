"""The types of the package in type checkers and in `typing.get_type_hints`."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import kopokopo
import kopokopo.webhooks.aws_lambda
import kopokopo.webhooks.django
import kopokopo.webhooks.flask
import kopokopo.webhooks.starlette
import pytest
from kopokopo import AnyEventPayload, Event, EventPayload, IncomingPaymentStatus, KopoKopo

PACKAGE = Path(__file__).resolve().parents[1]

EXHAUSTIVE = """
from typing_extensions import assert_never

from kopokopo import EventType, IncomingPayment, IncomingPaymentStatus


def label(payment: IncomingPayment) -> str:
    if payment.status == IncomingPaymentStatus.PENDING:
        return "wait"
    if payment.status == IncomingPaymentStatus.SUCCESS:
        return "paid"
    if payment.status == IncomingPaymentStatus.FAILED:
        return "not paid"
    assert_never(payment.status)


def title(event: EventType) -> str:
    match event:
        case EventType.BUYGOODS_TRANSACTION_RECEIVED:
            return "paid"
        case _:
            assert_never(event)
"""

VALID = """
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from fastapi import FastAPI
from flask import Flask
from kopokopo import AnyEventPayload, AsyncKopoKopo, Event, EventPayload, IncomingPayment, IncomingPaymentStatus
from kopokopo import KopoKopo, KopoKopoError
from kopokopo.webhooks import aws_lambda, django, flask, starlette
from starlette.requests import Request
from starlette.responses import Response

k2 = KopoKopo.from_env()
asynchronous = AsyncKopoKopo.from_env()


def label(status: IncomingPaymentStatus) -> str:
    match status:
        case IncomingPaymentStatus.SUCCESS:
            return status.value
        case _:
            return str(status) if status.is_known else "new"


def paid(event: Event, payment: IncomingPayment) -> bool:
    return event.is_paid_at_least(Decimal(100)) and payment.is_paid_at_least(amount="1", till_number="K000000")


def payload(payload: AnyEventPayload) -> str | None:
    match payload:
        case EventPayload.IncomingPayment(payment):
            return payment.id
        case _:
            return None


states: Iterator[IncomingPayment] = k2.incoming_payments.watch("1")
later: AsyncIterator[IncomingPayment] = asynchronous.incoming_payments.watch("1")
fields: dict[str, Any] = KopoKopoError("x").to_dict()


@django.webhook(k2.webhooks)
def view(request: HttpRequest, event: Event, page: int) -> HttpResponse | None:
    return None


@django.webhook(k2.webhooks)
async def async_view(request: HttpRequest, event: Event) -> HttpResponse:
    return HttpResponse()


called: HttpResponse = view(HttpRequest(), 7)
awaited: Coroutine[Any, Any, HttpResponse] = async_view(HttpRequest())

app = Flask(__name__)


@app.post("/k2")
@flask.webhook(k2.webhooks)
def received(event: Event) -> str | None:
    return event.topic


@app.post("/async")
@flask.webhook(k2.webhooks)
async def received_async(event: Event) -> tuple[str, int]:
    return "", 201


def keep(body: bytes, error: KopoKopoError) -> None: ...


@starlette.webhook(k2.webhooks, on_unreadable=keep)
async def endpoint(request: Request, event: Event) -> None: ...


@starlette.webhook(k2.webhooks)
def blocking(request: Request, event: Event) -> Response:
    return Response()


routes: list[Callable[[Request], Coroutine[Any, Any, Response]]] = [blocking]
FastAPI().add_route("/k2", endpoint, methods=["POST"])


@aws_lambda.webhook(k2.webhooks)
def handler(event: Event, context: object) -> dict[str, str]:
    return {}


response: dict[str, str] | dict[str, Any] = handler({}, None)
"""

INVALID = """
from django.http import HttpRequest
from kopokopo import Event, KopoKopo
from kopokopo.webhooks import aws_lambda, django, flask, starlette
from starlette.requests import Request

verifier = KopoKopo.from_env().webhooks


@django.webhook(verifier)
def view(request: HttpRequest, event: str) -> None: ...


@flask.webhook(verifier)
def received(event: int) -> None: ...


@starlette.webhook(verifier)
async def endpoint(event: Event) -> None: ...


@aws_lambda.webhook(verifier)
def handler(event: dict[str, str], context: object) -> None: ...


@django.webhook(verifier)
def page(request: HttpRequest, event: Event, number: int) -> None: ...


page(HttpRequest(), "seven")
"""


def check(tool: str, source: str, folder: Path) -> tuple[int, str]:
    """Checks a program with a type checker in strict mode. Returns the number of errors and the output."""
    file = folder / "program.py"
    file.write_text(source)
    if tool == "mypy":
        command = ["mypy", "--strict", "--config-file", str(PACKAGE / "pyproject.toml"), str(file)]
    else:
        (folder / "pyrightconfig.json").write_text(
            f'{{"typeCheckingMode": "strict", "extraPaths": ["{PACKAGE / "python"}"], "include": ["program.py"]}}'
        )
        command = ["pyright", "--project", str(folder)]
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=PACKAGE, capture_output=True, text=True, check=False, timeout=300
    )
    output = ended.stdout + ended.stderr
    return output.count("error:"), output


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_open_enumerations_are_not_exhaustive(tool: str, tmp_path: Path) -> None:
    errors, output = check(tool, EXHAUSTIVE, tmp_path)
    assert errors == 2, output
    assert output.count("IncomingPaymentStatus") and output.count("EventType"), output


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_valid_program_has_no_type_errors(tool: str, tmp_path: Path) -> None:
    errors, output = check(tool, VALID, tmp_path)
    assert errors == 0, output


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_handlers_with_invalid_signatures_are_type_errors(tool: str, tmp_path: Path) -> None:
    errors, output = check(tool, INVALID, tmp_path)
    assert errors >= 5, output
    invalid_lines = {number for number, line in enumerate(INVALID.splitlines(), 1) if line.startswith(("@", "page("))}
    found = {int(line.split(":")[1]) for line in output.splitlines() if "error:" in line}
    assert len(found & (invalid_lines | {number + 1 for number in invalid_lines})) >= 5, output


def members(owner: Any) -> list[Any]:
    found = [
        inspect.getattr_static(owner, name) for name in dir(owner) if not name.startswith("__") or name == "__init__"
    ]
    found = [getattr(member, "fget", None) or getattr(member, "__func__", member) for member in found]
    return [member for member in found if inspect.isfunction(member) and member.__module__.startswith("kopokopo")]


def public() -> list[Any]:
    exported = [getattr(kopokopo, name) for name in kopokopo.__all__]
    types = [found for found in exported if isinstance(found, type)]
    nested = [found for owner in types for found in vars(owner).values() if isinstance(found, type)]
    adapters = [kopokopo.webhooks.django, kopokopo.webhooks.flask, kopokopo.webhooks.starlette]
    functions = [
        getattr(module, name) for module in (*adapters, kopokopo.webhooks.aws_lambda) for name in module.__all__
    ]
    return [*types, *nested, *filter(inspect.isfunction, exported), *functions]


@pytest.mark.parametrize("found", public(), ids=lambda found: f"{found.__module__}.{found.__qualname__}")
def test_type_hints_can_be_evaluated(found: Any) -> None:
    typing.get_type_hints(found)
    if isinstance(found, type):
        for member in members(found):
            assert "return" in typing.get_type_hints(member), member


def test_type_hints_are_types_of_package() -> None:
    def returned(owner: type, name: str) -> Any:
        return typing.get_type_hints(vars(owner)[name].fget)["return"]

    payload = returned(Event, "payload")
    assert payload == AnyEventPayload
    assert EventPayload.IncomingPayment in typing.get_args(payload)
    assert returned(KopoKopo, "incoming_payments") is kopokopo.IncomingPayments
    assert returned(kopokopo.IncomingPayment, "status") is IncomingPaymentStatus
