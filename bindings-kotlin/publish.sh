#!/bin/sh
# Signs what stage.sh made, and uploads it to Maven Central in one bundle: `sh publish.sh FOLDER`. It builds nothing, so no plugin of
# the build sees the key. Central's plugin for Maven is of no use here: it uploads only what the same run of Maven has built.
#
# MAVEN_GPG_PASSPHRASE: the passphrase of GPG's default key. CENTRAL_USERNAME, CENTRAL_PASSWORD: a user token of the Central Portal.
# KOPOKOPO_DRY_RUN=1: makes the bundle, and uploads nothing. CENTRAL_URL: another server, for trials.
set -eu
[ $# -eq 1 ] || { echo "usage: sh publish.sh FOLDER" >&2; exit 2; }
stage=$(cd "$1" && pwd)
version=$(sed -n 's:^  <version>\(.*\)</version>$:\1:p' "$(dirname "$0")/pom.xml" | head -n 1)
[ -d "$stage/dev/kopokopo" ] || { echo "$stage is not a folder that stage.sh made" >&2; exit 1; }

if [ "${KOPOKOPO_DRY_RUN:-}" != 1 ]; then
    : "${CENTRAL_USERNAME:?is not set}" "${CENTRAL_PASSWORD:?is not set}"
fi

find "$stage/dev" -type f \( -name '*.pom' -o -name '*.jar' -o -name '*.aar' \) >"$stage/files.txt"
while read -r file; do
    # A failure to sign must not be an upload without signature.
    printf '%s' "${MAVEN_GPG_PASSPHRASE:-}" |
        gpg --batch --yes --pinentry-mode loopback --passphrase-fd 0 --armor --detach-sign --output "$file.asc" "$file"
    gpg --batch --quiet --verify "$file.asc" "$file" 2>/dev/null || { echo "the signature of $file is not valid" >&2; exit 1; }
done <"$stage/files.txt"

bundle=$stage/bundle.zip
jar --create --no-manifest --file "$bundle" -C "$stage" dev
echo "$bundle: $(wc -l <"$stage/files.txt") files, signed"
[ "${KOPOKOPO_DRY_RUN:-}" != 1 ] || exit 0

server=${CENTRAL_URL:-https://central.sonatype.com}/api/v1/publisher
token=$(printf '%s:%s' "$CENTRAL_USERNAME" "$CENTRAL_PASSWORD" | base64 | tr -d '\n')
# The arguments of a program are not secret, so curl reads the token.
call() {
    printf 'header = "Authorization: UserToken %s"\n' "$token" |
        curl --config - --silent --show-error --fail-with-body --max-time 600 --request POST "$@"
}
# Not repeated automatically: a second upload of the same version is another deployment.
id=$(call --form "bundle=@$bundle;type=application/octet-stream" "$server/upload?name=kopokopo-$version&publishingType=AUTOMATIC")
echo "deployment $id"

attempts=0
while [ "$attempts" -lt 120 ]; do
    attempts=$((attempts + 1))
    # A lost response changes nothing at the server.
    status=$(call "$server/status?id=$id" || true)
    state=$(printf '%s' "$status" | sed -n 's/.*"deploymentState" *: *"\([A-Z]*\)".*/\1/p')
    case $state in
        PUBLISHED) echo published; exit 0 ;;
        FAILED) echo "refused: $status" >&2; exit 1 ;;
        *) echo "${state:-no response}"; sleep "${CENTRAL_INTERVAL:-30}" ;;
    esac
done
echo "not published after an hour, and not refused: see the Central Portal for deployment $id. Do not upload it again" >&2
exit 1
