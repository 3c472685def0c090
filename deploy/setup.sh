#!/usr/bin/env bash
# From a clone to a running shop that scales: prepares the cluster, builds the images, applies an overlay, waits, and says where
# the shop is. Run it again after any change; what is there is kept, above all the data and its password.
#
# usage: deploy/setup.sh [--overlay minikube|production] [--registry R [--push]] [--tag T] [--skip-keda] [--timeout SECONDS]
#   --overlay O        what to deploy: deploy/overlays/O (minikube)
#   --registry R       the images are, or go, to R/web-server and R/management-api, for example ghcr.io/you/shopping-system
#   --tag T            deploy images that are already there, under this tag; builds nothing
#   --push             build for amd64 and arm64 and push to the registry. Without it, and without --tag, the images are built
#                      for Minikube and loaded into it
#   --skip-keda        KEDA is already in the cluster, or somebody else's to install
#   --timeout SECONDS  how long to wait for the shop to be ready (600)
#   -h, --help         this text
#
# The overlay production reads what must not be on a command line from the environment, the first time:
#   MONGODB_CONNECTION_STRING            mongodb+srv://user:password@shop.example.com/shopping
#   KAFKA_USERNAME, KAFKA_PASSWORD       the SASL user of the services and of KEDA
# and expects the certificate for its host in the Secret purchase-tls. Where its Kafka is: deploy/overlays/production/kafka.env.
#
# needs: kubectl, helm, minikube (overlay minikube), .NET SDK 10 (to build)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/lib.sh"

overlay=minikube registry='' tag='' push=false keda=true timeout=600
while [ $# -gt 0 ]; do
    case $1 in
        --overlay | --registry | --tag | --timeout)
            if [ $# = 1 ] || [ -z "$2" ]; then fail "$1 needs a value."; fi
            case $1 in
                --overlay) overlay=$2 ;;
                --registry) registry=${2%/} ;;
                --tag) tag=$2 ;;
                --timeout) timeout=$2 ;;
            esac
            shift
            ;;
        --push) push=true ;;
        --skip-keda) keda=false ;;
        -h | --help) usage "$0"; exit 0 ;;
        *) fail "Unknown argument '$1'." "See $0 --help" ;;
    esac
    shift
done

[ -f "$here/overlays/$overlay/kustomization.yaml" ] \
    || fail "There is no overlay '$overlay'." "There are: $(cd "$here/overlays" && echo *)"
case $timeout in '' | *[!0-9]*) fail "--timeout needs a number of seconds." ;; esac
if $push; then
    [ -n "$registry" ] || fail "--push needs --registry: where to?"
    [ -z "$tag" ] || fail "--push builds, --tag deploys what was built: one of them."
fi
[ "$tag" != latest ] || fail "The tag 'latest' says nothing about what runs." "Every release has a tag sha-<commit>: take that."
local_images=false
if [ -z "$tag" ] && ! $push; then
    [ "$overlay" = minikube ] || fail "Which images? Overlay $overlay needs --registry and --tag, or --registry and --push."
    [ -z "$registry" ] || fail "With --registry, say --tag to deploy what is there, or --push to build and push."
    local_images=true
fi
[ -z "$tag" ] || [ -n "$registry" ] || fail "--tag needs --registry: whose images?"

step "Looking at what is needed"
need_kubectl
if $keda; then need helm "See https://helm.sh/docs/intro/install/, or --skip-keda if KEDA is there already."; fi
if [ -z "$tag" ]; then need dotnet "See https://dotnet.microsoft.com/download, or --tag to deploy images that are there already."; fi
if [ "$overlay" = minikube ]; then
    need minikube "See https://minikube.sigs.k8s.io/docs/start/"
    minikube status >/dev/null 2>&1 || fail "Minikube is not running." "Start it: minikube start --cpus 4 --memory 6g"
    context=$(kubectl config current-context 2>/dev/null || true)
    [ "$context" = "$(minikube profile)" ] \
        || fail "kubectl points at '$context', not at Minikube." "kubectl config use-context $(minikube profile)"
fi
need_cluster
say "kubectl context: $(kubectl config current-context)"

has_secret_key() { [ -n "$(kubectl -n "$NAMESPACE" get secret "$1" -o "jsonpath={.data.$2}" --ignore-not-found)" ]; }
# keep NAME KEY VALUE: a key of a Secret, unless it is there already. Through standard input, where nobody looks on.
keep() {
    ! has_secret_key "$1" "$2" || return 0
    [ -n "$(kubectl -n "$NAMESPACE" get secret "$1" --ignore-not-found -o name)" ] \
        || kubectl -n "$NAMESPACE" create secret generic "$1" >/dev/null
    kubectl -n "$NAMESPACE" patch secret "$1" --type merge --patch-file /dev/stdin >/dev/null <<PATCH
stringData: {$2: "$(printf '%s' "$3" | sed 's/[\\"]/\\&/g')"}
PATCH
    say "$1: made $2"
}
# Hexadecimal, so that it needs no encoding in a connection string.
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

if [ "$overlay" = production ]; then
    has_secret_key "$SECRET" mongodb-connection-string || [ -n "${MONGODB_CONNECTION_STRING:-}" ] \
        || fail "The overlay production has no MongoDB of its own." "Set MONGODB_CONNECTION_STRING; see $0 --help"
    if ! has_secret_key kafka-sasl password && { [ -z "${KAFKA_USERNAME:-}" ] || [ -z "${KAFKA_PASSWORD:-}" ]; }; then
        fail "The overlay production logs in to its Kafka." "Set KAFKA_USERNAME and KAFKA_PASSWORD; see $0 --help"
    fi
    ! grep -q '=.*example\.com' "$here/overlays/production/kafka.env" \
        || fail "deploy/overlays/production/kafka.env still names an example." "Write your brokers into it."
fi

if [ "$overlay" = minikube ]; then
    step "Minikube's addons"
    for addon in metrics-server ingress; do minikube addons enable "$addon" >/dev/null; say "$addon"; done
fi

if $keda; then
    step "KEDA $KEDA_VERSION"
    helm upgrade --install keda keda --repo https://kedacore.github.io/charts --version "$KEDA_VERSION" \
        --namespace "$KEDA_NAMESPACE" --create-namespace --wait --timeout "${timeout}s" >/dev/null
    say "in namespace $KEDA_NAMESPACE"
else
    kubectl get crd scaledobjects.keda.sh >/dev/null 2>&1 || fail "KEDA is not in this cluster." "Leave out --skip-keda."
fi

step "Namespace and secrets"
kubectl apply -f "$here/base/namespace.yaml" >/dev/null
keep "$SECRET" management-api-key "$(random)"
if [ "$overlay" = production ]; then
    keep "$SECRET" mongodb-connection-string "${MONGODB_CONNECTION_STRING:-}"
    keep kafka-sasl username "${KAFKA_USERNAME:-}"
    keep kafka-sasl password "${KAFKA_PASSWORD:-}"
else
    # MongoDB takes its password when its volume is new, and never again: the volume may be older than the Secret.
    if ! has_secret_key "$SECRET" mongodb-password \
        && [ -n "$(kubectl -n "$NAMESPACE" get pvc data-mongodb-0 --ignore-not-found -o name)" ]; then
        fail "There is data of MongoDB, but its password is gone (Secret $SECRET)." \
            "Bring the Secret back, or give up the data: deploy/reset-data.sh wipe"
    fi
    keep "$SECRET" mongodb-password "$(random)"
fi
say "in namespace $NAMESPACE"

if [ -z "$tag" ]; then
    step "Images"
    commit=$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)
    # A tag that was never used before: what runs is what was built now, and the pods notice.
    tag=dev-$commit-$(date +%Y%m%d%H%M%S)
    images=$(mktemp -d)
    trap 'rm -rf "$images"' EXIT
    case $registry in */*) path=${registry#*/}/ ;; *) path='' ;; esac
    if $local_images; then
        case $(kubectl get nodes -o 'jsonpath={.items[0].status.nodeInfo.architecture}') in
            arm64) rid=linux-arm64 ;;
            *) rid=linux-x64 ;;
        esac
    fi
    for image in web-server:ShoppingSystem.WebServer management-api:ShoppingSystem.ManagementApi; do
        name=${image%%:*} project=$here/../${image#*:}
        say "$name:$tag"
        if $local_images; then
            # An archive needs no container engine here, and any runtime there takes it.
            dotnet publish "$project" --os linux --arch "${rid#linux-}" -c Release -t:PublishContainer -v quiet --nologo \
                "-p:ContainerRepository=$name" "-p:ContainerImageTag=$tag" "-p:ContainerArchiveOutputPath=$images/$name.tar.gz"
            minikube image load "$images/$name.tar.gz"
            # It says that all is well even when it isn't.
            case $(minikube image ls) in *"/$name:$tag"*) ;; *) fail "Minikube did not take the image $name:$tag." "See minikube logs" ;; esac
        else
            dotnet publish "$project" -c Release -t:PublishContainer -v quiet --nologo \
                "-p:ContainerRuntimeIdentifiers=\"linux-x64;linux-arm64\"" "-p:ContainerRegistry=${registry%%/*}" \
                "-p:ContainerRepository=$path$name" "-p:ContainerImageTag=$tag"
        fi
    done
fi

step "Applying overlay $overlay"
# A layer over the overlay, so that what was applied can be read and applied again; git ignores it.
layer=$here/.local/$overlay
mkdir -p "$layer"
{
    echo "# Written by deploy/setup.sh; apply again with: kubectl apply -k deploy/.local/$overlay"
    echo "apiVersion: kustomize.config.k8s.io/v1beta1"
    echo "kind: Kustomization"
    echo "resources: [../../overlays/$overlay]"
    echo "images:"
    for name in web-server management-api; do
        printf -- '  - {name: %s, newName: %s, newTag: "%s"}\n' "$name" "${registry:+$registry/}$name" "$tag"
    done
} >"$layer/kustomization.yaml"
deadline=$((SECONDS + timeout))
left() { [ $SECONDS -lt $deadline ] && echo $((deadline - SECONDS)) || echo 1; }
not_ready() {
    kubectl -n "$NAMESPACE" get pods >&2 || true
    kubectl -n "$NAMESPACE" get events --sort-by .lastTimestamp 2>/dev/null | tail -n 15 >&2 || true
    fail "$1 is not ready after $timeout s." "kubectl -n $NAMESPACE describe $1" "Run this again to go on waiting."
}
wait_for() {
    for workload in $(kubectl -n "$NAMESPACE" get "$1" -o name); do
        kubectl -n "$NAMESPACE" rollout status "$workload" --timeout "$(left)s" >/dev/null || not_ready "$workload"
        say "$workload"
    done
}
if [ "$overlay" = minikube ]; then
    # First of all. KEDA asks Kafka as soon as it sees what to scale; without an answer it asks again ever more rarely, in the
    # end every 17 minutes.
    kubectl apply -k "$layer" --selector 'app in (kafka, mongodb)'
    step "Waiting for Kafka and MongoDB (at most $timeout s for everything)"
    wait_for statefulsets >/dev/null
    step "Applying the rest"
fi
kubectl apply -k "$layer"

step "Waiting until everything is ready"
wait_for statefulsets,deployments
for scaled in $(kubectl -n "$NAMESPACE" get scaledobjects -o name); do
    kubectl -n "$NAMESPACE" wait --for condition=Ready "$scaled" --timeout "$(left)s" >/dev/null || not_ready "$scaled"
    say "$scaled"
done

step "The shop is open"
host=$(kubectl -n "$NAMESPACE" get ingress web-server -o 'jsonpath={.spec.rules[0].host}' --ignore-not-found)
if [ "$overlay" = minikube ]; then
    say "http://$host/        once your machine knows the name:"
    say "    echo \"$(minikube ip) $host\" | sudo tee -a /etc/hosts"
    say "    (macOS and Windows: \"127.0.0.1 $host\" instead, and keep 'minikube tunnel' running)"
elif [ -n "$host" ]; then
    say "https://$host/"
fi
say "Without names:"
say "    kubectl -n $NAMESPACE port-forward service/web-server 8081          http://localhost:8081/  and /docs"
say "    kubectl -n $NAMESPACE port-forward service/management-api 8080      http://localhost:8080/  and /docs"
say "The management API wants this in the header X-API-Key:"
say "    kubectl -n $NAMESPACE get secret $SECRET -o 'jsonpath={.data.management-api-key}' | base64 -d"
say "Watch it scale: deploy/watch.sh        Take it down: deploy/teardown.sh"
