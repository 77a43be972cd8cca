#!/bin/sh
# Runs the shared scenarios and vectors with a testee, in a Debian root (in-trixie.sh), where the runner of this machine is used:
# `conformance.sh <testee> [argument...]`.
set -eu
exec "$(dirname "$K2_SANDBOX_BIN")/conformance" -- "$@"
