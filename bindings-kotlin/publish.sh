#!/bin/sh
# Signs what stage.sh made, and uploads it to Maven Central: `sh publish.sh FOLDER`. It builds nothing, so no plugin of the build
# sees the key. The key is GPG's default one, with its passphrase in MAVEN_GPG_PASSPHRASE; Maven's settings have the server
# `central` with a user token of the Central Portal. KOPOKOPO_DRY_RUN=1: makes the bundle, and uploads nothing.
set -eu
[ $# -eq 1 ] || { echo "usage: sh publish.sh FOLDER" >&2; exit 2; }
stage=$(cd "$1" && pwd)
cd "$(dirname "$0")"

find "$stage" -type f \( -name '*.pom' -o -name '*.jar' -o -name '*.aar' \) | while read -r file; do
    # A failure to sign must not be an upload without signature.
    printf '%s' "${MAVEN_GPG_PASSPHRASE:-}" |
        gpg --batch --yes --pinentry-mode loopback --passphrase-fd 0 --armor --detach-sign --output "$file.asc" "$file" || exit 1
    gpg --batch --quiet --verify "$file.asc" "$file" || exit 1
done

skip=false
[ "${KOPOKOPO_DRY_RUN:-}" != 1 ] || skip=true
# Waits until the packages are published, or says why they are refused.
mvn --batch-mode --no-transfer-progress --non-recursive --activate-profiles central \
    "-DstagingDirectory=$stage" "-DskipPublishing=$skip" central-publishing:publish
