#!/usr/bin/env bash
# Standalone for people without an SDK: one program a platform, with everything that it needs, each in an archive, and the
# checksums of all of them in SHA256SUMS.
#
#   tools/pack-standalone.sh [--version VERSION] [--output FOLDER] [RUNTIME ...]
#
# RUNTIME is one of linux-x64, linux-arm64, osx-x64, osx-arm64, win-x64, win-arm64; without any, all of them are made.
set -euo pipefail
cd "$(dirname "$0")/.."

version=
output=dist
runtimes=()
while [ $# -gt 0 ]; do
    case $1 in
        --version | --output)
            [ $# -gt 1 ] || { echo "$1 needs a value." >&2; exit 2; }
            printf -v "${1#--}" %s "$2"
            shift
            ;;
        linux-x64 | linux-arm64 | osx-x64 | osx-arm64 | win-x64 | win-arm64) runtimes+=("$1") ;;
        *)
            sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0" >&2
            exit 2
            ;;
    esac
    shift
done
[ ${#runtimes[@]} -gt 0 ] || runtimes=(linux-x64 linux-arm64 osx-x64 osx-arm64 win-x64 win-arm64)
version=${version:-$(dotnet msbuild ShoppingSystem.Standalone -getProperty:Version)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$output"
output=$(cd "$output" && pwd)
for runtime in "${runtimes[@]}"; do
    name=shopping-system-standalone-$version-$runtime
    # SQLite's library is in the program, too, and unpacked where the user's programs cache things.
    dotnet publish ShoppingSystem.Standalone --configuration Release --runtime "$runtime" --self-contained --artifacts-path "$work/artifacts" \
        --output "$work/$name" -p:Version="$version" -p:PublishSingleFile=true -p:IncludeNativeLibrariesForSelfExtract=true -p:DebugType=embedded
    rm -f "$work/$name"/*.xml
    cp LICENSE "$work/$name"
    case $runtime in
        win-*) (cd "$work" && zip -qr "$output/$name.zip" "$name") ;;
        *) tar -C "$work" -czf "$output/$name.tar.gz" "$name" ;;
    esac
done
(cd "$output" && sha256sum shopping-system-standalone-"$version"-* >SHA256SUMS && cat SHA256SUMS)
