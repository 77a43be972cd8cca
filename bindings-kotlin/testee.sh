#!/bin/sh
# Starts the testee of tests/conformance.md. `mvn test-compile` compiles it.
set -eu
cd "$(dirname "$0")/kopokopo/target"
exec java -cp "test-classes:classes:$(cat testee-classpath.txt)" dev.kopokopo.TesteeKt
