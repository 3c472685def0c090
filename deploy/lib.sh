# shellcheck shell=bash disable=SC2034
# What the scripts beside it share. Sourced, not run.

NAMESPACE=shopping-system
SECRET=shopping-secrets
# The version that the components were written against; its CRDs are what the tests check the ScaledObjects with.
KEDA_VERSION=${KEDA_VERSION:-2.20.2}
KEDA_NAMESPACE=keda

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
