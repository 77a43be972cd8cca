"""Compiles the C programs of this folder and of the README against the libraries, and runs them with a sandbox.

`cargo xtask test --only c` builds the libraries before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from abi import ASK, CONTRACT, RELEASE, TARGET, Handle, KopokopoError, Library, Result, json_text, text

TESTS = Path(__file__).parent
BINDING = TESTS.parent
BUILT = TARGET / "debug"
APPS = BINDING.parent / "target/apps/debug"
WORK = Path(tempfile.mkdtemp(prefix="k2-c."))

WARNINGS = ["-g", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{BINDING / 'include'}"]
LINKED = [f"-L{BUILT}", "-lkopokopo_c", f"-Wl,-rpath,{BUILT}", "-lpthread"]
MISUSE = [str(TESTS / "misuse.c"), str(TESTS / "questions.c")]
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--error-exitcode=9"]
LONGEST_SECONDS = 900


def compiled(name: str, *arguments: str) -> str:
    program = str(WORK / name)
    run(["gcc", "-std=gnu11", *WARNINGS, *arguments, "-o", program, *LINKED])
    return program


def run(command: list[str], *, is_ok: bool = True, **options: object) -> str:
    """Returns the output of a program, which must succeed or fail as expected."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LONGEST_SECONDS, **options)  # type: ignore[call-overload]
    output = done.stdout.decode(errors="replace")
    assert (done.returncode == 0) == is_ok, f"{command[0]} ended with {done.returncode}:\n{output}"
    return output


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """Starts the API's simulation, and returns the variables of a program that uses it."""
    k2 = os.environ.get("K2_SANDBOX_BIN", str(BUILT / "k2"))
    command = [k2, "sandbox", "--json", "--exit-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        started = json.loads(process.stdout.readline())
        names = {"K2_BASE_URL": "base_url", "K2_CLIENT_ID": "client_id", "K2_CLIENT_SECRET": "client_secret", "K2_API_KEY": "api_key"}
        yield {**os.environ, **{name: started[key] for name, key in names.items()}}
        process.stdin.close()


def test_header_compiles_in_old_and_new_c_and_in_cpp() -> None:
    source = WORK / "header.c"
    source.write_text('#include "kopokopo.h"\nint main(void) { return kopokopo_version() == 0; }\n')
    for language in (["gcc", "-std=c99"], ["gcc", "-std=c11"], ["gcc", "-std=c2x"], ["g++", "-x", "c++", "-std=c++11"], ["g++", "-x", "c++", "-std=c++20"]):
        for apps in ([], ["-DKOPOKOPO_APPS"]):
            run([*language, *WARNINGS, *apps, "-c", str(source), "-o", str(WORK / "header.o")])


def test_misuse_is_an_error() -> None:
    program = compiled("misuse", *MISUSE)
    with sandbox() as environment:
        assert run([program], env=environment) == ""


def test_misuse_under_address_sanitizer() -> None:
    program = compiled("misuse-asan", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *MISUSE)
    with sandbox() as environment:
        assert run([program], env=environment) == ""


def test_misuse_under_valgrind_has_no_error_and_loses_no_memory() -> None:
    program = compiled("misuse-valgrind", *MISUSE)
    with sandbox() as environment:
        assert run([*VALGRIND, program], env=environment) == ""


def test_children_of_a_fork_use_objects_of_their_parent() -> None:
    program = compiled("fork", str(TESTS / "fork.c"))
    with sandbox() as environment:
        assert run([program], env=environment) == ""


def blocks() -> list[str]:
    return re.findall(r"^```c\n(.*?)^```", (BINDING / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def program_of_readme(number: int, *linked: str) -> str:
    source, program = WORK / f"readme-{number}.c", str(WORK / f"readme-{number}")
    source.write_text(blocks()[number])
    run(["gcc", "-std=c99", *WARNINGS, str(source), "-o", program, *(linked or LINKED)])
    return program


def test_readme_takes_a_payment() -> None:
    assert len(blocks()) == 2
    program = program_of_readme(0)
    with sandbox() as environment:
        assert run([program], env=environment) == "the payment is Success\n"
        wrong = {**environment, "K2_CLIENT_SECRET": "canary-secret"}
        output = run([program], env=wrong, is_ok=False)
        assert '"kind":"authentication"' in output and "canary" not in output, output


def test_readme_verifies_a_webhook_with_the_static_library_too() -> None:
    static = [str(BUILT / "libkopokopo_c.a"), "-lpthread", "-ldl", "-lm"]
    body = (BINDING.parent / "tests/vectors/payloads/webhook-buygoods_transaction_received.json").read_bytes()
    signature = hmac.new(b"my-api-key", body, hashlib.sha256).hexdigest()
    for program in (program_of_readme(1), program_of_readme(1, *static)):
        assert run([program, signature], input=body) == "verified: respond with 200\n"
        for wrong in ([], [signature[:-1]], [hmac.new(b"other", body, hashlib.sha256).hexdigest()]):
            assert '"kind":"signature"' in run([program, *wrong], input=body, is_ok=False)
        assert '"kind":"signature"' in run([program, signature], input=body + b" ", is_ok=False)


def test_readme_has_an_error_with_every_field() -> None:
    (found,) = re.findall(r"^```json\n(.*?)^```", (BINDING / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    library = Library(str(BUILT / "libkopokopo_c.so"))
    client = library.make("KopoKopo", "new", {"client_id": "x", "client_secret": "y", "base_url": "http://127.0.0.1:9"})
    push = {"till_number": "K000000", "phone_number": "0712345678", "amount": 0, "callback_url": "https://shop.example"}
    try:
        library.call(library.call_sync(client, "incoming_payments"), "create", push, True)
    except KopokopoError as error:
        assert error.fields == json.loads(found), error.text
        assert list(error.fields) == ["kind", *CONTRACT["error"]["fields"]]
    else:
        raise AssertionError("an amount of zero was accepted")
    kinds = re.findall(r"`([a-z_]+)`", re.findall(r"`kind` is one of (.*?)\. ", (BINDING / "README.md").read_text(), re.DOTALL)[0])
    assert sorted(kinds) == sorted(CONTRACT["error"]["kinds"])


def test_library_for_apps_reaches_nothing_else() -> None:
    library = Library(str(APPS / "libkopokopo_c.so"))
    assert library.contract() != CONTRACT["hash"]
    for name in ("kopokopo_make", "kopokopo_verify", "kopokopo_sign_webhook", "kopokopo_with_journal"):
        assert not hasattr(library.native, name), name
    out = Result()
    options = json_text({"base_url": "http://127.0.0.1:9"})
    # Nothing asks for a token here.
    ask = ASK(lambda user, reply: None)
    client = Handle(library, library.take(library.native.kopokopo_with_token_source(ask, None, RELEASE(), *options, out), out), "KopoKopo")
    count = 0
    for name, found in CONTRACT["functions"].items():
        status = library.native.kopokopo_function(*text(name), None, 0, out)
        count += check(library, status, out, name, found["mobile"])
    sections = {}
    for name, found in CONTRACT["objects"]["KopoKopo"]["methods"].items():
        status = library.native.kopokopo_call_sync(client.number, *text(name), None, 0, out)
        if status == 0 and out.object and found["result"]["element"] != "KopoKopo":
            sections[found["result"]["element"]] = out.object
        count += check(library, status, out, name, found["mobile"])
    assert sorted(sections) == ["IncomingPayments", "PaymentLinks"]
    for name, number in sections.items():
        # Those of every section: a method of another section must not be reached by its name.
        methods = {method for section in CONTRACT["objects"].values() for method in section["methods"]}
        own = CONTRACT["objects"][name]["methods"]
        for method in methods:
            if own.get(method, {"async": True})["async"]:
                status = library.native.kopokopo_call_wait(number, *text(method), *json_text({"other": 1}), out)
                count += check(library, status, out, method, method in own, "unknown field")
        assert library.native.kopokopo_free(number) == 0
    assert count > 50, count


def check(library: Library, status: int, out: Result, name: str, is_allowed: bool, allowed: str = "") -> int:
    """Checks that the contract for apps does not have a method, or has it."""
    try:
        library.take(status, out)
        detail = ""
    except KopokopoError as error:
        detail = error.fields["detail"]
    is_unknown = "the contract has no" in detail
    assert is_unknown != is_allowed, f"{name}: {detail}"
    assert not is_allowed or allowed in detail, f"{name}: {detail}"
    return 1


def main() -> int:
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    only = sys.argv[1:]
    passed = failed = 0
    for name, test in tests:
        if only and name not in only:
            continue
        began = time.monotonic()
        try:
            test()
            passed += 1
            print(f"{name}: ok, {time.monotonic() - began:.1f} s", flush=True)
        except Exception:
            failed += 1
            print(f"{name}: FAILED\n{traceback.format_exc()}", flush=True)
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
