#!/bin/sh
# Runs staticcheck, of the version that is made for the Go of this machine.
set -eu
cd "$(dirname "$0")"
case $(sh needs.sh) in go1.24*) version=v0.6.1 ;; go1.25*) version=v0.7.0 ;; *) version=v0.8.2 ;; esac
exec sh go.sh run "honnef.co/go/tools/cmd/staticcheck@$version" ./...
