#!/bin/sh
# Tests the package on a Linux machine without Swift, in a root of Debian trixie, which has Swift 6. The root is made once, in
# .tools/trixie, in about three minutes. It needs the rights of root, debootstrap and mounts. Without them, this compares the
# generated sources only, and says so.
set -eu

cd "$(dirname "$0")/.."

# This builds both libraries too.
cargo xtask gen --check --swift

leave_out() {
    echo "left out: the Swift package was not compiled and not tested: $1"
    exit 0
}

[ "$(uname -s)" = Linux ] || leave_out "Swift is not installed"
[ "$(id -u)" = 0 ] || leave_out "Swift is not installed, and making a Debian root needs the rights of root"
unshare --mount true 2>/dev/null || leave_out "Swift is not installed, and mounts are not allowed"
if ! command -v debootstrap >/dev/null 2>&1; then
    { apt-get update && apt-get install --yes --no-install-recommends debootstrap; } >/dev/null 2>&1 ||
        leave_out "Swift is not installed, and neither is debootstrap"
fi

root=${KOPOKOPO_TRIXIE:-$PWD/.tools/trixie}
target=${CARGO_TARGET_DIR:-$PWD/target}
# A private mount namespace: the mounts end with the command.
in_root() {
    unshare --mount sh -euc '
        root=$1 repository=$2 target=$3
        shift 3
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        for folder in "$repository" "$target"; do
            mkdir -p "$root$folder"
            mount --bind "$folder" "$root$folder"
        done
        exec chroot "$root" "$@"
    ' in_root "$root" "$PWD" "$target" "$@"
}

make_root() {
    rm -rf "$root" && mkdir -p "$root" &&
        debootstrap --variant=minbase trixie "$root" &&
        cp /etc/resolv.conf "$root/etc/resolv.conf" &&
        { [ ! -d /etc/apt/apt.conf.d ] || cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"; } &&
        in_root apt-get update &&
        in_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
            swiftlang swiftlang-dev libc6-dev git ca-certificates &&
        touch "$root/.complete"
}
if [ ! -e "$root/.complete" ]; then
    echo "making a Debian root in $root"
    mkdir -p .tools
    make_root >.tools/trixie.log 2>&1 || {
        tail -n 5 .tools/trixie.log
        leave_out "Swift is not installed, and a Debian root could not be made (see .tools/trixie.log)"
    }
fi

cargo build --quiet --package k2 --package kopokopo-tests --bins
in_root env KOPOKOPO_SKIP_CARGO=1 CARGO_TARGET_DIR="$target" sh "$PWD/bindings-swift/test.sh"
