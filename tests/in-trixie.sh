#!/bin/sh
# Runs a command in a root of Debian trixie, which has Swift 6, Ruby 3.3 and PHP 8.4:
# `in-trixie.sh <package,package...> <command> [argument...]`. The root is made once, in .tools/trixie (or KOPOKOPO_TRIXIE), in about
# two minutes, and the packages are installed in it. It needs Linux, the rights of root, and mounts. Where it cannot be made, the exit
# status is 77, and the reason is the last line of the error output.
#
# The command finds the repository, the target folder and Rust where they are here. What it builds with cargo is in the folder
# `trixie` of the target folder, because programs that are linked there may not start here. K2_SANDBOX_BIN is the sandbox of this machine.
set -eu

cd "$(dirname "$0")/.."
packages=$(printf %s "$1" | tr , ' ')
shift

impossible() {
    echo "a Debian root could not be made: $1" >&2
    exit 77
}

[ "$(uname -s)" = Linux ] || impossible "this is not Linux"
[ "$(id -u)" = 0 ] || impossible "it needs the rights of root"
unshare --mount true 2>/dev/null || impossible "mounts are not allowed"
mkdir -p .tools
log=$PWD/.tools/trixie.log
if ! command -v debootstrap >/dev/null 2>&1; then
    { apt-get update && apt-get install --yes --no-install-recommends debootstrap; } >"$log" 2>&1 ||
        impossible "debootstrap is not installed"
fi

root=${KOPOKOPO_TRIXIE:-$PWD/.tools/trixie}
target=${CARGO_TARGET_DIR:-$PWD/target}
mkdir -p "$target"
# A private mount namespace: the mounts end with the command.
in_root() {
    unshare --mount sh -euc '
        root=$1
        shift
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        while [ "$1" != -- ]; do
            if [ -d "$1" ]; then
                mkdir -p "$root$1"
                mount --bind "$1" "$root$1"
            fi
            shift
        done
        shift
        exec chroot "$root" "$@"
    ' in_root "$root" "$PWD" "$target" "${CARGO_HOME:-$HOME/.cargo}" "${RUSTUP_HOME:-$HOME/.rustup}" -- "$@"
}

make_root() {
    rm -rf "$root" && mkdir -p "$root" &&
        debootstrap --variant=minbase trixie "$root" &&
        cp /etc/resolv.conf "$root/etc/resolv.conf" &&
        { [ ! -d /etc/apt/apt.conf.d ] || cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"; } &&
        in_root apt-get update &&
        touch "$root/.complete"
}
# Two commands at the same time, of two checks, must not both make it.
exec 9>>"$log.lock"
flock 9
if [ ! -e "$root/.complete" ]; then
    echo "making a Debian root in $root" >&2
    make_root >"$log" 2>&1 || { tail -n 5 "$log" >&2; impossible "see .tools/trixie.log"; }
fi
missing=
for package in $packages; do
    [ -e "$root/var/lib/dpkg/info/$package.list" ] || ls "$root/var/lib/dpkg/info/$package":*.list >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
    echo "installing in $root:$missing" >&2
    # Servers must not start when they are installed.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    # shellcheck disable=SC2086
    in_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing >>"$log" 2>&1 ||
        { tail -n 5 "$log" >&2; impossible "a package could not be installed (see .tools/trixie.log)"; }
fi
exec 9>&-

in_root env CARGO_TARGET_DIR="$target/trixie" K2_SANDBOX_BIN="${K2_SANDBOX_BIN:-$target/debug/k2}" sh -c 'cd "$1" && shift && exec "$@"' sh "$PWD" "$@"
