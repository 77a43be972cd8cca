#!/bin/sh
# Runs a command with a new PostgreSQL server of its own: `with-postgres.sh <command> [argument...]`.
# The command finds it at K2_TEST_POSTGRES. The server listens on loopback only, and is removed afterwards.
set -eu

folder=$(mktemp -d /tmp/k2-postgres.XXXXXX)
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
PATH="${programs:-/usr/lib/postgresql}:$PATH"
command -v initdb >/dev/null || { echo "PostgreSQL is not installed: apt-get install postgresql" >&2; exit 1; }

# PostgreSQL refuses to run as root.
if [ "$(id -u)" = 0 ]; then
    chown nobody "$folder"
    as() { runuser -u nobody -- "$@"; }
else
    as() { "$@"; }
fi
stop() {
    as pg_ctl -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$folder"
as initdb -D data -U postgres --auth=trust --no-sync -E UTF8 --locale=C >initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
as pg_ctl -D data -l "$folder/server.log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c max_connections=200" \
    start >start.log 2>&1 || { cat start.log server.log >&2; exit 1; }
cd "$OLDPWD"
K2_TEST_POSTGRES="postgresql://postgres@127.0.0.1:$port/postgres" "$@"
