#!/bin/sh
# Builds the libraries, the simulator and the conformance runner, and builds and tests this package with them: as servers
# have it, and as apps have it. It needs Swift 6 and Rust, and no network once the crates are there.
#
# KOPOKOPO_SKIP_CARGO=1: what Rust makes is in ../target already (or in CARGO_TARGET_DIR).
set -eu
cd "$(dirname "$0")"

fail() {
    echo "bindings-swift/test.sh: $1" >&2
    exit 1
}

command -v swift >/dev/null 2>&1 || fail "Swift is not installed: install Swift 6 (https://www.swift.org/install)"
version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9]*\).*/\1/p' | head -n 1)
[ "${version:-0}" -ge 6 ] || fail "Swift 6 is required, found: $(swift --version 2>&1 | head -n 1)"

# `cargo run` sets it for the programs that it starts. It has precedence over the folder in each test program.
unset LD_LIBRARY_PATH

CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$(cd .. && pwd)/target}
export CARGO_TARGET_DIR
if [ "${KOPOKOPO_SKIP_CARGO:-0}" != 1 ]; then
    command -v cargo >/dev/null 2>&1 || fail "Rust is not installed: see (https://rustup.rs)"
    (
        cd ..
        # This builds both libraries, too.
        cargo xtask gen --check --swift
        cargo build --quiet --package k2 --package kopokopo-tests --bins
    )
fi
full=$CARGO_TARGET_DIR/debug
mobile=$CARGO_TARGET_DIR/mobile/debug
for folder in "$full" "$mobile"; do
    [ -e "$folder/libkopokopo_ffi.so" ] || [ -e "$folder/libkopokopo_ffi.dylib" ] || fail "no library in $folder"
done
[ -e "${K2_SANDBOX_BIN:-$full/k2}" ] || fail "no sandbox: ${K2_SANDBOX_BIN:-$full/k2}"
[ -e "$full/conformance" ] || fail "no conformance runner: $full/conformance"

# What is written by hand is formatted.
swift format lint --strict Package.swift Sources/KopoKopo/*.swift Tests/*/*.swift Examples/*/*.swift ||
    fail "swift format: see above"

scratch=${KOPOKOPO_SWIFT_BUILD:-.build}
package() {
    name=$1
    library=$2
    command=$3
    shift 3
    KOPOKOPO_LIBRARY_DIR=$library swift "$command" --scratch-path "$scratch/$name" "$@"
}

echo "as servers have it"
package full "$full" build
package full "$full" test

echo "the tests that all languages share"
package full "$full" package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >/dev/null
programs=$(package full "$full" build --show-bin-path)
symbols=$(dirname "$programs")/symbolgraph/KopoKopo.symbols.json
"$full/conformance" --quiet -- "$programs/Testee" "$symbols"

# Other compilers and systems write declarations in other ways.
if [ "$(uname)" = Linux ] && swift --version 2>&1 | grep -q "Swift version 6.0"; then
    "$programs/Testee" --api "$symbols" >"$scratch/api.txt"
    diff -u api.txt "$scratch/api.txt" ||
        fail "the public API changed: read the difference, and copy bindings-swift/$scratch/api.txt to bindings-swift/api.txt"
fi

# The code of README.md compiles, as one program.
modules() {
    package "$1" "$2" build --show-bin-path
}
compiles() {
    where=$1
    shift
    swiftc -typecheck -swift-version 6 -I "$where/Modules" -I Sources/KopoKopoFFI/include "$@" 2>"$scratch/refused.txt"
}
for readme in README.md; do
    [ -e "$readme" ] || continue # SwiftPM's copy of this folder has no repository around it
    {
        echo 'import Foundation'
        echo '#if canImport(FoundationNetworking)'
        echo 'import FoundationNetworking'
        echo '#endif'
        sed -n '/^```swift$/,/^```$/{/^```/!p;}' "$readme"
    } >"$scratch/main.swift"
    compiles "$(modules full "$full")" "$scratch/main.swift" || fail "$readme does not compile: $(cat "$scratch/refused.txt")"
done

if [ "$(uname)" = Linux ]; then
    echo "with a library of another contract"
    LD_LIBRARY_PATH=$mobile KOPOKOPO_MISMATCH=1 package full "$full" test --skip-build --filter MismatchTests
fi

echo "as apps have it"
export KOPOKOPO_MOBILE=1
package apps "$mobile" build
package apps "$mobile" test

# What an app must not do does not compile. What it may do does, or this would show nothing.
apps=$(modules apps "$mobile")
compiles "$apps" Examples/Shop/Checkout.swift || fail "the example does not compile: $(cat "$scratch/refused.txt")"
compiles "$apps" Tests/Refused/allowed.swift || fail "what apps may do does not compile: $(cat "$scratch/refused.txt")"
for file in Tests/Refused/*.swift; do
    [ "$file" = Tests/Refused/allowed.swift ] && continue
    if compiles "$apps" "$file"; then fail "$file compiles for apps"; fi
    grep -Eq "cannot find|has no member|missing argument|extra argument|incorrect argument" "$scratch/refused.txt" ||
        fail "$file is refused for another reason: $(cat "$scratch/refused.txt")"
done
echo "swift: everything passed"
