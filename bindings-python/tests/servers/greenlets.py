"""Counts how often a greenlet runs while another waits for a payment. Prints the counts as JSON."""

from __future__ import annotations

from gevent import monkey  # type: ignore[import-untyped]

monkey.patch_all()

import json
import time
from typing import Any

import gevent
from kopokopo import KopoKopo, KopoKopoError

PUSH: dict[str, Any] = {"till_number": "K000000", "amount": "100", "callback_url": "https://shop.example/k2/results"}
PENDING_PHONE = "254700000006"
SLOW = "33333333-3333-4333-8333-333333333333"

k2 = KopoKopo.from_env()
iterations = 0


def count_iterations() -> None:
    global iterations
    while True:
        time.sleep(0.02)
        iterations += 1


def wait(push_id: str) -> str:
    try:
        k2.incoming_payments.wait(push_id, timeout=1.5, interval=0.2, max_interval=0.3)
    except KopoKopoError as error:
        return error.kind
    return "final"


push = k2.incoming_payments.create(**PUSH, phone_number=PENDING_PHONE)
counter = gevent.spawn(count_iterations)
outcome = gevent.spawn(wait, push.id).get()
during_wait = iterations

# A call blocks its thread, and all greenlets of the thread. On gevent's thread pool it blocks no greenlet.
iterations = 0
gevent.get_hub().threadpool.apply(k2.payments.get, (SLOW,))
print(json.dumps({"kind": outcome, "waiting": during_wait, "in_thread_pool": iterations}))
