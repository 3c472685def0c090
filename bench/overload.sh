#!/usr/bin/env bash
# What becomes of the shop when three times as many purchases arrive as it can serve. Finds the highest rate it stands (p99
# within 100 ms), then offers half of that, three times that for a while, and half of that again, in the open model. Prints
# goodput/peak, the latency of what was acknowledged, memory, and how long it took to be as before.
#   bench/overload.sh [--times 3] [--seconds 15] [--admission N] [--peak RATE] [--from RATE]
set -euo pipefail
cd "$(dirname "$0")/.."

times=3 seconds=15 admission= peak= from=1000
while [ $# -gt 0 ]; do
    case "$1" in
        --times) times=$2 ;;
        --seconds) seconds=$2 ;;
        --admission) admission=$2 ;;
        --peak) peak=$2 ;;
        --from) from=$2 ;;
        *) sed -n '2,5p' "$0"; exit 2 ;;
    esac
    shift 2
done
command -v jq >/dev/null || { echo "jq is needed (apt-get install jq)." >&2; exit 1; }

dotnet build -c Release ShoppingSystem.Standalone -v q --nologo
dotnet build -c Release tools/ShoppingSystem.LoadTest -v q --nologo
load() { dotnet tools/ShoppingSystem.LoadTest/bin/Release/net10.0/ShoppingSystem.LoadTest.dll --url "http://127.0.0.1:$port" --no-lag "$@" >"$data/load.txt" 2>&1; }
rss() { awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$server/status"; }

data=$(mktemp -d) server=
trap 'kill $server 2>/dev/null || true; rm -rf "$data"' EXIT
port=$((20000 + RANDOM % 1000))
dotnet ShoppingSystem.Standalone/bin/Release/net10.0/ShoppingSystem.Standalone.dll --Shopping:DataDirectory="$data/shop" \
    --Shopping:WebServerUrl="http://127.0.0.1:$port" --Shopping:ManagementApiUrl="http://127.0.0.1:$((port + 1))" \
    ${admission:+--Admission:MaxConcurrentRequests="$admission"} --Logging:LogLevel:Default=Error >"$data/shop.txt" 2>&1 &
server=$!
for _ in $(seq 200); do curl -sf -o /dev/null "http://127.0.0.1:$port/alive" && break; sleep 0.05; done

if [ -z "$peak" ]; then
    load --rate max --from-rate "$from" --p99 100ms --duration 3s --warm-up 1s --json "$data/peak.json" || { cat "$data/load.txt"; exit 1; }
    peak=$(jq '.search.highestRate | floor' "$data/peak.json")
fi
before=$(rss)
echo "peak      $peak purchases/s with p99 within 100 ms; $before MiB"

# The burst is the end of the first period; the second period, which the run ends within, is the recovery.
calm=$((peak / 2))
load --shape burst --rate "$calm" --burst-rate "$((peak * times))" --burst-every "$((seconds + 5))s" --burst-length "${seconds}s" \
    --duration "$((seconds + 15))s" --max-in-flight 6000 --timeout 2s --verify --json "$data/overload.json" || { tail -n 40 "$data/load.txt"; exit 1; }
after=$(rss)
jq -r --argjson peak "$peak" --argjson from 5 --argjson to "$((5 + seconds))" --arg before "$before" --arg after "$after" '
    def during: [.seconds[] | select(.at > $from + 1 and .at <= $to)];
    def rounded: . * 100 | round / 100;
    (during | map(.acknowledgedPerSecond) | add / length) as $goodput
    | (during | map(.failedPerSecond) | add / length) as $failed
    | ([.seconds[] | select(.at > $to and .failedPerSecond == 0 and .p99Ms <= 100)][0].at // null) as $good
    | "overload  \(during | map(.duePerSecond // 0) | add / length | round) purchases/s due for \($to - $from) s",
      "goodput   \($goodput | round)/s acknowledged, \($failed | round)/s refused or failed; goodput/peak \($goodput / $peak | rounded)",
      "latency   of the acknowledged, by second: p99 median \(during | map(.p99Ms) | sort | .[length / 2 | floor] | round) ms, highest \(during | map(.p99Ms) | max | round) ms",
      "errors    \(.purchases.errors | to_entries | map("\(.value) x \(.key)") | join(", ")); not sent: \(.purchases.notSent), waited for a connection: \(.purchases.waited)",
      "recovery  \(if $good then "within \($good - $to | rounded) s of the end of the overload" else "not within the run" end)",
      "memory    \($before) MiB before, \($after) MiB after",
      "generator \(.generator.cpuMs / 1000 | round) s of CPU",
      "proof     \(.verification.acknowledged) acknowledged, \(.verification.lost) lost, \(.verification.doubled) doubled"
' "$data/overload.json"
