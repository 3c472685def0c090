#!/usr/bin/env bash
# Start to ready: from the start of the process of Standalone to the first 200 of /-/ready on both its ports, on empty files and
# on the files of the run before. Published with ReadyToRun where the compiler for it can be restored, and as it is built;
# in turns. Prints every start, and the medians.
#   bench/start.sh [--rounds 7]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

rounds=7
options rounds -- "$@"
need curl

build ShoppingSystem.Standalone
modes=built
declare -A dll
dll[built]=ShoppingSystem.Standalone/bin/Release/net10.0/ShoppingSystem.Standalone.dll
if dotnet publish ShoppingSystem.Standalone -c Release -r linux-x64 --self-contained false -p:PublishReadyToRun=true \
    --artifacts-path "$scratch/artifacts" -o "$scratch/published" -v q --nologo >"$scratch/publish.txt" 2>&1; then
    modes="published built"
    dll[published]=$scratch/published/ShoppingSystem.Standalone.dll
else
    echo "Not published with ReadyToRun: $(grep -m1 -o 'error.*' "$scratch/publish.txt")"
fi

start() { # start NAME DATA: prints milliseconds
    local shop=http://127.0.0.1:$((port + 1)) api=http://127.0.0.1:$((port + 2)) from
    port=$((port + 2))
    from=$(date +%s%N)
    dotnet "${dll[$1]}" --Shopping:DataDirectory="$2" --Shopping:WebServerUrl="$shop" --Shopping:ManagementApiUrl="$api" >"$scratch/out.txt" 2>&1 &
    started=$!
    until curl -sf -o /dev/null -o /dev/null "$shop/-/ready" "$api/-/ready"; do
        kill -0 "$started" || { cat "$scratch/out.txt" >&2; exit 1; }
        sleep 0.01
    done
    elapsed=$((($(date +%s%N) - from) / 1000000))
    kill "$started"
    wait "$started" || true
    started=
}

for mode in $modes; do start "$mode" "$scratch/warm"; done
printf '%-12s %-8s %s\n' files Standalone "ms to ready"
for round in $(seq "$rounds"); do
    for mode in $modes; do
        for files in new old; do
            start "$mode" "$scratch/data-$mode-$round"
            printf '%-12s %-10s %s\n' "$files" "$mode" "$elapsed"
            echo "$elapsed" >>"$scratch/$mode-$files"
        done
    done
done
for mode in $modes; do
    for files in new old; do
        echo "start to ready, Standalone, $mode, $files files: $(median <"$scratch/$mode-$files") ms (median of $rounds)"
    done
done
