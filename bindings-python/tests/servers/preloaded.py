"""A WSGI and an ASGI application for `gunicorn --preload`. The master uses both clients before it forks."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

from kopokopo import AsyncKopoKopo, KopoKopo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

PAYMENT = "33333333-3333-4333-8333-333333333333"

k2 = KopoKopo.from_env()
k2_async = AsyncKopoKopo.from_env()
MASTER = os.getpid()


async def read() -> str:
    return (await k2_async.payments.get(PAYMENT)).id


assert k2.payments.get(PAYMENT).id == PAYMENT
assert asyncio.run(read()) == PAYMENT


def report(*ids: str) -> bytes:
    return json.dumps({"ids": ids, "pid": os.getpid(), "master": MASTER}).encode()


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = report(k2.payments.get(PAYMENT).id, asyncio.run(read()))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


async def asgi(
    scope: dict[str, Any], receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[Any]]
) -> None:
    assert scope["type"] == "http", "no lifespan"
    blocking = await asyncio.to_thread(k2.payments.get, PAYMENT)
    body = report(await read(), blocking.id)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
