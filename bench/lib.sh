# shellcheck shell=bash
# What the benchmark scripts share. Source it in the root of the repository.

# options NAME... -- ARGUMENT...: sets the variable NAME for every argument "--NAME VALUE". Anything else prints the script's
# own head as help.
options() {
    local names=" "
    while [ "$1" != -- ]; do names="$names$1 "; shift; done
    shift
    while [ $# -gt 0 ]; do
        case "$names" in
            *" ${1#--} "*) [ $# -gt 1 ] && printf -v "${1#--}" %s "$2" && shift 2 && continue ;;
        esac
        awk 'NR > 1 && /^#/ { sub(/^# ?/, ""); print; next } NR > 1 { exit }' "bench/${0##*/}"
        exit 2
    done
}

# need COMMAND [PACKAGE]
need() { command -v "$1" >/dev/null || { echo "$1 is needed (apt-get install ${2:-$1})." >&2; exit 1; }; }

build() { # build PROJECT...
    for project in "$@"; do dotnet build -c Release "$project" -v q --nologo | grep -v -e '^$' -e 'Warn' -e 'Error(s)' -e 'Time' -e 'succeeded' || true; done
}

scratch=$(mktemp -d)
started=
# What a script may change: a command that what is measured is started by, and the seconds between two looks at whether it has started.
limited=() poll=0.2
port=$((${BENCH_PORT:-20000} + RANDOM % 900))
cleanup() { # ends what this script started, and waits, so that nothing of it is left in the figures of the next one
    # shellcheck disable=SC2086 # a list
    if [ -n "$started" ]; then kill $started 2>/dev/null || true; wait $started 2>/dev/null || true; fi
    rm -rf "$scratch"
}
trap cleanup EXIT

# start_cluster TOPIC PARTITIONS BROKERS: librdkafka's mock cluster in a process of its own; sets $servers.
start_cluster() {
    : >"$scratch/servers"
    dotnet tools/ShoppingSystem.MockKafka/bin/Release/net10.0/ShoppingSystem.MockKafka.dll "$@" >"$scratch/servers" &
    started="$started $!"
    until servers=$(cat "$scratch/servers") && [ -n "$servers" ]; do kill -0 $!; sleep 0.1; done
}

# start_server DLL ARGUMENT...: a web server on a port of its own; sets $url and $pid.
start_server() {
    port=$((port + 1))
    url=http://127.0.0.1:$port
    dotnet "$1" --urls "$url" "${@:2}" >"$scratch/host-$port.txt" 2>&1 &
    pid=$!
    started="$started $pid"
    until curl -sf -o /dev/null "$url/alive"; do kill -0 $pid || { cat "$scratch/host-$port.txt" >&2; exit 1; }; sleep 0.2; done
}

# start_host ARGUMENT...: the benchmark's web server, on an empty data directory; sets $url and $pid.
start_host() {
    start_server bench/ShoppingSystem.BenchHost/bin/Release/net10.0/ShoppingSystem.BenchHost.dll --data "$scratch/data-$((port + 1))" "$@"
}

# start_peer NAME ARGUMENT...: a peer, see bench/peers; sets $url and $pid.
start_peer() { start_server "bench/peers/$1/bin/Release/net10.0/$1.dll" "${@:2}"; }

# clone_express: the Express original, built; sets $express.
clone_express() {
    need git
    need npm
    git clone -q --depth 1 https://github.com/EladSuzy/UNproject "$scratch/express-original"
    express=$(dirname "$(find "$scratch/express-original" -path "*/web-server/package.json")")
    (cd "$express" && npm install --no-audit --no-fund --loglevel error && npm run build --silent) >&2
}

# start_express DIR TOPIC: the web server of the Express original, which has been built; sets $url and $pid.
start_express() {
    [ -f "$1/dist/services/kafkaProducer.js" ] || { echo "$1 is not built: there is no dist/services/kafkaProducer.js." >&2; exit 1; }
    port=$((port + 1))
    url=http://127.0.0.1:$port
    # Its broker, topic and port are written into it.
    mkdir "$scratch/express"
    cp -r "$1/dist" "$1/package.json" "$scratch/express/"
    ln -s "$(cd "$1" && pwd)/node_modules" "$scratch/express/node_modules"
    sed -i "s/kafka:9092/${servers%%,*}/; s/USER_PURCHASES/$2/" "$scratch/express/dist/services/kafkaProducer.js"
    sed -i "s/listen(PORT,/listen($port, '127.0.0.1',/" "$scratch/express/dist/index.js"
    node "$scratch/express/dist/index.js" >/dev/null 2>"$scratch/express.txt" &
    pid=$!
    started="$started $pid"
    until curl -sf -o /dev/null -H "Content-Type: application/json" -d '{"username":"Ada","userId":"1","price":1}' "$url/api/buy"; do
        kill -0 $pid || { cat "$scratch/express.txt" >&2; exit 1; }
        sleep 0.2
    done
}

# clone_fastapi: the FastAPI original; sets $fastapi.
# shellcheck disable=SC2034 # read by the script
clone_fastapi() {
    need git
    git clone -q --depth 1 https://github.com/Avigdorrr/shopping-system-k8s "$scratch/fastapi-original"
    fastapi=$scratch/fastapi-original/apps/web-server
}

# install_fastapi DIR: what the FastAPI original pins, in an environment of its own; sets $python.
install_fastapi() {
    need python3 "python3 python3-venv"
    python3 -m venv "$scratch/python"
    python=$scratch/python/bin/python
    "$python" -m pip install -q --disable-pip-version-check -r "$1/requirements.txt" >&2
}

# start_fastapi DIR PYTHON TOPIC: the web server of the FastAPI original, with an interpreter that has its requirements; sets $url and $pid.
start_fastapi() {
    local interpreter
    interpreter=$(realpath -s "$(command -v "$2")")
    port=$((port + 1))
    url=http://127.0.0.1:$port
    # As its main.py and Dockerfile start it, except for the address.
    (cd "$1" && PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 KAFKA_BOOTSTRAP_SERVERS=$servers KAFKA_TOPIC=$3 \
        exec "${limited[@]}" "$interpreter" -m uvicorn main:app --host 127.0.0.1 --port "$port") >/dev/null 2>"$scratch/fastapi.txt" &
    pid=$!
    started="$started $pid"
    until curl -sf -o /dev/null "$url/-/ready"; do kill -0 $pid || { cat "$scratch/fastapi.txt" >&2; exit 1; }; sleep "$poll"; done
}

# cpu PID...: the user and system time of these processes so far, and that of their children that have ended, in ms.
cpu() {
    for process in "$@"; do sed 's/.*) //' "/proc/$process/stat"; done |
        awk -v hz="$(getconf CLK_TCK)" '{ t += $12 + $13 + $14 + $15 } END { printf "%d", t * 1000 / hz }'
}

# buy URL CONNECTIONS SECONDS [SCRIPT]: loads it; prints requests, requests/s, and the 50th and 99th percentile of the time of
# a request in ms.
buy() {
    wrk -t2 -c"$2" -d"$3s" --latency -s "${4:-bench/buy.lua}" "$1" >"$scratch/wrk.txt"
    ! grep -q "Non-2xx" "$scratch/wrk.txt" || { cat "$scratch/wrk.txt" >&2; exit 1; }
    awk 'function ms(t) { return t ~ /us$/ ? t / 1000 : t ~ /ms$/ ? t + 0 : t * 1000 }
        $1 == "50%" { p50 = ms($2) } $1 == "99%" { p99 = ms($2) }
        /requests in/ { n = $1 } /^Requests\/sec/ { print n, $2, p50, p99 }' "$scratch/wrk.txt"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# column RUNS NUMBER: one figure of all rounds of RUNS, a file of what was measured with a line for each round.
column() { cut -d' ' -f"$2" "$scratch/$1"; }

# ratios RUNS OTHER NUMBER: the median of the rounds' own ratios of a figure.
ratios() { printf %.2f "$(paste -d' ' <(column "$1" "$3") <(column "$2" "$3") | awk '{ print $1 / $2 }' | median)"; }

# compare RUNS OTHER NUMBER: the medians of a figure, and that of the ratios.
compare() { echo "$(column "$1" "$3" | median) against $(column "$2" "$3" | median), ratio = $(ratios "$@")"; }

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# start_standalone ARGUMENT...: on empty files; sets $shop, $api and $pid.
start_standalone() {
    port=$((port + 2))
    shop=http://127.0.0.1:$((port - 1)) api=http://127.0.0.1:$port
    dotnet ShoppingSystem.Standalone/bin/Release/net10.0/ShoppingSystem.Standalone.dll --Shopping:DataDirectory="$scratch/standalone-$port" \
        --Shopping:WebServerUrl="$shop" --Shopping:ManagementApiUrl="$api" "$@" >"$scratch/standalone-$port.txt" 2>&1 &
    pid=$!
    started="$started $pid"
    until curl -sf -o /dev/null "$shop/-/ready"; do kill -0 $pid || { cat "$scratch/standalone-$port.txt" >&2; exit 1; }; sleep 0.2; done
}

recorded() { curl -sf "$api/api/v1/stats" | grep -o '"recorded":[0-9]*' | head -1 | cut -d: -f2; } # purchases, in all
