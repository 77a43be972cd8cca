#!/usr/bin/env bash
# Builds the native library for Android's four ABIs into jni/, with the NDK in ANDROID_NDK_HOME (r26 or newer).
# Pass ABIs as arguments to build only those.
set -euo pipefail

API=26
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
    echo "build-native.sh: $*" >&2
    exit 1
}

ndk=${ANDROID_NDK_HOME:-}
[ -n "$ndk" ] || fail "ANDROID_NDK_HOME is not set: install the Android NDK (r26 or newer) and set ANDROID_NDK_HOME to its directory"
[ -d "$ndk" ] || fail "ANDROID_NDK_HOME: $ndk is not a directory"
case $(uname -s) in
    Linux) host=linux-x86_64 ;;
    Darwin) host=darwin-x86_64 ;;
    *) fail "the NDK's compilers run only on Linux and macOS, not on $(uname -s)" ;;
esac
bin=$ndk/toolchains/llvm/prebuilt/$host/bin
[ -x "$bin/llvm-ar" ] || fail "$ndk is not an NDK for this machine: $bin/llvm-ar is missing"
command -v cargo >/dev/null || fail "cargo is not installed: install Rust from https://rustup.rs"

# Prints the Rust target of an ABI and the prefix of its compiler in the NDK.
target_of() {
    case $1 in
        arm64-v8a) echo aarch64-linux-android aarch64-linux-android ;;
        armeabi-v7a) echo armv7-linux-androideabi armv7a-linux-androideabi ;;
        x86_64) echo x86_64-linux-android x86_64-linux-android ;;
        x86) echo i686-linux-android i686-linux-android ;;
        *) fail "unknown ABI $1: expected arm64-v8a, armeabi-v7a, x86_64 or x86" ;;
    esac
}

[ $# -gt 0 ] || set -- arm64-v8a armeabi-v7a x86_64 x86

# Checks all requirements before the first build.
for abi in "$@"; do
    names=$(target_of "$abi")
    read -r target compiler <<<"$names"
    [ -x "$bin/$compiler$API-clang" ] || fail "the NDK has no $compiler$API-clang: use r26 or newer"
    ls "$(rustc --print target-libdir --target "$target")"/libstd-*.rlib >/dev/null 2>&1 ||
        fail "the Rust target $target is not installed: run rustup target add $target"
done

built=()
for abi in "$@"; do
    names=$(target_of "$abi")
    read -r target compiler <<<"$names"
    clang=$bin/$compiler$API-clang
    name=${target//-/_}
    echo "== $abi ($target)"
    env "CARGO_TARGET_$(tr '[:lower:]' '[:upper:]' <<<"$name")_LINKER=$clang" \
        "CC_$name=$clang" "AR_$name=$bin/llvm-ar" \
        cargo rustc --manifest-path "$root/Cargo.toml" --package kopokopo-ffi --lib --crate-type cdylib \
        --features mobile --profile mobile --locked --target "$target" --target-dir "$root/target/mobile"
    mkdir -p "$here/jni/$abi"
    cp "$root/target/mobile/$target/mobile/libkopokopo_ffi.so" "$here/jni/$abi/"
    built+=("$here/jni/$abi/libkopokopo_ffi.so")
done

# Checks the 16 KB page alignment and that the library exports only what apps may use.
cd "$root"
cargo xtask mobile --check "${built[@]}"
