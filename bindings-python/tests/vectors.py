"""The files of tests/vectors, and the little language they are written in (tests/vectors/README.md)."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from stage import TARGET, TESTS

FOLDER = TESTS / "vectors"


def vectors(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def payloads(*prefixes: str) -> list[tuple[str, bytes]]:
    files = [path for path in sorted((FOLDER / "payloads").iterdir()) if path.name.startswith(prefixes)]
    assert files, prefixes
    return [(path.stem, path.read_bytes()) for path in files]


def deletions() -> list[dict[str, Any]]:
    """The deletion vectors, which are not in the repository: the first line is about the others."""
    file = TARGET / "deletion-vectors.jsonl"
    remedy = "run `cargo run --package kopokopo-tests --bin deletion-vectors`"
    assert file.exists(), f"{file} is missing: {remedy}"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def body(written: Any) -> bytes:
    if isinstance(written, str):
        return written.encode()
    if isinstance(written, list):
        return b"".join(map(body, written))
    if "base64" in written:
        return base64.b64decode(written["base64"])
    return str(written["repeat"]).encode() * int(written["times"])


def header(written: Any, raw: bytes) -> str | None:
    """The signature's header of a hostile webhook."""
    if written is None or isinstance(written, str):
        return written
    signature = hmac.new(written["sign_with"].encode(), raw, "sha256").hexdigest()
    last = "1" if signature[-1] == "0" else "0"
    return {
        "upper_case": signature.upper(),
        "drop_last": signature[:-1],
        "append_0": signature + "0",
        "change_last": signature[:-1] + last,
        "surround_with_space": f" {signature}\t",
        None: signature,
    }[written.get("then")]
