#!/bin/sh
# Builds Python 3.13 for a C library, from Debian's source package, with zig: `python.sh gnu` for glibc 2.17 and newer, `python.sh musl`.
# It is built once, in .tools/roots/python-gnu or .tools/roots/python-musl, without the modules that need other libraries.
set -eu
cd "$(dirname "$0")/../.."
case $1 in
gnu) target=x86_64-linux-gnu.2.17 ;;
musl) target="x86_64-linux-musl -dynamic" ;;
*) echo "usage: python.sh gnu|musl" >&2 && exit 2 ;;
esac
prefix=$PWD/.tools/roots/python-$1
[ ! -x "$prefix/bin/python3" ] || exit 0

work=$PWD/.tools/roots/python-$1.build
rm -rf "$work"
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/source"
# apt with lists of its own: it does not change this machine.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources"
: >"$work/status"
private_apt() {
    apt-get -qq -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
        -o Dir::Etc::SourceList="$work/sources" -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=root "$@"
}
zig=$(python -c "import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))")
private_apt update
(cd "$work" && private_apt source --download-only python3.13)
tar -xf "$work"/python3.13_*.orig.tar.xz -C "$work/source" --strip-components=1
cd "$work/source"
{
    # What pkg-config finds is for the C library of this machine. zig's musl is newer than others, and has two functions more.
    PKG_CONFIG_LIBDIR=/nonexistent ./configure --prefix="$prefix" --without-ensurepip --disable-test-modules \
        ac_cv_func_preadv2=no ac_cv_func_pwritev2=no \
        CC="$zig cc -target $target" AR="$zig ar" RANLIB="$zig ranlib" CFLAGS="-O1 -g0 -Wno-date-time -fno-sanitize=undefined" &&
        make -j"$(nproc)" &&
        make install
} >"$work.log" 2>&1 || { tail -n 5 "$work.log" >&2; exit 1; }
rm -rf "$work"
