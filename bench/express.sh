#!/usr/bin/env bash
# The web server against the one it replaces: the Express and kafkajs web server of github.com/EladSuzy/UNproject. Both publish
# to the same topic of the same mock broker and get the same load on the classic route, POST /api/buy, in turns, warmed up.
# Prints every run, and the ratios of the medians. Needs wrk, Node.js and npm; git, unless --express names a checkout of the
# original's web-server that has been built (npm install, npm run build).
#   bench/express.sh [--express DIR] [--rounds 5] [--seconds 4] [--connections 64] [--warmup 15] [--partitions 12]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

express='' rounds=5 seconds=4 connections=64 warmup=15 partitions=12
options express rounds seconds connections warmup partitions -- "$@"
need wrk
need node nodejs

if [ -z "$express" ]; then
    need git
    need npm
    git clone -q --depth 1 https://github.com/EladSuzy/UNproject "$scratch/original"
    express=$(dirname "$(find "$scratch/original" -path "*/web-server/package.json")")
    (cd "$express" && npm install --no-audit --no-fund --loglevel error && npm run build --silent) >&2
fi
build bench/ShoppingSystem.BenchHost tools/ShoppingSystem.MockKafka
servers=
start_cluster USER_PURCHASES "$partitions" 1
start_host --log kafka --Shopping:Topic USER_PURCHASES --ConnectionStrings:kafka "$servers"; ours=$url

start_express "$express" USER_PURCHASES; theirs=$url

measure() { # measure NAME URL
    read -r _ rate p50 p99 < <(buy "$2" "$connections" "$seconds" bench/classic.lua)
    echo "$rate $p50 $p99" | tee -a "$scratch/$1" | awk -v l="$1" '{ printf "%-14s %10s %9s %9s\n", l, $1, $2, $3 }'
}

buy "$theirs" "$connections" "$warmup" bench/classic.lua >/dev/null
buy "$ours" "$connections" "$warmup" bench/classic.lua >/dev/null
printf '%-14s %10s %9s %9s\n' "" requests/s "p50 ms" "p99 ms"
for _ in $(seq "$rounds"); do
    measure Express "$theirs"
    measure ShoppingSystem "$ours"
done
echo "ShoppingSystem against Express at $connections connections (medians):"
for column in 1 2 3; do
    a=$(cut -d' ' -f$column "$scratch/ShoppingSystem" | median)
    b=$(cut -d' ' -f$column "$scratch/Express" | median)
    case $column in 1) what=requests/s ;; 2) what="p50 ms" ;; *) what="p99 ms" ;; esac
    printf '%s: %s / %s = %s\n' "$what" "$a" "$b" "$(ratio "$a" "$b")"
done
