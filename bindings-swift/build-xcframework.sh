#!/bin/sh
# Makes KopoKopoFFI.xcframework, the native library for macOS (all of it) and for iOS (what apps have), and writes its
# checksum into Package.swift. It needs macOS, Xcode and rustup. It was not run where this package was made.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "bindings-swift/build-xcframework.sh: $1" >&2
    exit 1
}

[ "$(uname)" = Darwin ] || fail "frameworks are made on macOS"
for tool in xcodebuild lipo rustup cargo; do
    command -v "$tool" >/dev/null 2>&1 || fail "there is no $tool here"
done

target=${CARGO_TARGET_DIR:-$(cd .. && pwd)/target}/xcframework
out=$PWD/KopoKopoFFI.xcframework
rm -rf "$out" "$out.zip" "$target/universal"
mkdir -p "$target/universal/macos" "$target/universal/simulator"

export MACOSX_DEPLOYMENT_TARGET=13.0
export IPHONEOS_DEPLOYMENT_TARGET=16.0
# What is linked into an app is stripped there.
export CARGO_PROFILE_RELEASE_STRIP=none
export CARGO_PROFILE_MOBILE_STRIP=none

# The target, the profile, and further arguments of cargo.
build() {
    triple=$1
    profile=$2
    shift 2
    rustup target add "$triple"
    (cd .. && cargo rustc --package kopokopo-ffi --lib --crate-type staticlib --profile "$profile" --target "$triple" \
        --target-dir "$target/$profile" "$@")
}

build aarch64-apple-darwin release
build x86_64-apple-darwin release
build aarch64-apple-ios mobile --features mobile
build aarch64-apple-ios-sim mobile --features mobile
build x86_64-apple-ios mobile --features mobile

library=libkopokopo_ffi.a
lipo -create "$target/release/aarch64-apple-darwin/release/$library" "$target/release/x86_64-apple-darwin/release/$library" \
    -output "$target/universal/macos/$library"
lipo -create "$target/mobile/aarch64-apple-ios-sim/mobile/$library" "$target/mobile/x86_64-apple-ios/mobile/$library" \
    -output "$target/universal/simulator/$library"

# An app must find none of the functions that take a secret.
if nm -gU "$target/mobile/aarch64-apple-ios/mobile/$library" 2>/dev/null |
    grep -q uniffi_kopokopo_ffi_fn_constructor_kopokopo_new; then
    fail "the library for iOS takes a secret"
fi

headers=$PWD/Sources/KopoKopoFFI/include
xcodebuild -create-xcframework \
    -library "$target/universal/macos/$library" -headers "$headers" \
    -library "$target/mobile/aarch64-apple-ios/mobile/$library" -headers "$headers" \
    -library "$target/universal/simulator/$library" -headers "$headers" \
    -output "$out"

ditto -c -k --keepParent "$out" "$out.zip"
checksum=$(swift package compute-checksum "$out.zip")
sed -i '' "s/^let releaseChecksum = .*/let releaseChecksum = \"$checksum\"/" Package.swift
echo "$out.zip: $checksum"
