#!/bin/sh
# Runs Go with the library that `cargo build --package kopokopo-c` made. With K2_GO_PROFILE it is that of another profile of cargo.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
target=$(cd "$root" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
library="$target/${K2_GO_PROFILE:-debug}"
export CGO_LDFLAGS="-L$library -Wl,-rpath,$library" GOFLAGS="-tags=kopokopo_system"
# cargo's own, with the folder of another build, has priority over the path in a program.
export LD_LIBRARY_PATH="$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export K2_SANDBOX_BIN="${K2_SANDBOX_BIN:-$target/debug/k2}"
PATH="$root/.tools/go/bin:$PATH"
exec go "$@"
