#!/bin/sh
# Runs PHP with the extension that `cargo build --manifest-path bindings-php/Cargo.toml` made. The working folder is the repository's.
set -eu
exec php -d "extension=${CARGO_TARGET_DIR:-$PWD/bindings-php/target}/debug/libkopokopo_php.so" "$@"
