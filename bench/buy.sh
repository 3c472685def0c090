#!/usr/bin/env bash
# The cost of the durable log: POST /api/v1/buy with the log against the same with the append taken out, in turns, each
# started anew and warmed up. Prints requests/s of every run and the ratio of the medians. Needs wrk.
#   bench/buy.sh [--log sqlite|sqlite+record|kafka] [--rounds 5] [--seconds 5] [--connections "64 256"]
set -euo pipefail
cd "$(dirname "$0")/.."

log=sqlite rounds=5 seconds=5 connections="64 256"
while [ $# -gt 0 ]; do
    case "$1" in
        --log) log=$2 ;;
        --rounds) rounds=$2 ;;
        --seconds) seconds=$2 ;;
        --connections) connections=$2 ;;
        *) sed -n '2,4p' "$0"; exit 2 ;;
    esac
    shift 2
done
command -v wrk >/dev/null || { echo "wrk is needed (apt-get install wrk)." >&2; exit 1; }

dotnet build -c Release bench/ShoppingSystem.BenchHost -v q --nologo
host=bench/ShoppingSystem.BenchHost/bin/Release/net10.0/ShoppingSystem.BenchHost.dll
data=$(mktemp -d) server= broker= servers=
trap 'kill $server $broker 2>/dev/null || true; rm -rf "$data"' EXIT
if [ "$log" = kafka ]; then # librdkafka's mock cluster, in a process of its own
    dotnet build -c Release tools/ShoppingSystem.MockKafka -v q --nologo
    dotnet tools/ShoppingSystem.MockKafka/bin/Release/net10.0/ShoppingSystem.MockKafka.dll >"$data.broker" &
    broker=$!
    until servers=$(cat "$data.broker") && [ -n "$servers" ]; do sleep 0.1; done
    rm "$data.broker"
fi
port=$((20000 + RANDOM % 1000))

# measure LOG CONNECTIONS: starts the server, warms it up, prints requests/s.
measure() {
    rm -rf "${data:?}"/*
    dotnet "$host" --urls "http://127.0.0.1:$port" --log "${1%+record}" --data "$data" --ConnectionStrings:kafka "$servers" \
        --record "$([ "$1" = "${1%+record}" ] && echo false || echo true)" >/dev/null 2>&1 &
    server=$!
    for _ in $(seq 200); do curl -sf -o /dev/null "http://127.0.0.1:$port/alive" && break; sleep 0.05; done
    wrk -t2 -c"$2" -d3s -s bench/buy.lua "http://127.0.0.1:$port" >/dev/null
    wrk -t2 -c"$2" -d"${seconds}s" -s bench/buy.lua "http://127.0.0.1:$port" >"$data/wrk.txt"
    ! grep -q "Non-2xx" "$data/wrk.txt" || { cat "$data/wrk.txt" >&2; exit 1; }
    awk '/^Requests\/sec/ { print $2 }' "$data/wrk.txt"
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

printf '%-12s %-14s %s\n' connections log "requests/s"
for c in $connections; do
    : >"$data.none"; : >"$data.log"
    for _ in $(seq "$rounds"); do
        r=$(measure none "$c"); echo "$r" >>"$data.none"; printf '%-12s %-14s %s\n' "$c" none "$r"
        r=$(measure "$log" "$c"); echo "$r" >>"$data.log"; printf '%-12s %-14s %s\n' "$c" "$log" "$r"
    done
    awk -v c="$c" -v log_="$log" -v with="$(median <"$data.log")" -v without="$(median <"$data.none")" \
        'BEGIN { printf "%-12s %-14s %s / %s = %.2f of the append taken out (medians)\n", c, log_, with, without, with / without }'
    rm -f "$data.none" "$data.log"
done
