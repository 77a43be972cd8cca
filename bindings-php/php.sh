#!/bin/sh
# Runs PHP with the extension that `cargo build --package kopokopo-php` made. The working folder is the repository's.
set -eu
exec php -d "extension=${CARGO_TARGET_DIR:-$PWD/target}/debug/libkopokopo_php.so" "$@"
