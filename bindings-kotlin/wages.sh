#!/bin/sh
# Starts the worker of tests/kills/drive.py: `wages.sh <journal> <callback URL> <number of wages>`, with the client's
# options in the environment. `mvn test-compile` compiles it.
set -eu
home=$(cd "$(dirname "$0")/kopokopo/target" && pwd)
# It is killed often, so it must start fast: it does not copy the native library.
library=$(ls "$home"/classes/dev/kopokopo/native/*/*kopokopo_ffi.*)
exec java "-Dkopokopo.library=$library" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
    -cp "$home/test-classes:$home/classes:$(cat "$home/testee-classpath.txt")" dev.kopokopo.WagesKt "$@"
