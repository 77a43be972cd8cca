#!/bin/sh
# Makes what Maven Central gets, in a folder with the layout of a repository: `sh stage.sh FOLDER`. Nothing is signed or sent.
#
# Before, the native libraries are in kopokopo/src/main/natives/PLATFORM (of the jar) and android/jni (of the AAR, from
# build-native.sh), and the programs of the sandbox in sandbox/src/main/programs/PLATFORM. KOPOKOPO_HOST=1: a trial with the debug
# builds of this machine alone, which is not for publishing.
set -eu
[ $# -eq 1 ] || { echo "usage: sh stage.sh FOLDER" >&2; exit 2; }
mkdir -p "$1"
stage=$(cd "$1" && pwd)
cd "$(dirname "$0")"
[ -z "$(ls -A "$stage")" ] || { echo "$stage is not empty" >&2; exit 1; }

version=$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' pom.xml | head -n 1)
native=kopokopo/src/main/natives
programs=$PWD/sandbox/src/main/programs
if [ "${KOPOKOPO_HOST:-}" = 1 ]; then
    # This profile is on by default. Naming another one switches it off.
    android=host aar=kopokopo-android-$version-host library=
    programs=$(mktemp -d)
    trap 'rm -r "$programs"' EXIT
    mkdir "$programs/linux-x86-64"
    cp "${K2_SANDBOX_BIN:-../target/debug/k2}" "$programs/linux-x86-64/k2"
else
    for platform in linux-x86-64 linux-aarch64 linux-x86-64-musl linux-aarch64-musl darwin-x86-64 darwin-aarch64 win32-x86-64; do
        [ -d "$native/$platform" ] || { echo "$native/$platform is missing" >&2; exit 1; }
    done
    # The program for musl runs on every Linux.
    for file in linux-x86-64/k2 linux-aarch64/k2 darwin-x86-64/k2 darwin-aarch64/k2 win32-x86-64/k2.exe; do
        [ -f "$programs/$file" ] || { echo "$programs/$file is missing" >&2; exit 1; }
    done
    # The jar has these libraries, and not the one of the last debug build.
    android=release aar=kopokopo-android-$version library=-Dkopokopo.library.folder=$PWD/no-such-folder
fi

maven() {
    mvn --batch-mode --no-transfer-progress "$@"
}

# $library is one option or none.
# shellcheck disable=SC2086
maven --projects .,kopokopo,sandbox,testing,ktor,spring --activate-profiles publish -Dmaven.test.skip=true $library \
    "-Dkopokopo.programs=$programs" "-DaltDeploymentRepository=stage::file:$stage" deploy

maven --projects android --activate-profiles "publish,$android" -DskipTests verify
built=android/target
maven --non-recursive org.apache.maven.plugins:maven-deploy-plugin:3.1.4:deploy-file \
    "-Durl=file:$stage" -DrepositoryId=stage "-DpomFile=$built/$aar.pom" "-Dfile=$built/$aar.aar" \
    "-Dsources=$built/kopokopo-android-$version-sources.jar" "-Djavadoc=$built/kopokopo-android-$version-javadoc.jar"

# Maven Central writes its own lists of versions.
find "$stage" -name 'maven-metadata*' -delete

# What Maven Central requires of each package, and a jar that is empty would satisfy.
for name in kopokopo kopokopo-sandbox kopokopo-testing kopokopo-ktor kopokopo-spring; do
    unzip -p "$stage/dev/kopokopo/$name/$version/$name-$version.jar" META-INF/MANIFEST.MF | grep '^Automatic-Module-Name: dev.kopokopo' ||
        { echo "$name-$version.jar has no name as a module" >&2; exit 1; }
done
for artifact in kopokopo:jar kopokopo-sandbox:jar kopokopo-testing:jar kopokopo-ktor:jar kopokopo-spring:jar kopokopo-android:aar; do
    name=${artifact%:*}
    for file in "$name-$version.pom" "$name-$version.${artifact#*:}" "$name-$version-sources.jar" "$name-$version-javadoc.jar"; do
        path=$stage/dev/kopokopo/$name/$version/$file
        [ -s "$path" ] || { echo "$path is missing" >&2; exit 1; }
        case $file in
            # It has no code, so both have its README.
            kopokopo-sandbox-*-sources.jar | kopokopo-sandbox-*-javadoc.jar) needed='README\.md$' ;;
            *-sources.jar) needed='\.kt$' ;;
            *-javadoc.jar) needed='\.html$' ;;
            *) continue ;;
        esac
        count=$(unzip -Z1 "$path" | grep -c "$needed" || true)
        echo "$file: $count files"
        [ "$count" -gt 0 ] || { echo "$path has no file that ends with $needed" >&2; exit 1; }
    done
done
# Programs in a jar of sources would be downloaded by every editor.
! unzip -Z1 "$stage/dev/kopokopo/kopokopo-sandbox/$version/kopokopo-sandbox-$version-sources.jar" | grep '/k2' ||
    { echo "kopokopo-sandbox-$version-sources.jar has programs" >&2; exit 1; }
count=$(unzip -Z1 "$stage/dev/kopokopo/kopokopo-sandbox/$version/kopokopo-sandbox-$version.jar" | grep -c '/k2\(\.exe\)\{0,1\}$' || true)
echo "kopokopo-sandbox-$version.jar: $count programs"
[ "$count" -gt 0 ] || { echo "kopokopo-sandbox-$version.jar has no program" >&2; exit 1; }
