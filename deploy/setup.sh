#!/usr/bin/env bash
# From a clone to a running shop that scales: prepares the cluster, builds the images, applies an overlay, waits, and says where
# the shop is. Run it again after any change; what is there is kept, above all the data and its password.
#
# usage: deploy/setup.sh [--overlay O] [--registry R [--push]] [--tag T] [--skip-keda] [--timeout SECONDS]
#   --overlay O        what to deploy: deploy/overlays/O, that is minikube, highly-available or production (minikube)
#   --registry R       the images are, or go, to R/web-server, R/management-api and R/load-test, for example
#                      ghcr.io/you/shopping-system
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
#   KAFKA_CA_FILE                        with component kafka-ca: a file with the authority's certificate, PEM
# Where its Kafka is: deploy/overlays/production/kafka.env. The overlay highly-available has Kafka and MongoDB run by operators,
# and says how to get those that are not in the cluster. Both expect the certificate for their host in the Secret purchase-tls.
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

# operator NAME CRD VERSION HOW-TO-GET-IT ...: is its kind of resource there, in the version that the overlay is written in?
operator() {
    local name=$1 crd=$2 version=$3
    shift 3
    case " $(kubectl get crd "$crd" --ignore-not-found -o 'jsonpath={.spec.versions[*].name}') " in
        *" $version "*) say "$name" ;;
        "  ") fail "$name is not in this cluster." "$@" ;;
        *) fail "$name is too old: it doesn't know $version of $crd." "Upgrade it, or install:" "$@" ;;
    esac
}
# check_word SETTING OF-KEDA: has component kafka-sasl a word of KEDA's for what the overlay's kafka.env says?
check_word() {
    local word words=$here/components/kafka-sasl/words.env
    word=$(sed -n "s/^$1=//p" "$here/overlays/$overlay/kafka.env")
    grep -qF "$2.$word=" "$words" || fail "deploy/overlays/$overlay/kafka.env: $1 is '$word'." \
        "It can be $(sed -n "s/^$2\.\([^=]*\)=.*/\1/p" "$words" | tr '\n' ' ')"
}
uses_component() { grep -q "^ *- *../../components/$1\$" "$here/overlays/$overlay/kustomization.yaml"; }

if [ "$overlay" = production ]; then
    has_secret_key "$SECRET" mongodb-connection-string || [ -n "${MONGODB_CONNECTION_STRING:-}" ] \
        || fail "The overlay production has no MongoDB of its own." "Set MONGODB_CONNECTION_STRING; see $0 --help"
    if ! has_secret_key kafka-sasl password && { [ -z "${KAFKA_USERNAME:-}" ] || [ -z "${KAFKA_PASSWORD:-}" ]; }; then
        fail "The overlay production logs in to its Kafka." "Set KAFKA_USERNAME and KAFKA_PASSWORD; see $0 --help"
    fi
    ! grep -q '=.*example\.com' "$here/overlays/production/kafka.env" \
        || fail "deploy/overlays/production/kafka.env still names an example." "Write your brokers into it."
    if uses_component kafka-ca && ! has_secret_key kafka-ca 'ca\.crt'; then
        [ -f "${KAFKA_CA_FILE:-}" ] || fail "Component kafka-ca needs the authority's certificate." "Set KAFKA_CA_FILE; see $0 --help"
    fi
fi
if [ -f "$here/overlays/$overlay/kafka.env" ]; then
    # A word that components/kafka-sasl doesn't know would keep every pod from starting, and KEDA from reading the lag.
    check_word security.protocol tls
    check_word sasl.mechanism sasl
fi
if [ "$overlay" = highly-available ]; then
    step "Operators"
    operator "Strimzi" kafkas.kafka.strimzi.io v1 \
        "helm install strimzi oci://quay.io/strimzi-helm/strimzi-kafka-operator --version $STRIMZI_VERSION" \
        "    --namespace strimzi --create-namespace --set watchAnyNamespace=true"
    operator "MongoDB Controllers for Kubernetes" mongodbcommunity.mongodbcommunity.mongodb.com v1 \
        "kubectl apply -f deploy/base/namespace.yaml" \
        "helm install mongodb mongodb-kubernetes --repo https://mongodb.github.io/helm-charts --version $MONGODB_OPERATOR_VERSION" \
        "    --namespace mongodb --create-namespace --set operator.watchNamespace=$NAMESPACE"
    # The members of the replica set run as this account, which the operator's chart makes in the namespaces that it watches.
    [ -n "$(kubectl -n "$NAMESPACE" get serviceaccount mongodb-kubernetes-appdb --ignore-not-found -o name)" ] \
        || fail "MongoDB Controllers for Kubernetes doesn't watch namespace $NAMESPACE." \
            "helm upgrade mongodb mongodb-kubernetes --repo https://mongodb.github.io/helm-charts --version $MONGODB_OPERATOR_VERSION" \
            "    --namespace mongodb --set operator.watchNamespace=$NAMESPACE"
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
    if uses_component kafka-ca && ! has_secret_key kafka-ca 'ca\.crt'; then
        kubectl -n "$NAMESPACE" create secret generic kafka-ca --from-file="ca.crt=$KAFKA_CA_FILE" >/dev/null
        say "kafka-ca: made ca.crt"
    fi
elif [ "$overlay" = highly-available ]; then
    # The operators make the rest: the Kafka user's password, the authority's certificate, the connection string.
    keep mongodb-shop-password password "$(random)"
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
    for image in web-server:ShoppingSystem.WebServer management-api:ShoppingSystem.ManagementApi load-test:tools/ShoppingSystem.LoadTest; do
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
not_scaled() {
    kubectl -n "$KEDA_NAMESPACE" get pods >&2 || true
    if [ "$(kubectl -n "$KEDA_NAMESPACE" get deployment keda-operator -o 'jsonpath={.status.availableReplicas}' 2>/dev/null || true)" = "" ]; then
        fail "KEDA does not run, so nothing scales (namespace $KEDA_NAMESPACE)." \
            "kubectl -n $KEDA_NAMESPACE describe pods" "kubectl -n $KEDA_NAMESPACE logs deploy/keda-operator --tail 50"
    fi
    kubectl -n "$NAMESPACE" get "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}{"\n"}' >&2 || true
    fail "KEDA can't scale by $1 after $timeout s." \
        "kubectl -n $NAMESPACE describe $1" "kubectl -n $KEDA_NAMESPACE logs deploy/keda-operator --tail 50" \
        "Run this again to have KEDA look again at once."
}
wait_for() {
    for workload in $(kubectl -n "$NAMESPACE" get "$1" -o name); do
        kubectl -n "$NAMESPACE" rollout status "$workload" --timeout "$(left)s" >/dev/null 2>&1 || not_ready "$workload"
        say "$workload"
    done
}
if [ "$overlay" != production ]; then
    # First of all: KEDA asks Kafka as soon as it sees what to scale, and finds one that answers.
    kubectl apply -k "$layer" --selector 'app in (kafka, mongodb)'
    step "Waiting for Kafka and MongoDB (at most $timeout s for everything)"
    if [ "$overlay" = minikube ]; then
        wait_for statefulsets >/dev/null
    else
        for made in kafka/shop kafkatopic/purchases kafkauser/shop-services; do
            kubectl -n "$NAMESPACE" wait --for condition=Ready "$made" --timeout "$(left)s" >/dev/null 2>&1 || not_ready "$made"
            say "$made"
        done
        kubectl -n "$NAMESPACE" wait --for 'jsonpath={.status.phase}=Running' mongodbcommunity/mongodb --timeout "$(left)s" >/dev/null 2>&1 \
            || not_ready mongodbcommunity/mongodb
        say mongodbcommunity/mongodb
    fi
    step "Applying the rest"
fi
kubectl apply -k "$layer"
# The autoscaler keeps at least so many, but KEDA makes it only once the lag could be read. Not a field of the Deployment, which
# every further apply would put back in spite of the autoscaler.
for scaled in $(kubectl -n "$NAMESPACE" get scaledobjects -o name); do
    least=$(kubectl -n "$NAMESPACE" get "$scaled" -o 'jsonpath={.spec.minReplicaCount}')
    is=$(kubectl -n "$NAMESPACE" get "deployment/${scaled##*/}" -o 'jsonpath={.spec.replicas}')
    if [ "${is:-1}" -lt "${least:-1}" ] && ! is_paused "$scaled"; then
        kubectl -n "$NAMESPACE" scale "deployment/${scaled##*/}" --replicas "$least" >/dev/null
    fi
done

step "Waiting until everything is ready"
wait_for statefulsets,deployments
for scaled in $(kubectl -n "$NAMESPACE" get scaledobjects -o name); do
    # What KEDA could not do it tries again after ever longer pauses: 1 s, 2 s, ... 5 minutes, at last 17.
    until kubectl -n "$NAMESPACE" wait --for condition=Ready "$scaled" --timeout 10s >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || not_scaled "$scaled"
        look_again "$scaled"
        sleep 1
    done
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
say "Watch it scale: deploy/watch.sh, deploy/load.sh        Take it down: deploy/teardown.sh"
