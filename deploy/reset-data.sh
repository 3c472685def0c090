#!/usr/bin/env bash
# Empties the shop's data in the cluster's own Kafka and MongoDB. Asks first.
#
# usage: deploy/reset-data.sh drop|wipe [--yes]
#   drop        empty the record: what was bought is no longer in anybody's history. The log keeps its events, and they are not
#               recorded again
#   wipe        start over: the volumes of Kafka and MongoDB are deleted, and the password with them
#   --yes       don't ask
#   -h, --help  this text
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"

what='' yes=false
for argument in "$@"; do
    case $argument in
        drop | wipe) what=$argument ;;
        --yes) yes=true ;;
        -h | --help) usage "$0"; exit 0 ;;
        *) fail "Unknown argument '$argument'." "See $0 --help" ;;
    esac
done
[ -n "$what" ] || fail "drop or wipe?" "See $0 --help"

need_cluster
has() { [ -n "$(kubectl -n "$NAMESPACE" get "$1" --ignore-not-found -o name)" ]; }
has pvc/data-mongodb-0 || fail "There is no data of the shop in this cluster (namespace $NAMESPACE)." \
    "Data in an external MongoDB or Kafka is not this script's to delete."
$yes || confirm "$(if [ "$what" = drop ]; then echo "Empty the record"; else echo "Delete log and record"; fi) (namespace $NAMESPACE, context $(kubectl config current-context))?"

if [ "$what" = drop ]; then
    step "Emptying the record"
    # The password stays in the pod that has it anyway. The variable is meant for the shell there.
    # shellcheck disable=SC2016
    kubectl -n "$NAMESPACE" exec mongodb-0 -- sh -c \
        'exec mongosh --quiet -u "$MONGO_INITDB_ROOT_USERNAME" -p "$MONGO_INITDB_ROOT_PASSWORD" --eval "db.getSiblingDB(\"shopping\").dropDatabase()"'
    step "Restarting the management API, which makes its indexes when it starts"
    kubectl -n "$NAMESPACE" rollout restart deployment/management-api
    kubectl -n "$NAMESPACE" rollout status deployment/management-api --timeout 300s
else
    step "Stopping the services"
    # Otherwise KEDA would start them again. setup.sh brings these back, once Kafka is there to be asked.
    kubectl -n "$NAMESPACE" delete scaledobjects --all --timeout 60s 2>/dev/null || true
    for service in web-server management-api; do
        ! has "deployment/$service" || kubectl -n "$NAMESPACE" scale "deployment/$service" --replicas 0
    done
    step "Deleting the volumes"
    kubectl -n "$NAMESPACE" delete statefulset kafka mongodb --ignore-not-found
    kubectl -n "$NAMESPACE" wait --for delete pod/kafka-0 pod/mongodb-0 --timeout 120s 2>/dev/null || true
    kubectl -n "$NAMESPACE" delete pvc data-kafka-0 data-mongodb-0 --ignore-not-found
    kubectl -n "$NAMESPACE" patch secret "$SECRET" --type json --patch '[{"op": "remove", "path": "/data/mongodb-password"}]' 2>/dev/null || true
    step "Letting the services start again"
    for service in web-server management-api; do
        ! has "deployment/$service" || kubectl -n "$NAMESPACE" scale "deployment/$service" --replicas 1
    done
    say "Now run deploy/setup.sh: it makes a new password, and Kafka and MongoDB start on new volumes."
fi
