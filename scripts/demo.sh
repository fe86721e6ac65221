#!/usr/bin/env bash
# A scripted consultation between two real SDK clients, told as it happens.

source "$(dirname "$0")/steps.sh"

scripts/deps.sh
cargo build --locked
npm ci --prefix tests/sdk --no-audit --no-fund --silent
node scripts/demo.mjs
