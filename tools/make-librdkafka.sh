#!/usr/bin/env bash
# Provides the NuGet package librdkafka.redist where no package source has it.
#
# Confluent.Kafka needs librdkafka, its native client, in exactly its own version. The public gallery has it and then
# there is nothing to do. Where it can't be restored, this script builds it once from the source that ships inside the
# npm package @confluentinc/kafka-javascript and packs it under the same id and version into .packages/, a source that
# NuGet.config names. The result is kept in ${XDG_CACHE_HOME:-~/.cache}/shoppingsystem for the next clone.
#
# Exit 0: the package can be restored. Anything else: it can't, and the last line says why.
set -euo pipefail

version=2.15.1
npm_package=@confluentinc/kafka-javascript@1.10.1 # carries librdkafka of the version above

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=librdkafka.redist.$version.nupkg
case $(uname -m) in
  x86_64) rid=linux-x64 ;;
  aarch64) rid=linux-arm64 ;;
  *) rid=unsupported ;;
esac
cache=${XDG_CACHE_HOME:-$HOME/.cache}/shoppingsystem/$rid

say() { echo "librdkafka: $*"; }
fail() { say "$*" >&2; exit 1; }

if [[ -f $root/.packages/$package ]]; then
  say "$version is in .packages"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Asks NuGet itself, from outside the repository, so that neither its local source nor its settings have a say.
mkdir "$work/probe"
cat > "$work/probe/probe.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="librdkafka.redist" Version="[$version]" /></ItemGroup>
</Project>
XML
if dotnet restore "$work/probe" --verbosity quiet > "$work/probe.log" 2>&1; then
  say "$version can be restored"
  exit 0
fi

mkdir -p "$cache"
if [[ ! -f $cache/$package ]]; then
  say "$version can't be restored ($(grep -om1 'error NU[0-9]*' "$work/probe.log" || echo 'dotnet restore failed')); building it once"
  [[ $rid != unsupported ]] || fail "can only be built on Linux, x64 or arm64"
  command -v npm > /dev/null || fail "building it needs npm"

  # A compiler, make, and the headers of what librdkafka links: zlib for gzip, OpenSSL for TLS and SASL/SCRAM.
  if ! command -v make > /dev/null || ! printf '#include <zlib.h>\n#include <openssl/ssl.h>\n' | gcc -E - > /dev/null 2>&1; then
    [[ $(id -u) == 0 ]] && command -v apt-get > /dev/null || fail "building it needs gcc, make, zlib and OpenSSL with their headers"
    say "installing the build tools"
    { apt-get update && apt-get install --yes --no-install-recommends gcc g++ make libc6-dev zlib1g-dev libssl-dev; } \
      > "$work/apt.log" 2>&1 || { tail -5 "$work/apt.log" >&2; fail "apt-get could not install the build tools"; }
  fi

  (cd "$work" && npm pack --silent "$npm_package" > /dev/null) || fail "npm could not get $npm_package"
  tar -xzf "$work"/*.tgz -C "$work"
  cd "$work/package/deps/librdkafka"
  {
    bash ./configure --disable-gssapi --disable-curl --disable-zstd --disable-lz4-ext
    # Only the shared library: neither the static one nor the C++ wrapper.
    nice make -C src -j"$(nproc)" librdkafka.so.1
  } > "$work/build.log" 2>&1 || { tail -20 "$work/build.log" >&2; fail "the build failed"; }
  strip --strip-unneeded -o "$work/librdkafka.so" src/librdkafka.so.1

  mkdir "$work/pack"
  cat > "$work/pack/librdkafka.redist.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <PackageId>librdkafka.redist</PackageId>
    <Version>$version</Version>
    <Description>librdkafka $version for $rid, built from source.</Description>
    <IncludeBuildOutput>false</IncludeBuildOutput>
    <SuppressDependenciesWhenPacking>true</SuppressDependenciesWhenPacking>
    <NoWarn>NU5128</NoWarn>
  </PropertyGroup>
  <ItemGroup><None Include="../librdkafka.so" Pack="true" PackagePath="runtimes/$rid/native/" /></ItemGroup>
</Project>
XML
  dotnet pack "$work/pack" --output "$work/out" --verbosity quiet > "$work/pack.log" 2>&1 \
    || { tail -20 "$work/pack.log" >&2; fail "dotnet pack failed"; }
  mv "$work/out/$package" "$cache/$package.$$"
  mv "$cache/$package.$$" "$cache/$package"
fi

mkdir -p "$root/.packages"
cp "$cache/$package" "$root/.packages/"
say "$version for $rid was made from source; it is in .packages"
