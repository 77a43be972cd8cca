#!/bin/sh
# Runs a command with a new MariaDB server of its own: `with-mariadb.sh <command> [argument...]`.
# The command finds it at K2_TEST_MARIADB. The server listens on loopback only, and is removed afterwards.
set -eu

PATH="$PATH:/usr/sbin"
command -v mariadbd >/dev/null || { echo "MariaDB is not installed: apt-get install mariadb-server" >&2; exit 1; }
folder=$(mktemp -d /tmp/k2-mariadb.XXXXXX)

# MariaDB refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    chown nobody "$folder"
    as() { runuser -u nobody -- "$@"; }
else
    as() { "$@"; }
fi
server=
stop() {
    if [ -n "$server" ]; then
        kill -KILL "$(cat "$folder/server.pid" 2>/dev/null)" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as mariadb-install-db --no-defaults --datadir="$folder/data" --auth-root-authentication-method=normal --skip-test-db \
    >"$folder/install.log" 2>&1 || { cat "$folder/install.log" >&2; exit 1; }
as mariadbd --no-defaults --datadir="$folder/data" --socket="$folder/socket" --pid-file="$folder/server.pid" \
    --bind-address=127.0.0.1 --port="$port" --max-connections=200 >"$folder/server.log" 2>&1 &
server=$!
attempt=0
until mariadb --no-defaults --socket="$folder/socket" --user=root --execute="CREATE DATABASE k2" >"$folder/client.log" 2>&1; do
    attempt=$((attempt + 1))
    if [ "$attempt" = 100 ] || ! kill -0 "$server" 2>/dev/null; then cat "$folder/server.log" "$folder/client.log" >&2; exit 1; fi
    sleep 0.2
done
K2_TEST_MARIADB="mysql://root@127.0.0.1:$port/k2" "$@"
