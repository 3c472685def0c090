#!/usr/bin/env bash
# Starts a packed Standalone (tools/pack-standalone.sh) on free ports of this machine, buys once, and waits for it in the history.
#
#   tools/try-standalone.sh ARCHIVE
set -euo pipefail
if [ $# != 1 ] || [ ! -f "$1" ]; then
    sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
fi

work=$(mktemp -d)
mkdir "$work/program"
tar -C "$work/program" --strip-components 1 -xzf "$1"
"$work/program/ShoppingSystem.Standalone" --Shopping:DataDirectory="$work/data" \
    --Shopping:WebServerUrl=http://127.0.0.1:0 --Shopping:ManagementApiUrl=http://127.0.0.1:0 >"$work/output" 2>&1 &
standalone=$!
trap 'kill "$standalone" 2>/dev/null || true; wait "$standalone" || true; rm -rf "$work"' EXIT

for _ in {1..150}; do
    shop=$(grep -oE 'http://127\.0\.0\.1:[0-9]+' "$work/output" | head -n 1 || true)
    if [ -n "$shop" ] && curl -fsS "$shop/-/ready" >/dev/null 2>&1; then
        curl -fsS "$shop/api/v1/buy" -H 'Content-Type: application/json' -d '{"username":"Ada","userid":"ada","price":12.5}'
        echo
        for _ in {1..50}; do
            history=$(curl -fsS "$shop/api/v1/getAllUserBuys/ada")
            if [ "$history" != "[]" ]; then
                echo "$history"
                exit 0
            fi
            sleep 0.1
        done
        break
    fi
    kill -0 "$standalone" 2>/dev/null || break
    sleep 0.2
done
cat "$work/output" >&2
echo "It did not start, or the purchase is in no history." >&2
exit 1
