"""Is between the conformance runner and a testee, and between the testee and the sandboxes of the scenarios:

    conformance -- python tests/openapi/recording.py FILE COMMAND OF THE TESTEE

What crosses the wire is forwarded as it comes. A line of JSON goes into FILE for each exchange: what was sent, what came back, and how
both differ from the description. If one differs, the line has the faults that requests of the sandbox met, which it forgets at its end.
"""

from __future__ import annotations

import json
import re
import select
import socket
import struct
import subprocess
import sys
import threading
from http.client import HTTPConnection
from typing import Any, TextIO

from description import Description

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")


class Message:
    """One request or response, as far as it has arrived."""

    def __init__(self) -> None:
        self.bytes = b""

    @property
    def head(self) -> bytes | None:
        """The first line and the headers."""
        head, end, _ = self.bytes.partition(HEAD_END)
        return head if end else None

    @property
    def size(self) -> int | None:
        """How many bytes the whole message has."""
        if self.head is None:
            return None
        length = LENGTH.search(self.head)
        return len(self.head) + len(HEAD_END) + (int(length[1]) if length else 0)

    @property
    def is_complete(self) -> bool:
        """Whether all of it is there."""
        return self.size is not None and len(self.bytes) >= self.size

    @property
    def first_line(self) -> list[str]:
        """The words of the first line."""
        return (self.head or b"").split(b"\r\n")[0].decode().split(" ")

    @property
    def headers(self) -> dict[str, str]:
        """The headers, with names in lower case."""
        lines = (self.head or b"").decode().split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def body(self) -> bytes:
        """What follows the headers."""
        return self.bytes.partition(HEAD_END)[2]


class Recorder:
    """Compares exchanges with the description and writes them down."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.lock = threading.Lock()
        self.description = Description.read()

    def add(self, sandbox: int, request: Message, response: Message) -> None:
        """Records an exchange. The response is empty or incomplete if the connection ended."""
        method, target = request.first_line[:2]
        path = target.partition("?")[0]
        if path.startswith("/_sandbox"):
            return
        exchange: dict[str, Any] = {"method": method, "path": path, "complete": response.is_complete}
        status = exchange["status"] = int(response.first_line[1]) if response.head else None
        operation = self.description.find(method, path)
        exchange["operation"] = operation and operation.name
        if operation:
            content_type = request.headers.get("content-type", "")
            exchange["request"] = self.description.request_differences(operation, content_type, request.body)
        if operation and status and response.is_complete:
            exchange["response"] = self.description.response_differences(
                operation, status, response.headers, response.body
            )
        elif operation:
            exchange["response"] = ["it is not complete"]
        if exchange.get("request") or exchange.get("response"):
            exchange["faults"] = faults(sandbox)
        with self.lock:
            self.file.write(json.dumps(exchange) + "\n")
            self.file.flush()


def faults(sandbox: int) -> list[list[str]] | None:
    """The operation and the fault of each request that met one. None if the sandbox has ended."""
    connection = HTTPConnection("127.0.0.1", sandbox, timeout=60)
    try:
        connection.request("GET", "/_sandbox/requests")
        requests = json.load(connection.getresponse())
        return [[request["operation"], request["fault"]] for request in requests if request["fault"]]
    except OSError:
        return None
    finally:
        connection.close()


class Proxy:
    """A port of its own for each sandbox."""

    def __init__(self, recorder: Recorder, sandbox: int) -> None:
        self.recorder = recorder
        self.sandbox = sandbox
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        """Serves each connection in a thread."""
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        """Forwards until one side ends, and ends the other in the same way."""
        try:
            server = socket.create_connection(("127.0.0.1", self.sandbox))
        except OSError:
            reset(client)
            return
        request, response = Message(), Message()
        ends = [client, server]
        waiting = select.poll()
        for end in ends:
            waiting.register(end, select.POLLIN)
        was_reset = False
        try:
            while True:
                ready = {number for number, _ in waiting.poll()}
                if client.fileno() in ready:
                    sent = client.recv(65536)
                    if not sent:
                        break
                    request.bytes += sent
                    server.sendall(sent)
                if server.fileno() in ready:
                    got = server.recv(65536)
                    if not got:
                        break
                    response.bytes += got
                    if response.is_complete:
                        self.recorder.add(self.sandbox, request, response)
                        request, response = Message(), Message()
                    client.sendall(got)
        except OSError:
            was_reset = True
        if request.head:
            self.recorder.add(self.sandbox, request, response)
        for end in ends:
            reset(end) if was_reset else end.close()


def reset(connection: socket.socket) -> None:
    """Ends a connection with a reset, as a fault does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def main() -> int:
    """Forwards the requests of the runner, with the proxies' addresses in place of the sandboxes'."""
    path, *command = sys.argv[1:]
    pipe = subprocess.PIPE
    testee = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")
    assert testee.stdin
    assert testee.stdout
    proxies: dict[str, Proxy] = {}
    results = threading.Thread(target=pass_on, args=(testee.stdout, proxies))
    results.start()
    with open(path, "w", encoding="utf-8") as file:
        recorder = Recorder(file)
        for line in sys.stdin:
            request = json.loads(line)
            base_url = str((request.get("options") or {}).get("base_url", ""))
            if request["do"] == "client" and re.fullmatch(r"http://127\.0\.0\.1:\d+", base_url):
                if base_url not in proxies:
                    proxies[base_url] = Proxy(recorder, int(base_url.rpartition(":")[2]))
                request["options"]["base_url"] = f"http://127.0.0.1:{proxies[base_url].port}"
            testee.stdin.write(json.dumps(request) + "\n")
            testee.stdin.flush()
        testee.stdin.close()
        results.join()
        return testee.wait()


def pass_on(lines: TextIO, proxies: dict[str, Proxy]) -> None:
    """Forwards what the testee returns, with the sandboxes' addresses in place of the proxies'."""
    for line in lines:
        real = {proxy.port: proxy.sandbox for proxy in proxies.copy().values()}

        def named(address: re.Match[str], real: dict[int, int] = real) -> str:
            port = int(address[1])
            return f"http://127.0.0.1:{real.get(port, port)}"

        sys.stdout.write(re.sub(r"http://127\.0\.0\.1:(\d+)", named, line))
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
