#!/usr/bin/env bash
# Everything that must pass. The cheapest comes first; the first failure ends it.

source "$(dirname "$0")/steps.sh"

# The numbers of all test binaries, as one line.
cargo_test() {
  local log status=0
  log=$(mktemp)
  cargo test --locked --workspace --no-fail-fast 2>&1 | tee "$log" || status=$?
  awk '/^test result:/ { passed += $4; failed += $6 }
       END { printf "cargo: %d passed, %d failed\n", passed, failed }' "$log"
  rm -f "$log"
  return "$status"
}

# The JavaScript SDK against the binary that the tests just built.
javascript_test() {
  npm ci --prefix tests/sdk --no-audit --no-fund
  npm test --prefix tests/sdk
}

step 'tools' scripts/deps.sh
step 'format' cargo fmt --all --check
step 'lints' cargo clippy --locked --workspace --all-targets -- -D warnings
step 'tests' cargo_test
step 'JavaScript SDK' javascript_test
step 'Python SDK' python3 tests/sdk/python/run.py
step 'demo' node scripts/demo.mjs
printf '\nAll passed in %s s.\n' "$SECONDS"
