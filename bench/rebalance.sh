#!/usr/bin/env bash
# How long partitions stand still while a second recorder joins the group, leaves it (SIGTERM) and is killed: with the
# heartbeats and the session timeout that the hosts have, and with others, in turns. Prints each change in seconds, and the
# medians. Without --kafka on librdkafka's mock cluster, which lets every change take one second less than a session: only on
# real brokers (with a topic "purchases" of 12 partitions that nobody needs) is it what a shop sees.
#   bench/rebalance.sh [--kafka host:port] [--rounds 3] [--rate 400] [--heartbeat 3000] [--session 15000]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

kafka='' rounds=3 rate=400 heartbeat=3000 session=15000
options kafka rounds rate heartbeat session -- "$@"

build bench/ShoppingSystem.BenchHost tools/ShoppingSystem.MockKafka

watch() { # watch NAME ARGUMENT...: one round on brokers of its own.
    name=$1
    shift
    if [ -n "$kafka" ]; then servers=$kafka; else start_cluster purchases 12 3; fi
    dotnet bench/ShoppingSystem.BenchHost/bin/Release/net10.0/ShoppingSystem.BenchHost.dll --rebalancing watch \
        --ConnectionStrings:kafka "$servers" --rate "$rate" --rounds 1 "$@" | sed "s/^/$name /" | tee -a "$scratch/changes"
    [ -n "$kafka" ] || kill "${started##* }"
}

for _ in $(seq "$rounds"); do
    watch defaults
    watch others --Kafka:HeartbeatIntervalMs "$heartbeat" --Kafka:SessionTimeoutMs "$session"
done
echo "heartbeats of ours against $heartbeat ms, and session timeouts of ours against $session ms (medians, in seconds):"
for change in joins leaves killed; do
    median_of() { awk -v n="$1" -v c="$change" '$1 == n && $2 == c { print $3 }' "$scratch/changes" | median; }
    ours=$(median_of defaults) theirs=$(median_of others)
    echo "$change: $ours against $theirs, ratio = $(ratio "$ours" "$theirs")"
done
