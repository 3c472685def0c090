#!/usr/bin/env bash
# Accept to recorded: how long it takes until a purchase is part of the record, at half the highest rate of Standalone. The
# highest rate is the one that the load test finds (99 % acknowledged within 100 ms and, so that no backlog grows, recorded within
# a second), unless --rate names it. Prints for every run the 99th percentile of the acknowledgement; that of what a customer
# sees, from the acknowledgement until the purchase is in the history (two purchases a second); and what the server has of all
# purchases of the last minute (the metric shopping.record.latency, as /api/v1/stats has it; so a run waits until the one before
# is out of it). Then the medians.
#   bench/latency.sh [--rounds 3] [--duration 12s] [--rate max]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

rounds=3 duration=12s rate=max
options rounds duration rate -- "$@"

build ShoppingSystem.Standalone tools/ShoppingSystem.LoadTest

loadtest() {
    dotnet tools/ShoppingSystem.LoadTest/bin/Release/net10.0/ShoppingSystem.LoadTest.dll \
        --url "$shop" --users 500 --json "$scratch/result.json" "$@" >"$scratch/loadtest.txt" 2>&1 || { cat "$scratch/loadtest.txt" >&2; exit 1; }
}

figure() { # figure OBJECT NAME: the first of this name after the first object of that name
    awk -v object="\"$1\":" -v name="\"$2\":" '$1 == object { in_it = 1 } in_it && $1 == name { sub(/,$/, "", $2); print $2; exit }' "$scratch/result.json"
}

# What a search or a run has left to be recorded, and what it took, is no part of the next figures.
drain() {
    for _ in $(seq 600); do [ "$(lag)" != 0 ] || break; sleep 0.2; done
    [ "$(lag)" = 0 ] || { echo "not recorded after 2 minutes: $(lag)" >&2; exit 1; }
    until curl -sf "$api/api/v1/stats" | grep -q '"p50":null'; do sleep 0.5; done
}
lag() { curl -sf "$api/api/v1/stats" | grep -oE '"lag":[0-9]+' | cut -d: -f2; }

warm() { start_standalone; loadtest --connections 64 --duration 8s --no-lag; }
warm
if [ "$rate" = max ]; then
    loadtest --rate max --max-lag 1s --from-rate 2000 --warm-up 2s --duration 8s
    rate=$(figure search highestRate)
    echo "highest rate: $rate/s"
    # On new files: the search has left a record of some size behind.
    kill "$pid" && wait "$pid" || true
    warm
fi
half=$(awk -v r="$rate" 'BEGIN { printf "%.0f", r / 2 }')

printf '%-12s %14s %16s %16s %16s\n' "purchases/s" "buy p99 ms" "history p99 ms" "recorded p50 ms" "recorded p99 ms"
for _ in $(seq "$rounds"); do
    drain
    loadtest --rate "$half" --warm-up 2s --duration "$duration"
    stats=$(curl -sf "$api/api/v1/stats" | grep -o '"latency[^}]*}')
    buy=$(figure latencyMs p99) history=$(figure recordingLagMs p99)
    [ -n "$history" ] || history=never # not one of them was seen before the end
    p50=$(grep -o '"p50":[0-9.]*' <<<"$stats" | cut -d: -f2) p99=$(grep -o '"p99":[0-9.]*' <<<"$stats" | cut -d: -f2)
    echo "$(figure purchases acknowledgedPerSecond) $buy $history $p50 $p99" | tee -a "$scratch/runs" |
        awk '{ printf "%-12.0f %14.1f %16s %16.1f %16.1f\n", $1, $2, $3, $4, $5 }'
done
at() { cut -d' ' -f"$1" "$scratch/runs" | median; }
printf 'accept to recorded at %s purchases/s, p99: %.1f ms; seen in the history, p99: %s ms (medians of %s)\n' "$half" "$(at 5)" "$(at 3)" "$rounds"
