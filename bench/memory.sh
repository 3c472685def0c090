#!/usr/bin/env bash
# Resident memory of Standalone while it sells and records many purchases, and afterwards: a sample for every tenth of the run,
# then five, two seconds apart. "Flat" means: at the end no more than a tenth above what it was at half. Needs wrk and Linux.
#   bench/memory.sh [--purchases 1000000] [--connections 64]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

purchases=1000000 connections=64
options purchases connections -- "$@"
need wrk

build ShoppingSystem.Standalone
start_standalone

sample() { # sample LABEL: prints and keeps MiB
    mib=$(awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$pid/status")
    printf '%-10s %12s %8s\n' "$1" "$(recorded)" "$mib"
}

printf '%-10s %12s %8s\n' "" recorded MiB
sample start
wrk -t2 -c"$connections" -d1h -s bench/buy.lua "$shop" >"$scratch/wrk.txt" &
load=$!
started="$started $load"
for tenth in 1 2 3 4 5 6 7 8 9 10; do
    until [ "$(recorded)" -ge $((purchases * tenth / 10)) ]; do kill -0 "$pid"; sleep 0.2; done
    sample run
    [ "$tenth" != 5 ] || half=$mib
done
kill "$load"
for _ in 1 2 3 4 5; do sleep 2; sample after; done
peak=$(awk '/^VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$pid/status")
echo "resident memory: $mib MiB after $(recorded) purchases, $half MiB at half of them ($(ratio "$mib" "$half")), at most $peak MiB"
