#!/usr/bin/env bash
# A purchase over Kafka against the same on other stacks, over the same brokers: POST /api/v1/buy of our web server, and of the peers.
# All servers run, warmed up, and are loaded in turns; what one does is compared with what ours does in the same round, because the
# machine's own speed may change from round to round. Prints every run, and a table of the medians, also of the rounds' ratios. Needs
# wrk, Linux. The peers, of which all but the last two are in bench/peers:
#   none             ours with the append taken out
#   MinimalApi       a minimal API that awaits ProduceAsync
#   WolverineInline  WolverineFx.Kafka, sending inline
#   express          an original, see bench/express.sh; ours is loaded on the same route, POST /api/buy
#   fastapi          an original, see bench/fastapi.sh
# What each promises is in bench/README.md. The linger.ms of the .NET peers is --linger; what Confluent's client does by itself is 5.
# Kafka is librdkafka's mock cluster, unless --kafka names brokers: then the topic "purchases" gets all these purchases, so it must be
# one that nobody needs; ours creates it with 12 partitions where there is none.
#   bench/peers.sh [--peers "none MinimalApi WolverineInline"] [--express DIR] [--fastapi DIR] [--python PYTHON] [--kafka host:port]
#                  [--linger 0] [--rounds 15] [--seconds 2] [--connections "64 256"] [--warmup 10] [--brokers 1] [--partitions 12]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

peers="none MinimalApi WolverineInline" express='' fastapi='' python='' kafka=''
linger=0 rounds=15 seconds=2 connections="64 256" warmup=10 brokers=1 partitions=12
options peers express fastapi python kafka linger rounds seconds connections warmup brokers partitions -- "$@"
need wrk

build bench/ShoppingSystem.BenchHost tools/ShoppingSystem.MockKafka
declare -A urls pids lua=([express]=bench/classic.lua [ours-classic]=bench/classic.lua)
declare -A title=([none]="append taken out" [MinimalApi]="minimal API" [WolverineInline]="Wolverine, inline"
    [express]="Express and kafkajs" [fastapi]="FastAPI and aiokafka")
servers=$kafka broker=''
if [ -z "$kafka" ]; then start_cluster purchases "$partitions" "$brokers"; broker=$!; fi
# Ours is ready first: for the others, brokers would create the topic with their own number of partitions.
start_host --log kafka --ConnectionStrings:kafka "$servers"
until curl -sf -o /dev/null "$url/-/ready"; do kill -0 $pid || { cat "$scratch/host-$port.txt" >&2; exit 1; }; sleep 0.2; done
urls[ours]=$url pids[ours]=$pid urls[ours-classic]=$url pids[ours-classic]=$pid
for peer in $peers; do
    case $peer in
        none) start_host --log none ;;
        express)
            need node nodejs
            [ -n "$express" ] || clone_express
            start_express "$express" purchases
            ;;
        fastapi)
            [ -n "$fastapi" ] || clone_fastapi
            [ -n "$python" ] || install_fastapi "$fastapi"
            start_fastapi "$fastapi" "$python" purchases
            ;;
        *)
            build "bench/peers/$peer"
            start_peer "$peer" --linger "$linger" --ConnectionStrings:kafka "$servers"
            ;;
    esac
    urls[$peer]=$url pids[$peer]=$pid
done

ours() { [ "$1" = express ] && echo ours-classic || echo ours; } # what a peer is compared with
all="$peers $(for peer in $peers; do ours "$peer"; done | sort -u)"

allocated() { case $1 in express | fastapi) echo - ;; *) curl -sf "${urls[$1]}/process" | cut -d' ' -f2 ;; esac }

# measure NAME CONNECTIONS: one line of requests/s, CPU microseconds a request of the server, and with the broker, bytes allocated a
# request, p50 and p99 in ms; "-" for what can't be measured.
measure() {
    local bytes own both
    bytes=$(allocated "$1") own=$(cpu "${pids[$1]}") both=$(cpu "${pids[$1]}" ${broker:+"$broker"})
    read -r requests rate p50 p99 < <(buy "${urls[$1]}" "$2" "$seconds" "${lua[$1]:-bench/buy.lua}")
    own=$(($(cpu "${pids[$1]}") - own)) both=$(($(cpu "${pids[$1]}" ${broker:+"$broker"}) - both))
    awk -v n="$requests" -v r="$rate" -v own="$own" -v both="${broker:+$both}" -v before="$bytes" -v after="$(allocated "$1")" -v p50="$p50" -v p99="$p99" '
        BEGIN {
            printf "%.0f %.1f %s %s %.2f %.2f\n", r, own * 1000 / n, both == "" ? "-" : sprintf("%.1f", both * 1000 / n),
                before == "-" ? "-" : sprintf("%.0f", (after - before) / n), p50, p99
        }' | tee -a "$scratch/$1-$2" |
        awk -v c="$2" -v l="$1" '{ printf "%-12s %-16s %10s %10s %14s %14s %9s %9s\n", c, l, $1, $2, $3, $4, $5, $6 }'
}

for c in $connections; do
    for name in $all; do buy "${urls[$name]}" "$c" "$warmup" "${lua[$name]:-bench/buy.lua}" >/dev/null; done
done
printf '%-12s %-16s %10s %10s %14s %14s %9s %9s\n' connections "" requests/s "CPU us" "us with broker" "bytes/request" "p50 ms" "p99 ms"
for c in $connections; do
    for _ in $(seq "$rounds"); do
        for name in $all; do measure "$name" "$c"; done
    done
done

# figures NUMBER: the medians of ours and of the peer $name; ratio_of NUMBER: of the rounds' ratios, "-" where one has no figure.
figures() { echo "$(column "$us-$c" "$1" | median) / $(column "$name-$c" "$1" | median)"; }
ratio_of() { if grep -q -- - <(column "$name-$c" "$1"); then echo -; else ratios "$us-$c" "$name-$c" "$1"; fi; }
echo "ours / the peer's, medians of $rounds rounds:"
echo "| ours against | connections | requests/s | ratio | CPU a purchase, µs | ratio | the same with the broker, ratio | bytes allocated, ratio | p50, ms | p99, ms |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for c in $connections; do
    for name in $peers; do
        us=$(ours "$name")
        echo "| ${title[$name]:-$name} | $c | $(figures 1) | $(ratio_of 1) | $(figures 2) | $(ratio_of 2) | $(ratio_of 3) | $(ratio_of 4) | $(figures 5) | $(figures 6) |"
    done
done
