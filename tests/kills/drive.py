"""Kills workers that pay wages, at random moments, until all wages are paid. Then money and journal must agree.

`drive.py [--wages N] [--seed N] [--workers N]`. All workers pay the same wages with the same journal, and the driver
receives the results of Kopo Kopo, here of `k2 sandbox` with faults.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "bindings-python" / "tests"))

from harness import Sandbox  # noqa: E402
from kopokopo import KopoKopo, KopoKopoError  # noqa: E402
from kopokopo.journal import SqliteJournal  # noqa: E402

WORKER = [sys.executable, str(HERE / "wages.py")]
FAULTS = ("reset_before_effect", "reset_after_effect", "hang_after_effect", "status_after_effect", "missing_location")
LONGEST = 1800.0
"""The seconds after which the driver gives up."""


class Results(BaseHTTPRequestHandler):
    """Tells the journal about every result, as a shop's webhook does."""

    client: KopoKopo

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = self.client.webhooks.verify(body, self.headers["x-kopokopo-signature"])
            self.client.journal.observe(event)
            status = 200
        except KopoKopoError:
            status = 500
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def run_workers(commands: list[list[str]], environment: dict[str, str], chance: random.Random) -> int:
    """Runs all workers to their ends, restarting those that were killed. Returns the number of kills."""
    kills, deadline = 0, time.monotonic() + LONGEST
    workers = {index: subprocess.Popen(command, env=environment) for index, command in enumerate(commands)}
    while workers:
        time.sleep(chance.uniform(0.1, 0.8))
        if time.monotonic() > deadline:
            raise SystemExit("the workers do not end")
        for index, worker in list(workers.items()):
            if worker.poll() is not None:
                if worker.returncode != 0:
                    raise SystemExit(f"a worker ended with {worker.returncode}")
                del workers[index]
            elif chance.random() < 0.2:
                worker.kill()
                worker.wait()
                kills += 1
                workers[index] = subprocess.Popen(commands[index], env=environment)
    return kills


def settled(sandbox: Sandbox) -> None:
    """Waits until nothing is on its way."""
    deadline = time.monotonic() + 60
    while any(sandbox.control("GET /_sandbox/pending").values()):
        if time.monotonic() > deadline:
            raise SystemExit(f"results are still on their way: {sandbox.control('GET /_sandbox/pending')}")
        time.sleep(0.2)


def all_records(client: KopoKopo) -> list[Any]:
    records: list[Any] = []
    while True:
        page = client.journal.list(after_key=records[-1].key if records else None)
        if not page:
            return records
        records.extend(page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wages", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--workers", type=int, default=3)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    print(f"seed {options.seed}")
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        place = f"{folder}/wages.db"
        sandbox.control("PUT /_sandbox/settings", {"callback_retries_ms": [100, 300, 1000, 3000]})
        sandbox.control("PUT /_sandbox/tills/000000", {"balance": "1000000"})
        faults = [
            {
                "operation": "send_money.create",
                "kind": kind,
                "times": None,
                "probability": 0.04,
                "seed": chance.randrange(1 << 32),
            }
            for kind in FAULTS
        ]
        sandbox.control("PUT /_sandbox/faults", faults)
        before = sandbox.control("GET /_sandbox/state")
        client = KopoKopo(**sandbox.credentials, journal=SqliteJournal(place))
        Results.client = client
        with ThreadingHTTPServer(("127.0.0.1", 0), Results) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            arguments = [place, f"http://127.0.0.1:{server.server_address[1]}/results", str(options.wages)]
            credentials = {f"K2_{name.upper()}": value for name, value in sandbox.credentials.items()}
            command = [*WORKER, *arguments]
            kills = run_workers([command] * options.workers, {**os.environ, **credentials}, chance)
            settled(sandbox)
            records = all_records(client)
            server.shutdown()
        paid = int(sandbox.control("GET /_sandbox/state")["paid_out"]) - int(before["paid_out"])
    states = collections.Counter(record.state for record in records)
    accepted = sum(int(record.key.removeprefix("wage-")) for record in records if record.state == "accepted")
    print(f"{kills} kills, {dict(states)}, {paid} shillings paid, {accepted} accepted")
    if len(records) != options.wages or set(states) - {"accepted", "unknown"}:
        raise SystemExit("a wage is neither paid nor unknown")
    if paid != accepted:
        raise SystemExit(f"the money and the journal differ: seed {options.seed}")
    if kills == 0:
        raise SystemExit("no worker was killed, so nothing was shown")


main()
