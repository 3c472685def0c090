# shellcheck shell=bash disable=SC2034
# What the scripts beside it share. Sourced, not run.

NAMESPACE=shopping-system
SECRET=shopping-secrets
# The version that the components were written against; its CRDs are what the tests check the ScaledObjects with.
KEDA_VERSION=${KEDA_VERSION:-2.20.2}
KEDA_NAMESPACE=keda
# The operators that the overlay highly-available was written for; deploy/tools/crds says which of their fields it uses.
STRIMZI_VERSION=${STRIMZI_VERSION:-1.2.0}
MONGODB_OPERATOR_VERSION=${MONGODB_OPERATOR_VERSION:-1.10.0}

if [ -t 1 ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

step() { printf '%s==> %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '    %s\n' "$*"; }
fail() {
    printf 'ERROR: %s\n' "$1" >&2
    shift
    [ $# = 0 ] || printf '       %s\n' "$@" >&2
    exit 1
}

# need COMMAND HOW-TO-GET-IT
need() { command -v "$1" >/dev/null 2>&1 || fail "'$1' is not installed." "$2"; }

need_kubectl() { need kubectl "See https://kubernetes.io/docs/tasks/tools/"; }

need_cluster() {
    need_kubectl
    kubectl cluster-info >/dev/null 2>&1 \
        || fail "No cluster answers (context: $(kubectl config current-context 2>/dev/null || echo none))." \
            "Start one (minikube start), or choose another: kubectl config use-context NAME"
}

# usage FILE: prints the comment at the head of a script.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"; }

confirm() {
    [ -t 0 ] || fail "This asks before it deletes, and nobody is there to answer." "Say --yes to go on without asking."
    local answer
    read -r -p "$1 [y/N] " answer
    case $answer in y | Y | yes) ;; *) fail "Nothing was changed." ;; esac
}

# Pausing a ScaledObject, as KEDA's annotations have it.
PAUSED_REPLICAS=autoscaling.keda.sh/paused-replicas
is_paused() {
    local annotations
    annotations=$(kubectl -n "$NAMESPACE" get "$1" -o 'jsonpath={.metadata.annotations}')
    case $annotations in *\"autoscaling.keda.sh/paused*) return 0 ;; *) return 1 ;; esac
}
# look_again SCALEDOBJECT: has KEDA look at it now. It looks when an annotation of pausing changes, whatever it says; this one says
# that nothing is paused. One that somebody put there stays.
look_again() {
    ! kubectl -n "$NAMESPACE" annotate "$1" autoscaling.keda.sh/paused-scale-in=false >/dev/null 2>&1 \
        || kubectl -n "$NAMESPACE" annotate "$1" autoscaling.keda.sh/paused-scale-in- >/dev/null 2>&1 || true
}

# The lag as KEDA tells it to the autoscaler: never more than the partitions with lag can use.
lag() {
    local metric
    metric=$(kubectl -n "$NAMESPACE" get scaledobject management-api -o 'jsonpath={.status.externalMetricNames[0]}' 2>/dev/null || true)
    if [ -z "$metric" ]; then echo "unknown: KEDA has no metric yet (kubectl -n $NAMESPACE describe scaledobject management-api)"; return; fi
    kubectl get --raw "/apis/external.metrics.k8s.io/v1beta1/namespaces/$NAMESPACE/$metric?labelSelector=scaledobject.keda.sh%2Fname%3Dmanagement-api" 2>/dev/null \
        | sed -n 's/.*"value":"\([^"]*\)".*/\1/p' | sed 's/^$/unknown/' | grep . || echo "unknown: KEDA can't read it (kubectl -n $KEDA_NAMESPACE logs deploy/keda-operator)"
}
