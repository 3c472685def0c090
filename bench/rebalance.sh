#!/usr/bin/env bash
# How long partitions stand still while recorders join the group, leave it (SIGTERM) and are killed: 2 -> 4 -> 1 -> 2, one killed,
# with each group protocol in turns, while events arrive. For each change and partition it takes the longest time in which nothing
# of it was handed out; prints the median of the partitions, the longest, and their sum, in seconds, and at the end what was not
# handed out, handed out twice, or not committed.
# A protocol is classic, with the hosts' heartbeats and session timeout, or consumer, where these are the brokers':
# group.consumer.heartbeat.interval.ms and group.consumer.session.timeout.ms; or PROTOCOL:HEARTBEAT:SESSION with others, in ms.
# Without --kafka on librdkafka's mock cluster, which lets every change of a classic group take one second less than a session, and
# differs in both protocols: only on real brokers (with a topic "purchases" of 12 partitions that nobody needs) is it what a shop sees.
#   bench/rebalance.sh [--kafka host:port] [--rounds 3] [--rate 400] [--protocol "classic consumer"]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

kafka='' rounds=3 rate=400 protocol="classic consumer"
options kafka rounds rate protocol -- "$@"

build bench/ShoppingSystem.BenchHost tools/ShoppingSystem.MockKafka

watch() { # watch PROTOCOL[:HEARTBEAT:SESSION]: one round on brokers of its own.
    local of heartbeat session settings=() brokers=()
    IFS=: read -r of heartbeat session <<<"$1"
    case $of$heartbeat in
        classic) ;;
        classic*) settings=(--Kafka:HeartbeatIntervalMs "$heartbeat" --Kafka:SessionTimeoutMs "$session") ;;
        consumer) settings=(--Kafka:GroupProtocol Consumer) ;;
        consumer*)
            [ -z "$kafka" ] || { echo "Heartbeats and sessions of the consumer protocol are set at the brokers, not by $1." >&2; exit 2; }
            settings=(--Kafka:GroupProtocol Consumer) brokers=("$heartbeat" "$session")
            ;;
        *) echo "--protocol of classic and consumer, each with :HEARTBEAT:SESSION or without, not '$1'." >&2; exit 2 ;;
    esac
    if [ -n "$kafka" ]; then servers=$kafka; else start_cluster purchases 12 3 "${brokers[@]}"; fi
    dotnet bench/ShoppingSystem.BenchHost/bin/Release/net10.0/ShoppingSystem.BenchHost.dll --rebalancing watch \
        --ConnectionStrings:kafka "$servers" --rate "$rate" "${settings[@]}" | sed "s/^/$1 /" | tee -a "$scratch/changes"
    [ -n "$kafka" ] || kill "${started##* }"
}

for _ in $(seq "$rounds"); do
    for each in $protocol; do watch "$each"; done
done
echo "medians of $rounds rounds, in seconds: the median of the partitions, the longest, their sum"
for change in 2-to-4 4-to-1 1-to-2 killed; do
    for each in $protocol; do
        median_of() { awk -v p="$each" -v c="$change" -v n="$1" '$1 == p && $2 == c { print $n }' "$scratch/changes" | median; }
        echo "$change: $each: $(median_of 3), $(median_of 4), $(median_of 5)"
    done
done
for each in $protocol; do
    awk -v p="$each" '$1 == p && $2 == "events" { n += $3; lost += $4; twice += $5; open += $6 }
        END { printf "%s: %d events; %d not handed out, %d handed out twice, %d not committed at the end\n", p, n, lost, twice, open }' "$scratch/changes"
done
