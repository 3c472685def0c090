#!/usr/bin/env bash
# The whole way of a purchase: from the request through web server, log and recorder into the store. Loads the web server for a few
# seconds, then waits until every acknowledged purchase is in the store, and fails if one doesn't get there. Counts the time until then
# and the CPU time of all processes on that way, of the broker and the database too, without the load generator. All systems run,
# warmed up, and are loaded in turns. Prints every run, and a table of the medians. Needs wrk, Linux; PostgreSQL for the peers.
#   standalone        ours in one process, SQLite files as log and store
#   kafka             our web server, Kafka, and our management API with SQLite as the store: three processes
#   wolverine         a peer in one process: Wolverine's durable local queue and the rows in PostgreSQL
#   wolverine+kafka   a peer: web server sending inline, Kafka, and a recorder with Wolverine's durable inbox and the rows in PostgreSQL
# Kafka is librdkafka's mock cluster, which keeps nothing on disk, one for each. PostgreSQL is started for this, with its own settings.
#   bench/end-to-end.sh [--systems "standalone kafka wolverine wolverine+kafka"] [--rounds 5] [--seconds 5] [--connections 64]
#                       [--warmup 10] [--partitions 12]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

systems="standalone kafka wolverine wolverine+kafka" rounds=5 seconds=5 connections=64 warmup=10 partitions=12
options systems rounds seconds connections warmup partitions -- "$@"
need wrk

declare -A urls counts pids databases

# start_postgresql: on an empty directory; sets $database, a connection string up to the database's name. It refuses to run as root.
start_postgresql() {
    local programs as=()
    programs=$(find /usr/lib/postgresql/*/bin -name postgres 2>/dev/null | sort -V | tail -n 1)
    [ -n "$programs" ] || { echo "PostgreSQL is needed (apt-get install postgresql)." >&2; exit 1; }
    programs=$(dirname "$programs")
    postgresql=$(mktemp -d)
    trap 'cleanup; rm -rf "$postgresql"' EXIT
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$postgresql"
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
    fi
    (cd "$postgresql" && "${as[@]}" "$programs/initdb" -D data -U postgres -A trust >/dev/null)
    port=$((port + 1))
    (cd "$postgresql" && exec "${as[@]}" "$programs/postgres" -D data -h 127.0.0.1 -p "$port" -c unix_socket_directories=) >"$scratch/postgresql.txt" 2>&1 &
    postmaster=$!
    started="$started $postmaster"
    database="Host=127.0.0.1;Port=$port;Username=postgres;Database="
    until "$programs/pg_isready" -q -h 127.0.0.1 -p "$port" -U postgres; do kill -0 $postmaster || { cat "$scratch/postgresql.txt" >&2; exit 1; }; sleep 0.2; done
    "$programs/createdb" -w -h 127.0.0.1 -p "$port" -U postgres wolverine
    "$programs/createdb" -w -h 127.0.0.1 -p "$port" -U postgres wolverine_kafka
}

build bench/ShoppingSystem.BenchHost tools/ShoppingSystem.MockKafka ShoppingSystem.Standalone
case $systems in *wolverine*) build bench/peers/WolverineDurable; start_postgresql ;; esac
for system in $systems; do
    case $system in
        standalone)
            start_standalone
            urls[$system]=$shop counts[$system]=$api/api/v1/stats pids[$system]=$pid
            ;;
        kafka)
            start_cluster purchases "$partitions" 1; pids[$system]=$!
            start_host --ConnectionStrings:kafka "$servers" --ledger kafka
            counts[$system]=$url/api/v1/stats pids[$system]+=" $pid"
            start_host --log kafka --ConnectionStrings:kafka "$servers"
            urls[$system]=$url pids[$system]+=" $pid"
            ;;
        wolverine)
            start_peer WolverineDurable --log local --ConnectionStrings:store "${database}wolverine"
            urls[$system]=$url counts[$system]=$url/count pids[$system]=$pid databases[$system]=wolverine
            ;;
        wolverine+kafka)
            start_cluster purchases "$partitions" 1; pids[$system]=$!
            start_peer WolverineDurable --log kafka --role record --ConnectionStrings:kafka "$servers" --ConnectionStrings:store "${database}wolverine_kafka"
            counts[$system]=$url/count pids[$system]+=" $pid"
            start_peer WolverineDurable --log kafka --role web --ConnectionStrings:kafka "$servers"
            urls[$system]=$url pids[$system]+=" $pid" databases[$system]=wolverine_kafka
            ;;
        *) echo "--systems of standalone, kafka, wolverine and wolverine+kafka, not '$system'." >&2; exit 2 ;;
    esac
done

count() { curl -sf "${counts[$1]}" | grep -oE '^[0-9]+|"recorded":[0-9]+' | head -n 1 | grep -oE '[0-9]+'; } # purchases in the store of a system

# used NAME: CPU time of a system so far, ms. Of PostgreSQL all processes, because but one system uses it at a time.
used() {
    # shellcheck disable=SC2046,SC2086 # lists
    cpu ${pids[$1]} ${databases[$1]:+$postmaster $(pgrep -P "$postmaster")}
}

# settled NAME: waits until no more purchases arrive in its store, of those too that wrk did not wait for.
settled() {
    local before=
    until [ "$before" = "$(count "$1")" ]; do before=$(count "$1"); sleep 1; done
}

# measure NAME SECONDS: one line of purchases, seconds until all are in the store, and CPU ms.
measure() {
    local before start at n stored
    settled "$1"
    before=$(count "$1") start=$(used "$1") at=$(date +%s%3N)
    read -r n _ < <(buy "${urls[$1]}" "$connections" "$2")
    for _ in $(seq 3000); do
        stored=$(($(count "$1") - before))
        [ "$stored" -lt "$n" ] || break
        sleep 0.1
    done
    echo "$n $(($(date +%s%3N) - at)) $(($(used "$1") - start))"
    [ "$stored" -ge "$n" ] || { echo "$1: of $n acknowledged purchases only $stored are in the store" >&2; return 1; }
}

for system in $systems; do measure "$system" "$warmup" >/dev/null; done
echo "$connections connections; all acknowledged purchases were in the store"
printf '%-16s %10s %12s %20s %28s\n' "" purchases purchases/s "purchases/CPU second" "core seconds a million of them"
for _ in $(seq "$rounds"); do
    for system in $systems; do
        measure "$system" "$seconds" >"$scratch/run"
        awk '{ printf "%d %.0f %.0f %.1f\n", $1, $1 * 1000 / $2, $1 * 1000 / $3, $3 * 1000 / $1 }' "$scratch/run" | tee -a "$scratch/$system" |
            awk -v l="$system" '{ printf "%-16s %10s %12s %20s %28s\n", l, $1, $2, $3, $4 }'
    done
done
declare -A title=([standalone]=Standalone [kafka]="Kafka, SQLite as the store" [wolverine]="Wolverine, durable local queue, PostgreSQL"
    [wolverine+kafka]="Wolverine, Kafka, durable inbox, PostgreSQL")
echo "medians of $rounds rounds:"
echo "| | purchases/s | purchases per CPU second | core seconds for a million purchases |"
echo "|---|---|---|---|"
for system in $systems; do
    at() { cut -d' ' -f"$1" "$scratch/$system" | median; }
    printf '| %s | %s | %s | %.0f |\n' "${title[$system]}" "$(at 2)" "$(at 3)" "$(at 4)"
done
