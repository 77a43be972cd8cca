#!/bin/sh
# Prints the version of Go if it is new enough for the package: 1.24 has runtime.AddCleanup, with which the library's objects are
# freed. Otherwise says what is missing.
set -eu
PATH="$(cd "$(dirname "$0")/.." && pwd)/.tools/go/bin:$PATH"
version=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || { echo "Go is missing" >&2; exit 1; }
minor=$(expr "$version" : 'go1\.\([0-9]*\)') || minor=0
[ "$minor" -ge 24 ] || { echo "$version is older than Go 1.24" >&2; exit 1; }
command -v "${CC:-gcc}" >/dev/null || { echo "gcc is missing" >&2; exit 1; }
echo "$version"
