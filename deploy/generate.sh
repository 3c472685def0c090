#!/usr/bin/env bash
# Writes deploy/base anew from the AppHost: its Aspire manifest, mended, through Aspirate, checked.
#
# usage: deploy/generate.sh [--check] [--manifest FILE]
#   --check           change nothing; exit 1 when deploy/base is not what the AppHost says (it has drifted)
#   --manifest FILE   take this Aspire manifest instead of asking the AppHost for one
#   -h, --help        this text
#
# needs: .NET SDK 10, jq, kubectl; Aspirate is a local tool and restores itself.
# ASPIRATE=COMMAND runs that instead of the local tool.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"

check=false manifest=''
while [ $# -gt 0 ]; do
    case $1 in
        --check) check=true ;;
        --manifest)
            [ $# -gt 1 ] || fail "--manifest needs a file."
            [ -f "$2" ] || fail "There is no manifest $2."
            manifest=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
            shift
            ;;
        -h | --help) usage "$0"; exit 0 ;;
        *) fail "Unknown argument '$1'." "See $0 --help" ;;
    esac
    shift
done

need dotnet "See https://dotnet.microsoft.com/download"
need jq "For example: apt-get install jq, brew install jq"
need_kubectl

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$here/.."

if [ -z "$manifest" ]; then
    step "Asking the AppHost for its manifest"
    manifest=$work/manifest.json
    dotnet run --project ShoppingSystem.AppHost --no-launch-profile -- --publisher manifest --output-path "$manifest" \
        >"$work/apphost.log" 2>&1 || { cat "$work/apphost.log" >&2; fail "The AppHost could not write its manifest."; }
fi

step "Mending it for Aspirate"
# Paths in a manifest are relative to where it was written.
jq --arg namespace "$NAMESPACE" --arg root "$(dirname "$manifest")" -f "$here/aspirate/mend.jq" "$manifest" >"$work/mended.json"

step "Running Aspirate"
cd "$here/aspirate"
if [ -n "${ASPIRATE:-}" ]; then
    aspirate=("$ASPIRATE")
else
    dotnet tool restore >"$work/restore.log" 2>&1 || { cat "$work/restore.log" >&2; fail "Aspirate could not be restored."; }
    aspirate=(dotnet aspirate)
fi
# Images are built by the .NET SDK, when they are wanted (setup.sh, the release); secrets are in no manifest by now.
"${aspirate[@]}" generate --non-interactive --aspire-manifest "$work/mended.json" --output-path "$work/base" \
    --skip-build --disable-secrets --disable-state --include-dashboard false --image-pull-policy IfNotPresent \
    --namespace "$NAMESPACE" --container-image-tag dev >"$work/aspirate.log" 2>&1 \
    || { cat "$work/aspirate.log" >&2; fail "Aspirate failed."; }
[ -f "$work/base/kustomization.yaml" ] || { cat "$work/aspirate.log" >&2; fail "Aspirate wrote nothing."; }

step "Checking what it wrote"
kubectl kustomize "$work/base" >"$work/rendered.yaml" || fail "kustomize refuses it."
refuse() {
    ! grep -nE -- "$1" "$work/rendered.yaml" >&2 || fail "$2"
}
refuse '\{[a-z0-9-]+\.[A-Za-z0-9.-]+\}' "A placeholder of the manifest is left."
refuse '&(amp|quot|lt|gt|#[0-9]+|#x[0-9A-Fa-f]+);' "A value is HTML-escaped: a template uses two braces where it needs three."
refuse '([pP]ort): (0|8443)$' "A port where nothing listens."
refuse '://[^:/@]+:[^$@]+@' "A password."
awk 'tolower($0) ~ /- name: .*(password|secret|apikey|_key)$/ { name = $3; next }
    name && /^ *value: / && $2 !~ /^\$\(/ { print name; found = 1 } { name = "" } END { exit found }' "$work/rendered.yaml" >&2 \
    || fail "A secret with its value."
while read -r resource; do
    grep -qE "^  name: $resource\$" "$work/rendered.yaml" || fail "$resource is in the manifest, and nowhere in the result."
done < <(jq -r '.resources | to_entries[] | select(.value.type | test("^(project|container)\\.")) | .key' "$work/mended.json")

if diff -ruN "$here/base" "$work/base" >"$work/drift.diff"; then
    say "deploy/base is what the AppHost says."
elif $check; then
    cat "$work/drift.diff"
    fail "deploy/base has drifted from the AppHost." "Run deploy/generate.sh and commit what it changes."
else
    rm -rf "$here/base"
    cp -r "$work/base" "$here/base"
    say "deploy/base has changed; look at it with git diff, and commit it."
fi
