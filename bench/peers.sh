#!/usr/bin/env bash
# A purchase over Kafka against the same on other stacks, over the same mock broker: POST /api/v1/buy of our web server, and of the
# peers in bench/peers. All servers run, warmed up, and are loaded in turns; what one does is compared with what ours does in the
# same round, because the machine's own speed may change from round to round. Prints every run, and the medians, also of the rounds'
# ratios. Needs wrk, Linux.
#   none             ours with the append taken out
#   MinimalApi       a minimal API that awaits ProduceAsync
#   WolverineInline  WolverineFx.Kafka, sending inline
#   express          the Express and kafkajs web server that ours replaces, on its route POST /api/buy; only with --express, a checkout of
#               its web-server that has been built (npm install, npm run build). Needs Node.js. Idempotence is off in it, and there is no key.
# All producers wait for all in-sync replicas, and .NET's are idempotent. Their linger.ms is --linger; what Confluent's client does by
# itself is 5.
#   bench/peers.sh [--peers "none MinimalApi WolverineInline"] [--express DIR] [--linger 0] [--rounds 15] [--seconds 2] [--connections "64 256"]
#                  [--warmup 10] [--brokers 1] [--partitions 12]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

peers="none MinimalApi WolverineInline" express='' linger=0 rounds=15 seconds=2 connections="64 256" warmup=10 brokers=1 partitions=12
options peers express linger rounds seconds connections warmup brokers partitions -- "$@"
need wrk

build bench/ShoppingSystem.BenchHost tools/ShoppingSystem.MockKafka
declare -A urls pids lua
servers=
start_cluster purchases "$partitions" "$brokers"; broker=$!
for peer in $peers; do
    if [ "$peer" = none ]; then
        start_host --log none
    else
        build "bench/peers/$peer"
        start_peer "$peer" --linger "$linger" --ConnectionStrings:kafka "$servers"
    fi
    urls[$peer]=$url pids[$peer]=$pid
done
if [ -n "$express" ]; then
    need node nodejs
    start_express "$express" purchases
    urls[express]=$url pids[express]=$pid lua[express]=bench/classic.lua
    peers="$peers express"
else
    echo "express is left out: --express names no checkout."
fi
start_host --log kafka --ConnectionStrings:kafka "$servers"
urls[ours]=$url pids[ours]=$pid

allocated() { [ "$1" = express ] || curl -sf "${urls[$1]}/process" | cut -d' ' -f2; }

# measure NAME CONNECTIONS: one line of requests/s, CPU microseconds a request of the server, and with the broker, bytes allocated a
# request, p99 in ms.
measure() {
    local bytes own both
    bytes=$(allocated "$1") own=$(cpu "${pids[$1]}") both=$(cpu "${pids[$1]}" "$broker")
    read -r requests rate _ p99 < <(buy "${urls[$1]}" "$2" "$seconds" "${lua[$1]:-bench/buy.lua}")
    own=$(($(cpu "${pids[$1]}") - own)) both=$(($(cpu "${pids[$1]}" "$broker") - both))
    bytes=${bytes:+$(($(allocated "$1") - bytes))}
    awk -v n="$requests" -v r="$rate" -v own="$own" -v both="$both" -v bytes="${bytes:--}" -v p99="$p99" 'BEGIN {
        printf "%.0f %.1f %.1f %s %.2f\n", r, own * 1000 / n, both * 1000 / n, bytes == "-" ? bytes : sprintf("%.0f", bytes / n), p99
    }' | tee -a "$scratch/$1-$2" | awk -v c="$2" -v l="$1" '{ printf "%-12s %-16s %10s %10s %14s %14s %9s\n", c, l, $1, $2, $3, $4, $5 }'
}

for c in $connections; do
    for name in $peers ours; do buy "${urls[$name]}" "$c" "$warmup" "${lua[$name]:-bench/buy.lua}" >/dev/null; done
done
printf '%-12s %-16s %10s %10s %14s %14s %9s\n' connections "" requests/s "CPU us" "us with broker" "bytes/request" "p99 ms"
for c in $connections; do
    for _ in $(seq "$rounds"); do
        for name in $peers ours; do measure "$name" "$c"; done
    done
done

what=("" requests/s "CPU time a request" "CPU time a request with the broker" "bytes allocated a request" "p99 ms")
echo "ours against each (medians, of $rounds rounds):"
for c in $connections; do
    for name in $peers; do
        for i in 1 2 3 4 5; do
            [ "$name $i" != "express 4" ] || continue
            echo "$c connections, ${what[$i]}, against $name: $(compare "ours-$c" "$name-$c" $i)"
        done
    done
done
