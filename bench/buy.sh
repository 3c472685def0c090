#!/usr/bin/env bash
# The cost of the durable log: POST /api/v1/buy with the log against the same with the append taken out. Both servers run,
# warmed up, and are loaded in turns; what one does is compared with what the other does in the same round, because the
# machine's own speed may change from round to round. Prints every run, and the medians, also of the rounds' ratios. Needs wrk.
# Kafka is librdkafka's mock cluster in a process of its own. --against plain compares with a log of a dozen lines that awaits
# ProduceAsync instead.
#   bench/buy.sh [--log sqlite|sqlite+record|kafka] [--against none|plain] [--rounds 15] [--seconds 2] [--connections "64 256"] [--warmup 15]
#                [--brokers 1] [--partitions 12]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

log=sqlite against=none rounds=15 seconds=2 connections="64 256" warmup=15 brokers=1 partitions=12
options log against rounds seconds connections warmup brokers partitions -- "$@"
need wrk

build bench/ShoppingSystem.BenchHost
servers=
if [ "$log" = kafka ] || [ "$against" = plain ]; then
    build tools/ShoppingSystem.MockKafka
    start_cluster purchases "$partitions" "$brokers"
fi

record=false
[ "$log" = "${log%+record}" ] || record=true
start_host --log "$against" --ConnectionStrings:kafka "$servers"; without=$url
start_host --log "${log%+record}" --record "$record" --ConnectionStrings:kafka "$servers"; with=$url

# measure NAME URL CONNECTIONS: one line of requests/s, CPU microseconds a request, bytes allocated a request.
measure() {
    read -r cpu bytes _ < <(curl -sf "$2/process")
    read -r requests rate _ < <(buy "$2" "$3" "$seconds")
    read -r cpu2 bytes2 _ < <(curl -sf "$2/process")
    awk -v n="$requests" -v r="$rate" -v c=$((cpu2 - cpu)) -v b=$((bytes2 - bytes)) 'BEGIN { printf "%.0f %.1f %.0f\n", r, c / n, b / n }' |
        tee -a "$scratch/$1-$3" | awk -v c="$3" -v l="$1" '{ printf "%-12s %-14s %10s %10s %12s\n", c, l, $1, $2, $3 }'
}

for c in $connections; do
    buy "$without" "$c" "$warmup" >/dev/null
    buy "$with" "$c" "$warmup" >/dev/null
done
printf '%-12s %-14s %10s %10s %12s\n' connections log requests/s "CPU us" "bytes/request"
for c in $connections; do
    for _ in $(seq "$rounds"); do
        measure "$against" "$without" "$c"
        measure "$log" "$with" "$c"
    done
done
echo "$log against $against (medians, of $rounds rounds):"
for c in $connections; do
    for i in 1 2 3; do
        case $i in 1) what=requests/s ;; 2) what="CPU time a request" ;; *) what="bytes allocated a request" ;; esac
        echo "$c connections, $what: $(compare "$log-$c" "$against-$c" $i)"
    done
done
