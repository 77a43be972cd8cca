#!/bin/sh
# Runs PHP with the extension that this command made. The working folder is the repository's:
# cargo build --manifest-path bindings-php/Cargo.toml --target-dir bindings-php/target
set -eu
K2_PHP_EXTENSION="${K2_PHP_EXTENSION:-$PWD/bindings-php/target/debug/libkopokopo_php.so}"
export K2_PHP_EXTENSION
exec php -d "extension=$K2_PHP_EXTENSION" "$@"
