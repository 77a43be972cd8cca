#!/bin/sh
# Tests the package on a Linux machine without Swift, in a root of Debian trixie, which has Swift 6 (tests/in-trixie.sh). Where that
# is not possible, this compares the generated sources only, and says so.
set -eu

cd "$(dirname "$0")/.."

# This builds both libraries too.
cargo xtask gen --check --swift
cargo build --quiet --package k2 --package kopokopo-tests --bins

target=${CARGO_TARGET_DIR:-$PWD/target}
status=0
# What Rust makes here runs there.
sh tests/in-trixie.sh swiftlang,swiftlang-dev,libc6-dev,git,ca-certificates \
    env KOPOKOPO_SKIP_CARGO=1 CARGO_TARGET_DIR="$target" sh bindings-swift/test.sh || status=$?
if [ "$status" = 77 ]; then
    echo "left out: the Swift package was not compiled and not tested: Swift is not installed, and there is no Debian root (see above)"
    exit 0
fi
exit "$status"
