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
. bench/lib.sh

modes="none off" log=none rounds=25 seconds=1 connections=64
options modes log rounds seconds connections -- "$@"
need wrk
read -ra mode <<<"$modes"

build bench/ShoppingSystem.BenchHost
start_host --sink true; sink=$url
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_BSP_SCHEDULE_DELAY=200

# measure URL SECONDS: one line of requests/s and microseconds of processor time a request.
measure() {
    local cpu requests rate cpu2
    read -r cpu _ < <(curl -sf "$1/process")
    read -r requests rate _ < <(buy "$1" "$connections" "$2")
    sleep 0.5 # what is exported afterwards is this one's cost, not the next one's
    read -r cpu2 _ < <(curl -sf "$1/process")
    awk -v n="$requests" -v r="$rate" -v c=$((cpu2 - cpu)) 'BEGIN { print r, c / n }'
}

for i in "${!mode[@]}"; do
    case "${mode[i]}" in
        none | off) telemetry=${mode[i]} endpoint='' ratio=1 ;;
        on) telemetry=on endpoint=$sink ratio=1 ;;
        *) telemetry=on endpoint=$sink ratio=${mode[i]} ;;
    esac
    OTEL_EXPORTER_OTLP_ENDPOINT=$endpoint OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=$ratio \
        start_host --telemetry "$telemetry" --log "$log" --record "$([ "$log" = none ] && echo false || echo true)"
    urls[i]=$url
    measure "$url" 4 >/dev/null
done

for round in $(seq "$rounds"); do
    for turn in "${!mode[@]}"; do
        i=$(((turn + round) % ${#mode[@]}))
        measure "${urls[i]}" "$seconds" >"$scratch/rate.$i"
    done
    for i in "${!mode[@]}"; do
        awk -v mode="${mode[i]}" -v first="$(<"$scratch/rate.0")" '{ split(first, base)
            printf "%-8s %9.1f requests/s  %6.1f us each   %.3f  %.3f\n", mode, $1, $2, $1 / base[1], $2 / base[2] }' "$scratch/rate.$i" |
            tee -a "$scratch/ratios.$i"
    done
done

for i in "${!mode[@]}"; do
    printf '%s: %s of the requests/s, %s of the processor time of %s (medians of %s)\n' "${mode[i]}" \
        "$(awk '{ print $7 }' "$scratch/ratios.$i" | median)" "$(awk '{ print $8 }' "$scratch/ratios.$i" | median)" "${mode[0]}" "$rounds"
done
