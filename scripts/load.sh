#!/usr/bin/env bash
# Measures a release build: starts a server of its own, runs one scenario, stops the server.
# scripts/load.sh SCENARIO [OPTIONS]; `scripts/load.sh help` lists them. JSON goes to stdout.

set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- help
cargo build --release --locked --quiet --workspace
tool=target/release/belfry-loadtest
case $1 in
  help | --help | sendloop) exec "$tool" "$@" ;;
esac

folder=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

export BELFRY__IDENTITY__HMAC_SECRET=a-secret-of-the-load-tool-and-of-nothing-else
BELFRY__HTTP__LISTEN=127.0.0.1:0 \
  BELFRY__LOG__FORMAT=json \
  BELFRY__STORE__URL="sqlite:$folder/belfry.db" \
  BELFRY__KEYS__FILE="$folder/keys.toml" \
  BELFRY__MEDIA__URL="file:$folder/media" \
  BELFRY__IDENTITY__SECRET_FILE="$folder/identity.secret" \
  target/release/belfry serve --config loadtest/belfry.toml >"$folder/log" 2>&1 &
server=$!

address=
for _ in $(seq 100); do
  address=$(sed -n 's/.*"address":"\([0-9.:]*\)".*/\1/p' "$folder/log" | head -n 1)
  [ -z "$address" ] || break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
[ -n "$address" ] || { cat "$folder/log" >&2; exit 2; }

"$tool" "$@" --url "ws://$address/connection/websocket" --pid "$server"
