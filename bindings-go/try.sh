#!/bin/sh
# Uses the module in a folder from a new program, whose vendored copy has the library too: `try.sh <folder>`.
set -eu
module=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
target=$(cd "$root" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
PATH="$root/.tools/go/bin:$PATH"
unset GOFLAGS CGO_LDFLAGS LD_LIBRARY_PATH
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cp "$root/bindings-go/internal/installed/main.go" .
go mod init shop.example/shop 2>/dev/null
go mod edit -require=github.com/kopokopo-sdk/kopokopo-go@v0.0.0 -replace="github.com/kopokopo-sdk/kopokopo-go=$module"
go mod tidy
go vet .
go build -o shop .
if ldd shop | grep kopokopo; then echo "the library is not linked statically" >&2; exit 1; fi
./shop "${K2_SANDBOX_BIN:-$target/debug/k2}"
go mod vendor
go build -mod=vendor -o vendored .
./vendored "${K2_SANDBOX_BIN:-$target/debug/k2}"
