"""Kills workers that pay wages, at random moments, until all wages are paid. Then money and journal must agree.

`drive.py [--languages python,node,jvm,ruby] [--store sqlite|postgres] [--workers N] [--wages N] [--seed N]`. All workers, so
many of each language, pay the same wages with the same journal. The driver receives the results of Kopo Kopo, here of
`k2 sandbox` with faults. `K2_WAGES_JVM` is the command of a worker on the JVM. A journal in PostgreSQL is in a database of
its own on the server of `K2_TEST_POSTGRES`: see `tests/with-postgres.sh`.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "bindings-python" / "tests"))

import psycopg  # noqa: E402
from harness import Sandbox  # noqa: E402
from kopokopo import KopoKopo, KopoKopoError  # noqa: E402
from kopokopo.testing import Fault, FaultKind  # noqa: E402
from stores import journal_at  # noqa: E402

LANGUAGES = ("python", "node", "jvm", "ruby")
FAULTS: tuple[FaultKind, ...] = (
    "reset_before_effect",
    "reset_after_effect",
    "hang_after_effect",
    "status_after_effect",
    "missing_location",
)
MOST_KILLS = 20
"""How often a worker is killed at most. A slow one, such as the JVM, would never end otherwise."""
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


def program(language: str) -> list[str]:
    """The command of a language's worker, without its arguments."""
    if language == "python":
        return [sys.executable, str(HERE / "wages.py")]
    if language in ("node", "ruby"):
        interpreter = shutil.which(language)
        if interpreter is None:
            raise SystemExit(f"{language} is not installed")
        return [interpreter, str(HERE / ("wages.mjs" if language == "node" else "wages.rb"))]
    command = shlex.split(os.environ.get("K2_WAGES_JVM", ""))
    if not command:
        raise SystemExit("K2_WAGES_JVM is missing: it must be the command of a worker on the JVM")
    return command


class Worker:
    """A program of a language that pays wages."""

    def __init__(self, language: str, program: list[str]) -> None:
        self.language = language
        self.program = program
        self.kills = 0
        self.arguments: list[str] = []
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([*self.program, *self.arguments], env=self.environment)

    def has_ended(self) -> bool:
        assert self._process is not None
        status = self._process.poll()
        if status:
            raise SystemExit(f"a worker in {self.language} ended with {status}")
        return status is not None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def new_store(kind: str) -> Iterator[str]:
    """The place of a new journal, which all workers share."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"{folder}/wages.db"
        return
    server = os.environ.get("K2_TEST_POSTGRES")
    if not server:
        raise SystemExit("K2_TEST_POSTGRES is missing: run this with tests/with-postgres.sh")
    name = f"wages_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run_workers(workers: list[Worker], chance: random.Random) -> collections.Counter[str]:
    """Runs all workers to their ends, restarting those that were killed. Returns the kills of each language."""
    deadline = time.monotonic() + LONGEST
    running = list(workers)
    try:
        for worker in workers:
            worker.start()
        while running:
            time.sleep(chance.uniform(0.1, 0.8))
            if time.monotonic() > deadline:
                raise SystemExit("the workers do not end")
            for worker in list(running):
                if worker.has_ended():
                    running.remove(worker)
                elif worker.kills < MOST_KILLS and chance.random() < 0.2:
                    worker.kill()
                    worker.kills += 1
                    worker.start()
    finally:
        for worker in workers:
            worker.kill()
    kills: collections.Counter[str] = collections.Counter()
    for worker in workers:
        kills[worker.language] += worker.kills
    return kills


def settled(sandbox: Sandbox) -> None:
    """Waits until nothing is on its way."""
    deadline = time.monotonic() + 60
    while (pending := sandbox.pending()) and (pending.due or pending.waiting or pending.deliveries):
        if time.monotonic() > deadline:
            raise SystemExit(f"results are still on their way: {pending}")
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
    parser.add_argument("--languages", default="python", help="the languages of the workers: " + ",".join(LANGUAGES))
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--wages", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--workers", type=int, default=3, help="the number of workers of each language")
    options = parser.parse_args()
    languages = options.languages.split(",")
    if not set(languages) <= set(LANGUAGES):
        parser.error(f"--languages: expected some of {','.join(LANGUAGES)}")
    workers = [Worker(language, program(language)) for language in languages for _ in range(options.workers)]
    chance = random.Random(options.seed)
    print(f"seed {options.seed}, {options.languages}, {options.store}")
    with Sandbox() as sandbox, new_store(options.store) as place:
        sandbox.change_settings(callback_retries_ms=[100, 300, 1000, 3000])
        sandbox.set_till("000000", 1_000_000)
        operation = "send_money.create"
        sandbox.set_faults(
            [
                Fault(kind, operation=operation, times=None, probability=0.04, seed=chance.randrange(1 << 32))
                for kind in FAULTS
            ]
        )
        before = sandbox.state()
        client = KopoKopo(**sandbox.credentials, journal=journal_at(place))
        Results.client = client
        with ThreadingHTTPServer(("127.0.0.1", 0), Results) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            arguments = [place, f"http://127.0.0.1:{server.server_address[1]}/results", str(options.wages)]
            for worker in workers:
                worker.arguments, worker.environment = arguments, {**os.environ, **sandbox.env}
            kills = run_workers(workers, chance)
            settled(sandbox)
            records = all_records(client)
            server.shutdown()
        paid = int(sandbox.state().paid_out - before.paid_out)
    states = collections.Counter(record.state for record in records)
    accepted = sum(int(record.key.removeprefix("wage-")) for record in records if record.state == "accepted")
    print(f"kills: {dict(kills)}, {dict(states)}, {paid} shillings paid, {accepted} accepted")
    if len(records) != options.wages or set(states) - {"accepted", "unknown"}:
        raise SystemExit("a wage is neither paid nor unknown")
    if paid != accepted:
        raise SystemExit(f"the money and the journal differ: seed {options.seed}")
    if any(kills[language] == 0 for language in languages):
        raise SystemExit("no worker of a language was killed, so nothing was shown: pay more wages")


main()
