#!/usr/bin/env bash
# Everything that this directory measures, one after the other, and at the end one table of it with the targets. Takes about
# 25 minutes with the defaults. What every script prints is in the file named at the end. Needs wrk, Node.js, npm and git.
#   bench/speed.sh [--rounds 5] [--many 10000000] [--data DIR] [--express DIR]
#       --data keeps the filled records of history.sh there, --express names a built checkout: see express.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

rounds=5 many=10000000 data='' express=''
options rounds many data express -- "$@"
need wrk

log=$(mktemp --suffix .txt)
missed=0
by=

# run SCRIPT ARGUMENT...: leaves what it printed in $scratch/out.
run() {
    echo "== bench/$*" | tee -a "$log"
    local script=$1
    by="\`bench/$1$([ "${2:-}" != --log ] || echo " --log $3")\`"
    shift
    # One that fails is a row without a figure.
    "bench/$script" "$@" 2>&1 | tee "$scratch/out" | tee -a "$log" || true
}

# figure PATTERN: what the line "... = FIGURE" says.
figure() { grep -m1 -E "$1" "$scratch/out" | sed 's/.*= //' || true; }

# row WHAT AGAINST FIGURE COMPARISON TARGET [UNIT]
row() {
    local verdict=missed
    if [ -z "$3" ]; then
        verdict="not measured"
    elif awk -v a="$3" -v b="$5" -v c="$4" 'BEGIN { exit !(c == ">=" ? a >= b : a <= b) }'; then
        verdict=met
    fi
    [ "$verdict" = met ] || missed=$((missed + 1))
    printf '| %s | %s | %s | %s %s | %s | %s |\n' "$1" "$2" "${3:--}${6:-}" "$4" "$5${6:-}" "$verdict" "$by" >>"$scratch/table"
}

# buy_rows FIGURE TARGET64 TARGET256 WHAT: what buy.sh printed of FIGURE, at 64 and at 256 connections.
buy_rows() {
    row "$4, 64 connections" "append taken out" "$(figure "^64 connections, $1")" "$([ "$1" = requests/s ] && echo ">=" || echo "<=")" "$2"
    row "$4, 256 connections" "append taken out" "$(figure "^256 connections, $1")" "$([ "$1" = requests/s ] && echo ">=" || echo "<=")" "$3"
}

run buy.sh --log kafka --rounds $((3 * rounds))
buy_rows requests/s 0.7 0.8 "buy over Kafka, requests/s"
buy_rows CPU 1.6 1.6 "web server's CPU time per buy over Kafka"
buy_rows bytes 1.5 1.5 "bytes allocated per buy over Kafka"
# shellcheck disable=SC2086 # nothing when there is none
run express.sh --rounds "$rounds" ${express:+--express "$express"}
row "buy over Kafka, requests/s, 64 connections" "Express and kafkajs" "$(figure "^requests/s:")" ">=" 20
run buy.sh --log sqlite --rounds $((3 * rounds))
buy_rows requests/s 0.65 0.75 "buy on the embedded log, requests/s"
buy_rows bytes 1.5 1.5 "bytes allocated per buy on the embedded log"
run record.sh
row "recorder, purchases/s" "raw bulk insert" "$(figure "^recorder against")" ">=" 0.7
run latency.sh --rounds "$rounds"
row "accept to recorded, p99, at half the highest rate" "" "$(grep -oE 'p99: [0-9.]+' "$scratch/out" | grep -m1 -oE '[0-9.]+$' || true)" "<=" 100 " ms"
# shellcheck disable=SC2086 # nothing when there is none
run history.sh --many "$many" --rounds "$rounds" ${data:+--data "$data"}
row "a page of history at $many purchases, time" "at 10000" "$(figure "^a page at")" "<=" 1.3
run memory.sh
row "resident memory of Standalone, at most, 1,000,000 purchases" "" "$(grep -oE 'at most [0-9]+' "$scratch/out" | grep -oE '[0-9]+' || true)" "<=" 200 " MiB"
row "the same at the end" "at half of them" "$(grep -oE 'half of them \([0-9.]+' "$scratch/out" | grep -oE '[0-9.]+' || true)" "<=" 1.1
run start.sh
mode=built
! grep -q "Standalone, published" "$scratch/out" || mode=published
row "start to ready, Standalone, $mode, new files" "" "$(grep "Standalone, $mode, new" "$scratch/out" | grep -oE '[0-9]+ ms' | grep -oE '[0-9]+' || true)" "<=" 1000 " ms"

{
    echo
    echo "$(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), .NET $(dotnet --list-runtimes | awk '/AspNetCore/ { v = $2 } END { print v }'), $(uname -sr)"
    echo
    echo "| what | against | figure | target | | by |"
    echo "|---|---|---|---|---|---|"
    cat "$scratch/table"
    echo
    echo "$missed missed or not measured; all runs: $log"
} | tee -a "$log"
