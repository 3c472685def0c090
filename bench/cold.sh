#!/usr/bin/env bash
# What an autoscaler's help costs its first customers: the web server from the start of its process, with as much of a processor as --cores says.
# "image" is what the container image has (deploy/Images.props): the shop and its packages compiled ahead, on the runtime of this machine;
# "composite" brings the runtime along, compiled together with the shop, which takes minutes; "not ahead" has nothing of its own compiled ahead;
# with --fastapi, the FastAPI original too. In turns, over the mock cluster. Each round starts each of them twice, anew:
#   serving       ms until the probe of a cluster answers 200 (/-/serving; the original has /-/ready)
#   ready         ms until /-/ready does, with the first buy before it
#   first buy     ms of one purchase as the first request
#   first of 64   ms of the slowest of 64 purchases that are the first requests, on 64 connections at once
#   MiB           resident after these 64; "own" is that without the pages of files, which the system can drop
# Prints every round, and the medians. Needs Linux, curl 7.66; root and a writable cgroup (v1 or v2), or systemd-run, for --cores, without which
# nothing is limited.
#   bench/cold.sh [--rounds 5] [--cores "1 0.5"] [--fastapi DIR] [--python PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
. bench/lib.sh

rounds=5 cores="1 0.5" fastapi='' python=''
options rounds cores fastapi python -- "$@"
need curl
purchase='{"username":"Ada","userid":"1","price":1}'

build tools/ShoppingSystem.MockKafka
publish() { # publish NAME ARGUMENT...
    dotnet publish ShoppingSystem.WebServer -c Release -r linux-x64 --artifacts-path "$scratch/artifacts-$1" -o "$scratch/$1" -v q --nologo "${@:2}" >"$scratch/publish.txt" ||
        { cat "$scratch/publish.txt" >&2; exit 1; }
}
publish image --self-contained false
publish composite --self-contained -p:PublishReadyToRunComposite=true
publish "not ahead" --self-contained false -p:PublishReadyToRun=false
servers_compared=(image composite "not ahead")
if [ -n "$fastapi" ]; then
    [ -n "$python" ] || install_fastapi "$fastapi"
    servers_compared+=(fastapi)
fi

# limit CORES: what is started with "${limited[@]}" gets no more.
group=
trap 'cleanup; [ -z "$group" ] || rmdir "$group"' EXIT
# shellcheck disable=SC2016 # a variable of the shell that is started
limit() {
    local quota
    quota=$(awk -v cores="$1" 'BEGIN { printf "%d", cores * 100000 }')
    if [ -f /sys/fs/cgroup/cpu/cpu.cfs_quota_us ]; then
        group=/sys/fs/cgroup/cpu/bench-cold-$$
        mkdir -p "$group" && echo "$quota" >"$group/cpu.cfs_quota_us"
    elif grep -qw cpu /sys/fs/cgroup/cgroup.subtree_control; then
        group=/sys/fs/cgroup/bench-cold-$$
        mkdir -p "$group" && echo "$quota 100000" >"$group/cpu.max"
    else
        false
    fi 2>/dev/null && limited=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group") && return
    group=
    limited=(systemd-run --quiet --scope -p "CPUQuota=$((quota / 1000))%")
    "${limited[@]}" true 2>/dev/null || { limited=() && echo "No processor can be limited here: all of it for $1 cores."; }
}

start() { # start NAME: sets $url, $pid, and $serving in ms
    local from dll=$scratch/$1/ShoppingSystem.WebServer.dll
    from=$(date +%s%N)
    if [ "$1" = fastapi ]; then
        start_fastapi "$fastapi" "$python" purchases
    else
        port=$((port + 1))
        url=http://127.0.0.1:$port
        # What brings the runtime along starts with the program.
        local program=(dotnet "$dll")
        [ ! -f "$scratch/$1/libcoreclr.so" ] || program=("${dll%.dll}")
        "${limited[@]}" "${program[@]}" --urls "$url" --ConnectionStrings:kafka="$servers" >"$scratch/host.txt" 2>&1 &
        pid=$!
        started="$started $pid"
        until curl -sf -o /dev/null "$url/-/serving"; do kill -0 $pid || { cat "$scratch/host.txt" >&2; exit 1; }; sleep "$poll"; done
    fi
    serving=$(since "$from")
}

since() { echo $((($(date +%s%N) - $1) / 1000000)); }

stop() {
    started=${started% *}
    kill "$pid"
    wait "$pid" || true
}

buys() { # buys NUMBER: as many at once; prints the ms of the slowest
    curl -sf --no-progress-meter -Z --parallel-immediate --parallel-max "$1" -o /dev/null -w '%{time_total}\n' \
        -H 'Content-Type: application/json' -d "$purchase" "$url/api/v1/buy?[1-$1]" | sort -n | awk '{ t = $1 } END { printf "%d", t * 1000 + 0.5 }'
}

poll=0.01
start_cluster purchases 12 1
for share in $cores; do
    limit "$share"
    printf '%-8s %-12s %8s %8s %10s %12s %6s %6s\n' cores server serving ready "first buy" "first of 64" MiB own
    for round in $(seq 0 "$rounds"); do # the first one only reads the files
        for name in "${servers_compared[@]}"; do
            began=$(date +%s%N)
            start "$name"
            first=$(buys 1)
            until curl -sf -o /dev/null "$url/-/ready"; do sleep "$poll"; done
            ready=$(since "$began")
            stop
            green=$serving
            start "$name"
            many=$(buys 64)
            memory=$(awk '/^VmRSS/ { all = $2 } /^RssFile/ { files = $2 } END { printf "%d %d", all / 1024, (all - files) / 1024 }' "/proc/$pid/status")
            stop
            # shellcheck disable=SC2086 # two figures
            [ "$round" = 0 ] || printf '%-8s %-12s %8s %8s %10s %12s %6s %6s\n' "$share" "$name" "$green" "$ready" "$first" "$many" $memory
            [ "$round" = 0 ] || echo "$green $ready $first $many $memory" >>"$scratch/runs-$share-$name"
        done
    done
done

echo
echo "| cores | server | serving, ms | ready, ms | first buy, ms | first of 64, ms | MiB | own |"
echo "|---|---|---|---|---|---|---|---|"
for share in $cores; do
    for name in "${servers_compared[@]}"; do
        row="| $share | $name |"
        for figure in 1 2 3 4 5 6; do row="$row $(column "runs-$share-$name" $figure | median) |"; done
        echo "$row"
    done
done
