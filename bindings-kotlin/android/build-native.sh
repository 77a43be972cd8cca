#!/usr/bin/env bash
# Builds the library for Android's four ABIs into jni/, with the NDK that ANDROID_NDK_HOME names (r26 or newer).
# Give the names of ABIs to build only those.
set -euo pipefail

API=26
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

fail() {
    echo "build-native.sh: $*" >&2
    exit 1
}

ndk=${ANDROID_NDK_HOME:-}
[ -n "$ndk" ] || fail "ANDROID_NDK_HOME is not set: install the Android NDK (r26 or newer) and set it to its folder"
[ -d "$ndk" ] || fail "ANDROID_NDK_HOME is $ndk, and there is no such folder"
case $(uname -s) in
    Linux) host=linux-x86_64 ;;
    Darwin) host=darwin-x86_64 ;;
    *) fail "the NDK's compilers run on Linux and macOS; this is $(uname -s)" ;;
esac
bin=$ndk/toolchains/llvm/prebuilt/$host/bin
[ -x "$bin/llvm-ar" ] || fail "$ndk is no NDK for this machine: it has no $bin/llvm-ar"
command -v cargo >/dev/null || fail "cargo is missing: install Rust from https://rustup.rs"

# The Rust target of an ABI, and what the NDK calls its compiler.
target_of() {
    case $1 in
        arm64-v8a) echo aarch64-linux-android aarch64-linux-android ;;
        armeabi-v7a) echo armv7-linux-androideabi armv7a-linux-androideabi ;;
        x86_64) echo x86_64-linux-android x86_64-linux-android ;;
        x86) echo i686-linux-android i686-linux-android ;;
        *) fail "there is no ABI $1: they are arm64-v8a, armeabi-v7a, x86_64 and x86" ;;
    esac
}

[ $# -gt 0 ] || set -- arm64-v8a armeabi-v7a x86_64 x86

# Everything that is missing is said before anything is built.
for abi in "$@"; do
    names=$(target_of "$abi")
    read -r target compiler <<<"$names"
    [ -x "$bin/$compiler$API-clang" ] || fail "the NDK has no $compiler$API-clang: use r26 or newer"
    ls "$(rustc --print target-libdir --target "$target")"/libstd-*.rlib >/dev/null 2>&1 ||
        fail "Rust has no library for $target: rustup target add $target"
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

# Pages of 16 KB, and nothing exported that an app may not do.
cd "$root"
cargo xtask mobile --check "${built[@]}"
