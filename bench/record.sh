#!/usr/bin/env bash
# The recorder: how fast it works off the embedded log into SQLite (read, decode, insert, commit), against a raw bulk insert
# of the same rows: one prepared statement on SQLite's own interface, as many rows in a transaction as the recorder takes at
# most, same table, index and pragmas, a fresh file. Each run is a process of its own, which warms up on a log of its own
# first; the two take turns. Prints every run, and the ratio of the medians.
#   bench/record.sh [--events 500000] [--users 10000] [--batch 1000] [--rounds 5] [--warmup 50000]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

events=500000 users=10000 batch=1000 rounds=5 warmup=50000
options events users batch rounds warmup -- "$@"

build bench/ShoppingSystem.BenchHost
host() { dotnet bench/ShoppingSystem.BenchHost/bin/Release/net10.0/ShoppingSystem.BenchHost.dll "$@"; }

host --recording fill --data "$scratch/data" --count "$events" --users "$users"
host --recording fill --data "$scratch/warmup" --count "$warmup" --users "$users"

measure() { # measure recorder|raw: one line of events/s and CPU microseconds an event.
    cp -r "$scratch/data" "$scratch/run"
    cp -r "$scratch/warmup" "$scratch/run-warmup"
    sync
    host --recording "$1" --data "$scratch/run" --warmup "$scratch/run-warmup" --batch "$batch" |
        tee -a "$scratch/$1" | awk -v l="$1" '{ printf "%-10s %10s %10s\n", l, $1, $2 }'
    rm -rf "$scratch/run" "$scratch/run-warmup"
}

echo "$events events of $users users, at most $batch in a transaction"
printf '%-10s %10s %10s\n' "" events/s "CPU us"
for _ in $(seq "$rounds"); do
    measure raw
    measure recorder
done
a=$(cut -d' ' -f1 "$scratch/recorder" | median)
b=$(cut -d' ' -f1 "$scratch/raw" | median)
echo "recorder against raw inserts (medians): $a / $b = $(ratio "$a" "$b")"
