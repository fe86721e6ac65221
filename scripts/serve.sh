# shellcheck shell=bash
# Servers that are measured, each started in a scratch folder and stopped at the end. Sourced by others.

folder=$(mktemp -d)
pids=()

finish() {
  local pid
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap finish EXIT

# The words of a command that binds what follows to core $1; none when that is empty.
on_core() {
  [ -z "$1" ] || printf 'taskset -c %s' "$1"
}

# start_belfry BINARY CORE: sets `pid` and `address`.
start_belfry() {
  local binary=$1 core=$2
  : >"$folder/belfry.log"
  # shellcheck disable=SC2046 # words, or none
  BELFRY__HTTP__LISTEN=127.0.0.1:0 \
    BELFRY__LOG__FORMAT=json \
    BELFRY__STORE__URL="sqlite:$folder/belfry.db" \
    BELFRY__KEYS__FILE="$folder/keys.toml" \
    BELFRY__MEDIA__URL="file:$folder/media" \
    BELFRY__IDENTITY__SECRET_FILE="$folder/identity.secret" \
    $(on_core "$core") "$binary" serve --config loadtest/belfry.toml >"$folder/belfry.log" 2>&1 &
  pid=$!
  pids+=("$pid")
  address=
  for _ in $(seq 100); do
    address=$(sed -n 's/.*"address":"\([0-9.:]*\)".*/\1/p' "$folder/belfry.log" | head -n 1)
    [ -z "$address" ] || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  cat "$folder/belfry.log" >&2
  exit 2
}
