#!/bin/sh
# Fails if a file of Go is not formatted.
set -eu
cd "$(dirname "$0")"
PATH="$PWD/../.tools/go/bin:$PATH"
files=$(gofmt -l .)
[ -z "$files" ] || { echo "run gofmt -w on: $files" >&2; exit 1; }
