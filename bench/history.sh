#!/usr/bin/env bash
# A page of history (100 purchases) when the record holds many purchases, against when it holds few: both servers run, asked
# in turns, one request at a time. Prints the mean time of a request of every run, and the ratio of the medians. Needs wrk.
# --data keeps the filled records there for the next time; without it they are filled anew (10,000,000 take minutes and 2 GB).
#   bench/history.sh [--many 1000000] [--few 10000] [--rounds 5] [--seconds 5] [--data DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

many=1000000 few=10000 rounds=5 seconds=5 data=''
options many few rounds seconds data -- "$@"
need wrk

build bench/ShoppingSystem.BenchHost
[ -n "$data" ] || data=$scratch

start() { # start PURCHASES: sets $url
    local fill=$1
    [ ! -f "$data/filled-$1" ] || fill=0
    start_host --log sqlite --record true --data "$data/record-$1" --fill "$fill"
    mkdir -p "$data"
    touch "$data/filled-$1"
}

ask() { # ask PURCHASES URL SECONDS: prints the mean microseconds of a request
    USERS=$(($1 / 100)) wrk -t1 -c1 -d"$3s" -s bench/history.lua "$2" >"$scratch/wrk.txt"
    ! grep -q "Non-2xx" "$scratch/wrk.txt" || { cat "$scratch/wrk.txt" >&2; exit 1; }
    awk '/^Requests\/sec/ { printf "%.1f\n", 1000000 / $2 }' "$scratch/wrk.txt"
}

echo "Filling the records ..."
start "$few"; url_few=$url
start "$many"; url_many=$url
for _ in 1 2; do
    ask "$few" "$url_few" "$seconds" >/dev/null
    ask "$many" "$url_many" "$seconds" >/dev/null
done

printf '%-12s %s\n' purchases "microseconds a page"
for _ in $(seq "$rounds"); do
    for which in few many; do
        name=url_$which
        printf '%-12s %s\n' "${!which}" "$(ask "${!which}" "${!name}" "$seconds" | tee -a "$scratch/$which")"
    done
done
a=$(median <"$scratch/many") b=$(median <"$scratch/few")
echo "a page at $many purchases against one at $few (medians): $a / $b = $(ratio "$a" "$b")"
