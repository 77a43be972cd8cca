#!/bin/sh
# Type-checks the library for systems that this machine is not, as far as their standard libraries are installed.
#
# No C compiler for them is needed: what ring has in C is not ours to check, and `no-cc` makes empty files for it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

set --
for target in aarch64-linux-android aarch64-apple-ios aarch64-apple-darwin x86_64-pc-windows-msvc; do
  if [ ! -d "$(rustc --print target-libdir --target "$target")" ]; then
    echo "left out: $target is not installed: rustup target add $target"
    continue
  fi
  echo "$target"
  name=$(echo "$target" | tr - _)
  export "CC_$name=$here/no-cc" "AR_$name=$here/no-cc"
  set -- "$@" --target "$target"
done
[ $# -gt 0 ] || exit 0

PATH="$here/bin:$PATH" cargo check --quiet --locked --package kopokopo-ffi --target-dir target/targets "$@"
