#!/bin/sh
# Runs a program in a root of unpacked Debian packages, of another version or for another processor:
# `in-unpacked.sh <version> <architecture> <package,package...> <program> [argument...]`, such as
# `in-unpacked.sh bullseye amd64 libc6 /usr/bin/k2 demo`. The packages and what they need are unpacked and not configured, so no program of
# another processor runs for that. A program for another processor runs with qemu-user. The roots are in .tools/roots, or in
# KOPOKOPO_ROOTS. They need Linux, the rights of root, and mounts. Where one cannot be made, the exit status is 77, and the reason is
# the last line of the error output.
#
# The program has a full path, and starts in the root's folder `/`. It finds the repository and the target folder where they are here,
# and the network is that of this machine.
set -eu

cd "$(dirname "$0")/.."
version=$1 architecture=$2
packages=$(printf %s "$3" | tr , ' ')
shift 3

impossible() {
    echo "a root of unpacked packages could not be made: $1" >&2
    exit 77
}

[ "$(uname -s)" = Linux ] || impossible "this is not Linux"
[ "$(id -u)" = 0 ] || impossible "it needs the rights of root"
unshare --mount true 2>/dev/null || impossible "mounts are not allowed"
roots=${KOPOKOPO_ROOTS:-$PWD/.tools/roots}
name=$version-$architecture-$(printf %s "$packages" | cksum | cut -d' ' -f1)
root=$roots/$name
apt=$roots/$name.apt
mkdir -p "$roots"
target=${CARGO_TARGET_DIR:-$PWD/target}

emulator=
if [ "$architecture" != "$(dpkg --print-architecture)" ]; then
    case $architecture in
    arm64) emulator=qemu-aarch64-static ;;
    *) impossible "programs for $architecture cannot run here" ;;
    esac
    command -v "$emulator" >/dev/null || impossible "$emulator is missing: apt-get install qemu-user-static"
fi

# apt with lists, states and a cache of its own: it does not change this machine.
private_apt() {
    apt-get -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
        -o Dir::Etc::SourceList="$apt/sources" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
        -o Dir::Etc::PreferencesParts=/dev/null -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
        -o APT::Install-Recommends=false -o APT::Sandbox::User=root "$@"
}

make_root() {
    rm -rf "$root" "$apt"
    mkdir -p "$root/usr/bin" "$root/proc" "$root/dev" "$root/tmp" "$apt/state/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    # The mirror of this machine.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $version main" >"$apt/sources"
    private_apt update
    # shellcheck disable=SC2086
    private_apt install --yes --download-only $packages
    for package in "$apt"/cache/archives/*.deb; do
        # The first links the folders of programs and of libraries to those in usr, where a version has that.
        dpkg-deb --extract "$package" "$root"
    done
    rm -rf "$apt"
    touch "$root/.complete"
}

exec 9>>"$roots/.lock"
flock 9
if [ ! -e "$root/.complete" ]; then
    echo "unpacking packages in $root" >&2
    (make_root) >"$roots/$name.log" 2>&1 || { tail -n 5 "$roots/$name.log" >&2; impossible "see .tools/roots/$name.log"; }
fi
exec 9>&-

[ -z "$emulator" ] || cp "$(command -v "$emulator")" "$root/usr/bin/$emulator"
# A private mount namespace: the mounts end with the command.
exec unshare --mount sh -euc '
    root=$1 emulator=$4
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    for folder in "$2" "$3"; do
        mkdir -p "$root$folder"
        mount --bind "$folder" "$root$folder"
    done
    shift 4
    [ -z "$emulator" ] || set -- "/usr/bin/$emulator" "$@"
    exec chroot "$root" "$@"
' in_unpacked "$root" "$PWD" "$target" "$emulator" "$@"
