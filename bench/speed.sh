#!/usr/bin/env bash
# What the tables of docs/performance.md say, but for the one measured on Apache Kafka: one script after the other, and at the end the
# tables, the first with the targets. Takes about 35 minutes with the defaults. What every script prints is in the file named at the
# end. Needs wrk, Linux, Node.js, npm, git and Python 3.10 with venv and pip; what can't be measured because one of them is missing is
# a row without a figure, or no row of the peers. Wolverine with PostgreSQL is measured where PostgreSQL is installed.
#   bench/speed.sh [--rounds 5] [--many 10000000] [--data DIR] [--express DIR] [--fastapi DIR] [--python PYTHON]
#       --data keeps the filled records of history.sh there; --express: see express.sh; --fastapi and --python: see fastapi.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

rounds=5 many=10000000 data='' express='' fastapi='' python=''
options rounds many data express fastapi python -- "$@"
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
    printf '| %s | %s | %s | %s %s | %s | %s |\n' "$1" "$2" "${3:--}${6:-}" "$([ "$4" = ">=" ] && echo ≥ || echo ≤)" "$5${6:-}" "$verdict" "$by" >>"$scratch/table"
}

# peers_row WHAT FIGURE: one that the client decides, so that peers are what it is measured by.
peers_row() {
    local verdict=
    [ -n "$2" ] || { verdict="not measured"; missed=$((missed + 1)); }
    printf '| %s | append taken out | %s | see [peers](#peers-in-one-run) | %s | %s |\n' "$1" "${2:--}" "$verdict" "$by" >>"$scratch/table"
}

# section NAME: adds the table that a script printed to the section, without its head if the section has one.
section() {
    local from=1
    [ ! -s "$scratch/$1" ] || from=3
    grep '^|' "$scratch/out" | tail -n +$from >>"$scratch/$1" || true
}

# show TITLE NAME
show() { printf '\n%s:\n\n' "$1"; if [ -s "$scratch/$2" ]; then cat "$scratch/$2"; else echo "not measured"; fi; }

run buy.sh --log kafka --rounds $((3 * rounds))
for c in 64 256; do peers_row "buy over Kafka, requests/s, $c connections" "$(figure "^$c connections, requests/s")"; done
for c in 64 256; do peers_row "web server's CPU time per buy over Kafka, $c connections" "$(figure "^$c connections, CPU")"; done
for c in 64 256; do peers_row "bytes allocated per buy over Kafka, $c connections" "$(figure "^$c connections, bytes")"; done
run peers.sh --rounds "$rounds"
section peers
# shellcheck disable=SC2086 # nothing when there is none
run express.sh --rounds "$rounds" ${express:+--express "$express"}
row "buy over Kafka, requests/s, 64 connections" "Express and kafkajs" "$(awk -F' [|] ' '$2 == 64 { print $4 }' "$scratch/out")" ">=" 20
section peers
# shellcheck disable=SC2086 # nothing when there is none
run fastapi.sh --rounds "$rounds" ${fastapi:+--fastapi "$fastapi"} ${python:+--python "$python"}
section peers
run buy.sh --log sqlite --rounds $((3 * rounds))
row "buy on the embedded log, requests/s, 64 connections" "append taken out" "$(figure "^64 connections, requests/s")" ">=" 0.65
row "buy on the embedded log, requests/s, 256 connections" "append taken out" "$(figure "^256 connections, requests/s")" ">=" 0.75
for c in 64 256; do row "bytes allocated per buy on the embedded log, $c connections" "append taken out" "$(figure "^$c connections, bytes")" "<=" 1.5; done
systems="standalone kafka"
! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || systems="$systems wolverine"
run end-to-end.sh --systems "$systems" --rounds "$rounds"
section end-to-end
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
    show "Peers in one run" peers
    show "From the request into the store" end-to-end
    echo
    echo "$missed missed or not measured; all runs: $log"
} | tee -a "$log"
