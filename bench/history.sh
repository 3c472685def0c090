#!/usr/bin/env bash
# A page of history (100 purchases) when the record holds many purchases, against when it holds few: both servers run, asked
# in turns, one request at a time. Prints the mean time of a request of every run, and the ratio of the medians. Needs wrk.
#   bench/history.sh [--many 1000000] [--few 10000] [--rounds 5] [--seconds 5]
set -euo pipefail
cd "$(dirname "$0")/.."

many=1000000 few=10000 rounds=5 seconds=5
while [ $# -gt 0 ]; do
    case "$1" in
        --many) many=$2 ;;
        --few) few=$2 ;;
        --rounds) rounds=$2 ;;
        --seconds) seconds=$2 ;;
        *) sed -n '2,4p' "$0"; exit 2 ;;
    esac
    shift 2
done
command -v wrk >/dev/null || { echo "wrk is needed (apt-get install wrk)." >&2; exit 1; }

dotnet build -c Release bench/ShoppingSystem.BenchHost -v q --nologo
host=bench/ShoppingSystem.BenchHost/bin/Release/net10.0/ShoppingSystem.BenchHost.dll
data=$(mktemp -d) servers=
trap 'kill $servers 2>/dev/null || true; wait $servers 2>/dev/null || true; rm -rf "$data"' EXIT
base=$((21000 + RANDOM % 1000))

start() { # start PURCHASES PORT
    dotnet "$host" --urls "http://127.0.0.1:$2" --log sqlite --record true --data "$data/$1" --fill "$1" >/dev/null 2>&1 &
    servers="$servers $!"
    until curl -sf -o /dev/null "http://127.0.0.1:$2/alive"; do kill -0 $!; sleep 0.2; done
}

ask() { # ask PURCHASES PORT SECONDS: prints the mean microseconds of a request
    USERS=$(($1 / 100)) wrk -t1 -c1 -d"$3s" -s bench/history.lua "http://127.0.0.1:$2" >"$data/wrk.txt"
    ! grep -q "Non-2xx" "$data/wrk.txt" || { cat "$data/wrk.txt" >&2; exit 1; }
    awk '/^Requests\/sec/ { printf "%.1f\n", 1000000 / $2 }' "$data/wrk.txt"
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo "Filling the records ..."
start "$few" "$base"
start "$many" $((base + 1))
for port in "$base" $((base + 1)); do ask "$few" "$port" 3 >/dev/null; done

printf '%-12s %s\n' purchases "microseconds a page"
for _ in $(seq "$rounds"); do
    t=$(ask "$few" "$base" "$seconds"); echo "$t" >>"$data/few"; printf '%-12s %s\n' "$few" "$t"
    t=$(ask "$many" $((base + 1)) "$seconds"); echo "$t" >>"$data/many"; printf '%-12s %s\n' "$many" "$t"
done
awk -v few="$(median "$data/few")" -v many="$(median "$data/many")" -v n="$many" -v m="$few" \
    'BEGIN { printf "%s / %s = %.2f: a page at %d purchases against one at %d (medians)\n", many, few, many / few, n, m }'
