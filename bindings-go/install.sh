#!/bin/sh
# Installs a Go that is new enough in .tools/go, from Go's module proxy, with an older one such as Debian's: a toolchain is a module,
# whose checksum that one checks.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
version=go1.24.9
case $(uname -m) in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; *) echo "there is no Go for $(uname -m) here" >&2; exit 1 ;; esac
cd "$(mktemp -d)"
module="golang.org/toolchain@v0.0.1-$version.linux-$machine"
go mod download "$module"
folder=$(go env GOMODCACHE)/$module
rm -rf "$root/.tools/go"
mkdir -p "$root/.tools"
cp -R "$folder" "$root/.tools/go"
chmod -R u+w "$root/.tools/go"
# A module has no permissions to run.
chmod +x "$root/.tools/go/bin/"* "$root/.tools/go/pkg/tool/"*/*
"$root/.tools/go/bin/go" version
