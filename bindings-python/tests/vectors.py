"""Reads the files of tests/vectors. Their format is described in tests/vectors/README.md."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

from harness import TARGET, TESTS

FOLDER = TESTS / "vectors"


def vectors(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def payloads(*prefixes: str) -> list[tuple[str, bytes]]:
    files = [path for path in sorted((FOLDER / "payloads").iterdir()) if path.name.startswith(prefixes)]
    assert files, prefixes
    return [(path.stem, path.read_bytes()) for path in files]


def deletions() -> list[dict[str, Any]]:
    """Returns the deletion vectors, which are generated. The first line describes the others."""
    file = TARGET / "deletion-vectors.jsonl"
    remedy = "run `cargo run --package kopokopo-tests --bin deletion-vectors`"
    assert file.exists(), f"{file} is missing: {remedy}"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def body(description: Any) -> bytes:
    """Returns the body that a vector describes."""
    if isinstance(description, str):
        return description.encode()
    if isinstance(description, list):
        return b"".join(map(body, description))
    if "base64" in description:
        return base64.b64decode(description["base64"])
    return str(description["repeat"]).encode() * int(description["times"])


def header(description: Any, raw: bytes) -> str | None:
    """Returns the signature header that a vector of a hostile webhook describes."""
    if description is None or isinstance(description, str):
        return description
    signature = hmac.new(description["sign_with"].encode(), raw, "sha256").hexdigest()
    last = "1" if signature[-1] == "0" else "0"
    return {
        "upper_case": signature.upper(),
        "drop_last": signature[:-1],
        "append_0": signature + "0",
        "change_last": signature[:-1] + last,
        "surround_with_space": f" {signature}\t",
        None: signature,
    }[description.get("then")]
