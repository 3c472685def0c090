#!/usr/bin/env bash
# Takes the shop out of the cluster. Asks first.
#
# usage: deploy/teardown.sh [--keep-data] [--keda] [--yes]
#   --keep-data   leave the namespace, the volumes of Kafka and MongoDB and the secrets; setup.sh goes on with them.
#                 What operators run (overlay highly-available) goes on running
#   --keda        uninstall KEDA too
#   --yes         don't ask
#   -h, --help    this text
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"

keep=false keda=false yes=false
for argument in "$@"; do
    case $argument in
        --keep-data) keep=true ;;
        --keda) keda=true ;;
        --yes) yes=true ;;
        -h | --help) usage "$0"; exit 0 ;;
        *) fail "Unknown argument '$argument'." "See $0 --help" ;;
    esac
done

need_cluster
if $keda; then need helm "See https://helm.sh/docs/intro/install/"; fi
if [ -n "$(kubectl get namespace "$NAMESPACE" --ignore-not-found -o name)" ]; then
    what="the shop, its data and its secrets"
    if $keep; then what="the shop, but not its data"; fi
    $yes || confirm "Delete $what (namespace $NAMESPACE, context $(kubectl config current-context))?"

    # While KEDA is there to let go of them: without it, they and the namespace would never go away.
    step "Scaling"
    if kubectl get crd scaledobjects.keda.sh >/dev/null 2>&1; then
        kubectl -n "$NAMESPACE" delete scaledobjects,triggerauthentications --all --timeout 60s
    fi
    operated=false
    [ -z "$(kubectl get crd kafkas.kafka.strimzi.io --ignore-not-found -o name)" ] \
        || [ -z "$(kubectl -n "$NAMESPACE" get kafka shop --ignore-not-found -o name)" ] || operated=true
    if $keep && $operated; then
        step "Services"
        # What the operators run stays as it is: they would bring it back.
        kubectl -n "$NAMESPACE" delete ingress,service,deployment web-server management-api --ignore-not-found
        say "Kept, and running: Kafka and MongoDB"
    elif $keep; then
        step "Workloads"
        kubectl -n "$NAMESPACE" delete ingresses,services,deployments,statefulsets,poddisruptionbudgets,networkpolicies --all
        say "Kept: $(kubectl -n "$NAMESPACE" get pvc,secret -o name | tr '\n' ' ')"
    else
        if $operated; then
            # While Strimzi is there to let go of it: without the broker, a topic and with it the namespace would never go away.
            step "Topic"
            kubectl -n "$NAMESPACE" delete kafkatopics,kafkausers --all --timeout 120s
        fi
        step "Namespace $NAMESPACE"
        kubectl delete namespace "$NAMESPACE"
    fi
else
    say "There is no namespace $NAMESPACE."
fi

if $keda; then
    step "KEDA"
    others=$(kubectl get scaledobjects --all-namespaces -o name 2>/dev/null || true)
    [ -z "$others" ] || fail "KEDA still scales others: $(echo "$others" | tr '\n' ' ')"
    helm uninstall keda --namespace "$KEDA_NAMESPACE" --ignore-not-found --wait
    kubectl delete namespace "$KEDA_NAMESPACE" --ignore-not-found
fi
rm -rf "$here/.local"
step "Done"
