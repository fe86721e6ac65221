#!/usr/bin/env bash
# Measures a release build: starts a server of its own, runs one scenario, stops the server.
# scripts/load.sh SCENARIO [OPTIONS]; `scripts/load.sh help` lists them. JSON goes to stdout.

set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- help
cargo build --release --locked --quiet --workspace
built=${CARGO_TARGET_DIR:-target}/release
tool=$built/belfry-loadtest
case $1 in
  help | --help | sendloop | compare) exec "$tool" "$@" ;;
esac

source scripts/serve.sh
export BELFRY__IDENTITY__HMAC_SECRET=a-secret-of-the-load-tool-and-of-nothing-else
start_belfry "$built/belfry" ''
"$tool" "$@" --url "ws://$address/connection/websocket" --pid "$pid"
