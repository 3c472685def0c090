#!/usr/bin/env bash
# The cost of telemetry: POST /api/v1/buy on the web server,
#   none   .NET's meters are switched off, requests have no activity, and nobody listens to ours
#   off    as the hosts are without OTEL_EXPORTER_OTLP_ENDPOINT
#   on     traces, metrics and logs exported by OTLP to a process beside it that throws them away
#   RATIO  the same with that share of the traces sampled
# A server for each runs all the time; they are asked in turns, a slice of time each, many times over, and a slice is compared
# with that of the first mode in the same round. Prints requests/s, the server's processor time for each, and the medians of
# the ratios. Servers, sink and load share the machine. Needs wrk and Linux.
#   bench/telemetry.sh [--modes "none off"] [--log none|sqlite] [--rounds 25] [--seconds 1] [--connections 64]
set -euo pipefail
cd "$(dirname "$0")/.."

modes="none off" log=none rounds=25 seconds=1 connections=64
while [ $# -gt 0 ]; do
    case "$1" in
        --modes) modes=$2 ;;
        --log) log=$2 ;;
        --rounds) rounds=$2 ;;
        --seconds) seconds=$2 ;;
        --connections) connections=$2 ;;
        *) sed -n '2,10p' "$0"; exit 2 ;;
    esac
    shift 2
done
command -v wrk >/dev/null || { echo "wrk is needed (apt-get install wrk)." >&2; exit 1; }

dotnet build -c Release bench/ShoppingSystem.BenchHost -v q --nologo
host=bench/ShoppingSystem.BenchHost/bin/Release/net10.0/ShoppingSystem.BenchHost.dll
data=$(mktemp -d) servers='' pid=() port=$((22000 + RANDOM % 1000))
trap 'kill $servers 2>/dev/null || true; wait $servers 2>/dev/null || true; rm -rf "$data"' EXIT
sink=http://127.0.0.1:$((port - 1))
read -ra mode <<<"$modes"

start() { # start URL ARGUMENTS...: until it answers
    dotnet "$host" --urls "$@" >/dev/null &
    servers="$servers $!"
    until curl -sf -o /dev/null "$1/alive"; do kill -0 $!; sleep 0.1; done
}

ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

load() { # load MODE SECONDS: prints requests/s and microseconds of processor time a request
    local before; before=$(ticks "${pid[$1]}")
    wrk -t2 -c"$connections" -d"$2s" -s bench/buy.lua "http://127.0.0.1:$((port + $1))" >"$data/wrk.txt"
    ! grep -q "Non-2xx" "$data/wrk.txt" || { cat "$data/wrk.txt" >&2; exit 1; }
    sleep 0.5 # what is exported afterwards is this one's cost, not the next one's
    awk -v ticks=$(($(ticks "${pid[$1]}") - before)) -v hz="$(getconf CLK_TCK)" \
        '/requests in/ { n = $1 } /^Requests\/sec/ { print $2, ticks / hz * 1e6 / n }' "$data/wrk.txt"
}

start "$sink" --sink true
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_BSP_SCHEDULE_DELAY=200
for i in "${!mode[@]}"; do
    case "${mode[i]}" in
        none | off) telemetry=${mode[i]} endpoint='' ratio=1 ;;
        on) telemetry=on endpoint=$sink ratio=1 ;;
        *) telemetry=on endpoint=$sink ratio=${mode[i]} ;;
    esac
    OTEL_EXPORTER_OTLP_ENDPOINT=$endpoint OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=$ratio \
        start "http://127.0.0.1:$((port + i))" --telemetry "$telemetry" --log "$log" --data "$data/$i" \
        --record "$([ "$log" = none ] && echo false || echo true)"
    pid[i]=$!
    load "$i" 4 >/dev/null
done

for round in $(seq "$rounds"); do
    for turn in "${!mode[@]}"; do
        i=$(((turn + round) % ${#mode[@]}))
        load "$i" "$seconds" >"$data/rate.$i"
    done
    for i in "${!mode[@]}"; do
        awk -v mode="${mode[i]}" -v first="$(<"$data/rate.0")" '{ split(first, base)
            printf "%-8s %9.1f requests/s  %6.1f us each   %.3f  %.3f\n", mode, $1, $2, $1 / base[1], $2 / base[2] }' "$data/rate.$i" |
            tee -a "$data/ratios.$i"
    done
done

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for i in "${!mode[@]}"; do
    printf '%s: %s of the requests/s, %s of the processor time of %s (medians of %s)\n' "${mode[i]}" \
        "$(awk '{ print $7 }' "$data/ratios.$i" | median)" "$(awk '{ print $8 }' "$data/ratios.$i" | median)" "${mode[0]}" "$rounds"
done
