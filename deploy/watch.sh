#!/usr/bin/env bash
# Shows how the shop scales, on one screen: what KEDA wants, what the autoscalers see, the lag, and the pods. Ends with Ctrl-C.
#
# usage: deploy/watch.sh [--every SECONDS] [--once] [--partitions]
#   --every SECONDS  how often to look (5)
#   --once           look once
#   --partitions     also ask the cluster's own Kafka for the lag of every partition (takes seconds of CPU each time)
#   -h, --help       this text
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"

every=5 once=false partitions=false
while [ $# -gt 0 ]; do
    case $1 in
        --every)
            [ $# -gt 1 ] || fail "--every needs a number of seconds."
            every=$2
            case $every in '' | *[!0-9]* | 0) fail "--every needs a number of seconds." ;; esac
            shift
            ;;
        --once) once=true ;;
        --partitions) partitions=true ;;
        -h | --help) usage "$0"; exit 0 ;;
        *) fail "Unknown argument '$1'." "See $0 --help" ;;
    esac
    shift
done

need_cluster
kubectl get namespace "$NAMESPACE" >/dev/null 2>&1 || fail "There is no shop in this cluster." "deploy/setup.sh makes one."

look() {
    local group
    printf '%s%s%s\n' "$bold" "$(date +%T)  lag KEDA sees: $(lag)" "$plain"
    echo
    kubectl -n "$NAMESPACE" get scaledobjects 2>&1 || true
    echo
    kubectl -n "$NAMESPACE" get hpa 2>&1 || true
    echo
    kubectl -n "$NAMESPACE" get pods -o wide 2>&1 | cut -c1-120 || true
    echo
    kubectl -n "$NAMESPACE" top pods 2>&1 || true
    if $partitions; then
        echo
        group=$(sed -n 's/^consumerGroup=//p' "$here/components/keda/log.env")
        kubectl -n "$NAMESPACE" exec kafka-0 -- kafka-consumer-groups --bootstrap-server localhost:29092 --describe --group "$group" 2>&1 || true
    fi
}

if $once; then look; exit 0; fi
while true; do
    screen=$(look)
    printf '\e[H\e[2J%s\n' "$screen"
    sleep "$every"
done
