#!/usr/bin/env bash
# Builds and starts a server, to look at and to develop with: a debug build, which is ready several
# times sooner. A server for many people is built with `cargo build --release`.

source "$(dirname "$0")/steps.sh"

scripts/deps.sh
cargo build --locked
exec target/debug/belfry serve --demo "$@"
