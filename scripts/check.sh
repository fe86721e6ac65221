#!/usr/bin/env bash
# The slower proofs. A tool that is missing is a failure that says how to get it.

source "$(dirname "$0")/steps.sh"

# How long each fuzz target runs.
seconds=${FUZZ_SECONDS:-30}

dependencies() {
  if ! has cargo-deny; then
    printf 'cargo-deny is missing: cargo install --locked cargo-deny\n' >&2
    return 1
  fi
  cargo deny --all-features check bans licenses sources
  # The list of advisories comes from the network, and is the one part that may be out of reach.
  local log
  log=$(cargo deny --all-features check advisories 2>&1) && { printf '%s\n' "$log"; return; }
  printf '%s\n' "$log" >&2
  if grep -qi 'failed to fetch advisory database' <<<"$log"; then
    printf 'ADVISORIES WERE NOT CHECKED: the database cannot be reached from here.\n' >&2
    return
  fi
  return 1
}

# The tables by which moderation reads text are what their sources make today.
tables() {
  python3 scripts/tables_test.py
  python3 -m venv target/tables
  target/tables/bin/pip install --quiet --requirement scripts/tables.requirements.txt
  target/tables/bin/python scripts/tables --check
}

# The prior of moderation is what its lines teach today.
prior() {
  python3 -m venv target/prior
  target/prior/bin/pip install --quiet --requirement scripts/prior.requirements.txt
  target/prior/bin/python scripts/prior --check
}

fuzzing() {
  if ! cargo +nightly --version >/dev/null 2>&1; then
    printf 'Fuzzing needs a nightly compiler: rustup toolchain install nightly\n' >&2
    return 1
  fi
  if ! has cargo-fuzz; then
    printf 'cargo-fuzz is missing: cargo install --locked cargo-fuzz\n' >&2
    return 1
  fi
  local target
  for target in $(cargo +nightly fuzz list); do
    mkdir -p "fuzz/corpus/$target"
    cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
      -max_total_time="$seconds" -max_len=2048 -timeout=5 -rss_limit_mb=1024 -dict=fuzz/commands.dict
  done
}

step 'tools' scripts/deps.sh
step 'format' cargo fmt --all --check
step 'lints' cargo clippy --locked --workspace --all-targets -- -D warnings
step 'documents' make --no-print-directory docs
step 'dependencies' dependencies
step 'tables' tables
step 'prior' prior
step 'fuzzing' fuzzing
printf '\nAll checked in %s s.\n' "$SECONDS"
