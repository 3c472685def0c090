#!/usr/bin/env bash
# Makes the pictures of the documents, docs/shop.png and docs/operations.png, from the running product in headless Chromium.
# Takes about three minutes. CHROME_PATH names a browser that is not on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

CHROME_PATH=${CHROME_PATH:-$(command -v chromium chromium-browser google-chrome | head -n 1)} \
    || { echo "There is no Chromium on the PATH." >&2; exit 1; }
export CHROME_PATH
shop=${SHOP_URL:-http://127.0.0.1:18081}
management=${MANAGEMENT_URL:-http://127.0.0.1:18080}

dotnet build ShoppingSystem.Standalone --configuration Release --verbosity quiet

data=$(mktemp -d)
dotnet ShoppingSystem.Standalone/bin/Release/net10.0/ShoppingSystem.Standalone.dll \
    --Shopping:DataDirectory="$data" --Shopping:WebServerUrl="$shop" --Shopping:ManagementApiUrl="$management" \
    --Logging:LogLevel:Default=Warning &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true; rm -rf "$data"' EXIT
for _ in $(seq 150); do
    kill -0 "$server"
    ! curl --silent --fail --output /dev/null "$shop/-/ready" || break
    sleep 0.2
done

mkdir -p docs
dotnet run --file tools/pictures.cs -- "$shop" "$management" docs
ls -l docs/shop.png docs/operations.png
