#!/usr/bin/env bash
# What becomes of the shop when three times as many purchases arrive as it can serve. Finds the highest rate it stands (p99
# within 100 ms), then offers half of that, three times that for a while, and half of that again, in the open model. Prints
# goodput/peak, the latency of what was acknowledged, memory, and how long it took to be as before. The load takes processors
# from the server, and more of them in the overload: what the server itself does with a second of its own is a figure of its own.
#   bench/overload.sh [--times 3] [--seconds 15] [--admission N] [--peak RATE] [--from RATE]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

times=3 seconds=15 admission="" peak="" from=1000
options times seconds admission peak from -- "$@"
need jq

build ShoppingSystem.Standalone tools/ShoppingSystem.LoadTest
customers() { dotnet tools/ShoppingSystem.LoadTest/bin/Release/net10.0/ShoppingSystem.LoadTest.dll --url "$shop" --no-lag "$@"; }
load() { customers "$@" >"$scratch/load.txt" 2>&1; }
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ printf "%d", ($14 + $15) * 1000 / hz }' "/proc/$pid/stat"; } # of the server, ms
rss() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$pid/status"; }

start_standalone ${admission:+--Admission:MaxConcurrentRequests="$admission"} --Logging:LogLevel:Default=Error

if [ -z "$peak" ]; then
    load --rate max --from-rate "$from" --p99 100ms --duration 3s --warm-up 1s --json "$scratch/peak.json" || { cat "$scratch/load.txt"; exit 1; }
    peak=$(jq '.search.highestRate | floor' "$scratch/peak.json")
fi
start=$(cpu)
load --rate "$peak" --duration 5s --json "$scratch/at-peak.json" || { cat "$scratch/load.txt"; exit 1; }
at_peak=$(jq --argjson ms "$(($(cpu) - start))" '$ms * 1000 / .purchases.acknowledged' "$scratch/at-peak.json")
before=$(rss)
echo "peak      $peak purchases/s with p99 within 100 ms; $before MiB"

# One period: calm, overload at its end; then calm again. Beside the load a few customers buy one thing after the other: their
# latency counts from when they ask, whereas that of the load counts from when a purchase was due, which is mostly the time it
# waited for a connection of the generator.
calm=15
load --shape burst --rate "$((peak / 2))" --burst-rate "$((peak * times))" --burst-every "$((calm + seconds))s" --burst-length "${seconds}s" \
    --duration "$((calm + seconds + calm))s" --max-in-flight 6000 --timeout 1s --verify --json "$scratch/overload.json" &
generator=$!
sleep "$((calm + 3))"
start=$(cpu) from_time=$(date +%s%3N)
customers --connections 4 --duration "$((seconds - 5))s" --json "$scratch/customers.json" >/dev/null || true
busy=$(jq -n "($(cpu) - $start) / ($(date +%s%3N) - $from_time)")
wait "$generator" || { tail -n 40 "$scratch/load.txt"; exit 1; }
after=$(rss)
jq -r --argjson peak "$peak" --argjson from "$calm" --argjson to "$((calm + seconds))" --arg before "$before" --arg after "$after" \
    --argjson busy "$busy" --argjson atPeak "$at_peak" \
    --slurpfile customers "$scratch/customers.json" '
    def during: [.seconds[] | select(.at > $from + 1 and .at <= $to)];
    def rounded: . * 100 | round / 100;
    def errors: if . == {} then "none" else to_entries | map("\(.value) x \(.key)") | join(", ") end;
    (during | map(.acknowledgedPerSecond) | add / length) as $goodput
    | ([.seconds[] | select(.at > $to and .failedPerSecond == 0 and .p99Ms <= 100)][0].at // null) as $good
    | $customers[0].purchases as $beside
    | "overload   \(during | map(.duePerSecond // 0) | add / length | round) purchases/s due for \($to - $from) s",
      "goodput    \($goodput | round)/s acknowledged; goodput/peak \($goodput / $peak | rounded)",
      "server     \($busy | rounded) processors; \($busy * 1e6 / $goodput | round) µs per acknowledged purchase, what is refused included; at the peak \($atPeak | round) µs: efficiency \($atPeak * $goodput / $busy / 1e6 | rounded) of the peak\u0027s",
      "not served \(.purchases.errors | errors); \(.purchases.notSent) not sent, because the generator had no free connection for 1 s",
      "latency    of what was acknowledged to customers beside the load: p50 \($beside.latencyMs.p50 | rounded) ms, p99 \($beside.latencyMs.p99 | rounded) ms (\($beside.acknowledged) acknowledged; refused: \($beside.errors | errors))",
      "recovery   \(if $good then "\($good - $to | rounded) s after the end of the overload nothing failed and p99 was within 100 ms" else "not within \($from) s" end)",
      "memory     \($before) MiB before, \($after) MiB after",
      "generator  \(.generator.cpuMs / 1000 | round) s of CPU",
      "proof      \(.verification.acknowledged) acknowledged, \(.verification.lost) lost, \(.verification.doubled) doubled"
' "$scratch/overload.json"
