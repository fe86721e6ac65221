#!/usr/bin/env bash
# Builds and starts a server. The build is the one that the tests use, so nothing is built twice;
# a server for many people is built with `cargo build --release`.

source "$(dirname "$0")/steps.sh"

scripts/deps.sh
cargo build --locked
exec target/debug/belfry serve "$@"
