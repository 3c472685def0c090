#!/usr/bin/env bash
# Puts load on the shop: runs the load test as a Job in the cluster, follows it, and says whether every acknowledged purchase was
# recorded exactly once. Ctrl-C ends it and leaves nothing paused.
#
# usage: deploy/load.sh [--rate R] [--duration D] [--backlog N] [--anyway] [-- OPTION...]
#   --rate R        purchases a second (500; with --backlog 2000)
#   --duration D    for how long, like 60s or 3m (60s)
#   --backlog N     pause the recorder, make N purchases, which takes N / R seconds, and resume it; show pods and lag until all
#                   are recorded and the additional pods are removed again. There are no histories while the recorder is paused
#   --anyway        also where real customers buy: what it buys stays in the record. Without it, only where the overlay says that
#                   load tests are welcome, as minikube does
#   -- OPTION...    more options of the load test (tools/ShoppingSystem.LoadTest), for example: -- --users 5000 --retry
#   -h, --help      this text
#
# Ends as the load test does: 0 all holds, 1 lost, doubled, altered or foreign purchases, 2 wrong options, 3 nothing acknowledged,
# 4 histories could not be read.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"

rate='' duration='' backlog='' anyway=false more=()
while [ $# -gt 0 ]; do
    case $1 in
        --rate | --duration | --backlog)
            if [ $# = 1 ] || [ -z "$2" ]; then fail "$1 needs a value."; fi
            case $1 in
                --rate) rate=$2 ;;
                --duration) duration=$2 ;;
                --backlog) backlog=$2 ;;
            esac
            shift
            ;;
        --anyway) anyway=true ;;
        --) shift; more=("$@"); break ;;
        -h | --help) usage "$0"; exit 0 ;;
        *) fail "Unknown argument '$1'." "See $0 --help" ;;
    esac
    shift
done
whole() { case $1 in '' | *[!0-9]* | 0*) return 1 ;; esac }
if [ -n "$backlog" ]; then
    whole "$backlog" || fail "--backlog needs a number of purchases."
    [ -z "$duration" ] || fail "--backlog buys for as long as it takes: leave out --duration."
    rate=${rate:-2000}
    whole "$rate" || fail "--backlog needs a whole --rate."
    seconds=$(((backlog + rate - 1) / rate))
    duration=${seconds}s
fi
rate=${rate:-500} duration=${duration:-60s}

need_cluster
deployment() { kubectl -n "$NAMESPACE" get deployment "$1" --ignore-not-found -o "jsonpath=$2"; }
image=$(deployment web-server '{.spec.template.spec.containers[0].image}')
[ -n "$image" ] || fail "There is no shop in this cluster." "deploy/setup.sh makes one."
if ! $anyway && [ "$(deployment web-server '{.metadata.annotations.shopping-system/load-tests}')" != welcome ]; then
    fail "This shop does not take load tests (context $(kubectl config current-context)): what they buy stays in the record." \
        "--anyway buys there nevertheless."
fi
# Built and loaded, or pushed, together with the services.
image=${image%web-server:*}load-test:${image##*:}
recorder=scaledobject/management-api
if [ -n "$backlog" ] && is_paused "$recorder"; then
    fail "The recorder is paused already." "Resume it first: kubectl -n $NAMESPACE annotate $recorder $PAUSED_REPLICAS-"
fi

job=load-test-$(date +%Y%m%d%H%M%S)
paused=false started=false ended=''
resume() {
    ! $paused || kubectl -n "$NAMESPACE" annotate "$recorder" "$PAUSED_REPLICAS-" >/dev/null
    paused=false
}
# shellcheck disable=SC2317  # It is the trap's.
leave() {
    resume
    if $started && [ -z "$ended" ]; then kubectl -n "$NAMESPACE" delete job "$job" --ignore-not-found --wait=false >/dev/null; fi
}
trap leave EXIT
trap 'exit 130' INT TERM

# How the load test ended, as soon as it has.
code() {
    kubectl -n "$NAMESPACE" get pods --selector "job-name=$job" -o 'jsonpath={.items[0].status.containerStatuses[0].state.terminated.exitCode}' 2>/dev/null || true
}

start() {
    local options='' option
    for option in --url http://web-server:8081 --rate "$rate" --duration "$duration" --users 500 --verify 15m "$@" ${more[@]+"${more[@]}"}; do
        options="$options, \"$(printf '%s' "$option" | sed 's/[\\"]/\\&/g')\""
    done
    kubectl -n "$NAMESPACE" apply -f - >/dev/null <<JOB
apiVersion: batch/v1
kind: Job
metadata:
  name: $job
  namespace: $NAMESPACE
  labels: {app: load-test}
spec:
  # Once: purchases of a second try would look like those of the first.
  backoffLimit: 0
  ttlSecondsAfterFinished: 3600
  template:
    metadata:
      labels: {app: load-test}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 1654
        runAsGroup: 1654
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: load-test
          image: $image
          imagePullPolicy: IfNotPresent
          args: [${options#, }]
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {cpu: "2", memory: 512Mi}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
      volumes:
        - {name: tmp, emptyDir: {sizeLimit: 64Mi}}
JOB
    started=true
    local deadline=$((SECONDS + 180))
    until [ -n "$(kubectl -n "$NAMESPACE" get pods --selector "job-name=$job" -o 'jsonpath={.items[0].status.containerStatuses[0].state.running}{.items[0].status.containerStatuses[0].state.terminated}' 2>/dev/null || true)" ]; do
        if [ $SECONDS -ge $deadline ]; then
            kubectl -n "$NAMESPACE" describe pods --selector "job-name=$job" | tail -n 15 >&2 || true
            fail "The load test does not start." "Is its image there? $image (deploy/setup.sh builds it with the others)"
        fi
        sleep 1
    done
}

# follow [PREFIX]: shows the log up to a line with that prefix, or to the end. A connection that breaks is made again.
follow() {
    local line tail=-1
    while true; do
        while IFS= read -r line; do
            if [ -n "${1:-}" ] && [ "${line#"$1"}" != "$line" ]; then return; fi
            printf '%s\n' "$line"
        done < <(kubectl -n "$NAMESPACE" logs --follow --tail "$tail" "job/$job" 2>/dev/null)
        tail=1
        # Its exit code is there a moment after the end of its log.
        for _ in 1 2 3 4 5; do
            ended=$(code)
            [ -z "$ended" ] || return 0
            sleep 1
        done
    done
}

if [ -z "$backlog" ]; then
    step "Buying $rate a second for $duration (Job $job)"
    start
    follow
    exit "$ended"
fi

least=$(kubectl -n "$NAMESPACE" get "$recorder" -o 'jsonpath={.spec.minReplicaCount}')
step "Pausing the recorder"
paused=true
kubectl -n "$NAMESPACE" annotate "$recorder" "$PAUSED_REPLICAS=0" >/dev/null
kubectl -n "$NAMESPACE" wait --for delete pod --selector app=management-api --timeout 120s >/dev/null 2>&1 \
    || fail "The recorder does not stop within 120 s." "kubectl -n $NAMESPACE describe $recorder"

step "Buying $backlog at $rate a second, which takes $duration (Job $job)"
start --no-lag
follow verifying:
# It went wrong before it had sold anything, and has said why.
[ -z "$ended" ] || exit "$ended"

step "Resuming the recorder. The lag is shown as KEDA reports it, which is at most what all of its pods could use"
resume
begun=$SECONDS most=0 recorded=''
while true; do
    lag=$(lag)
    replicas=$(deployment management-api '{.spec.replicas}' || true) ready=$(deployment management-api '{.status.readyReplicas}' || true)
    replicas=${replicas:-0} ready=${ready:-0}
    [ "$replicas" -le "$most" ] || most=$replicas
    printf '    %5s s  lag %-10s pods %2s, ready %2s\n' $((SECONDS - begun)) "${lag%%:*}" "$replicas" "$ready"
    if [ -z "$ended" ]; then
        ended=$(code)
        if [ -n "$ended" ]; then
            recorded=$((SECONDS - begun))
            step "Everything is recorded and read back. The additional pods are now removed, one a minute. Ctrl-C ends this"
            kubectl -n "$NAMESPACE" logs "job/$job" | awk '/^verifying:/ { text = ""; next } { text = text $0 "\n" } END { printf "%s", text }'
        fi
    elif [ "$replicas" = "$least" ]; then
        break
    fi
    [ $((SECONDS - begun)) -lt 3600 ] || fail "It is not over after an hour." "deploy/watch.sh"
    sleep 5
done
step "pods: $least, at most $most, $replicas in the end; recorded and read back after $recorded s"
[ "$most" -gt "$least" ] || say "So few purchases are recorded before the autoscaler looks, which it does every 15 s. Try --backlog 600000."
exit "$ended"
