# shellcheck shell=bash
# Steps that are announced, timed and never passed over in silence. Sourced by the other scripts.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

current=''
trap '(($? == 0)) || printf "\nFAILED: %s\n" "${current:-$0}" >&2' EXIT

# step NAME COMMAND...: runs the command. Its first failure ends the script, which says where: the
# command is no condition here, so `set -e` holds inside functions too.
step() {
  local began=$SECONDS
  current=$1
  shift
  printf '\n== %s\n' "$current"
  "$@"
  printf -- '-- %s: %s s\n' "$current" "$((SECONDS - began))"
}

# has COMMAND: whether it can be run.
has() {
  command -v "$1" >/dev/null 2>&1
}
