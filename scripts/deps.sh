#!/usr/bin/env bash
# Sees to it that what building and testing need is there; installs what Debian has, names the rest.

source "$(dirname "$0")/steps.sh"

missing=() packages=()

# need COMMAND PACKAGE: a Debian package for a command that is not there.
need() {
  has "$1" || { missing+=("$1"); packages+=("$2"); }
}

need git git
need cc gcc
need c++ g++
need make make
need curl curl
need node nodejs
need npm npm
need python3 python3
python3 -c 'import venv, ensurepip' 2>/dev/null || { missing+=(python3-venv); packages+=(python3-venv); }

if ((${#packages[@]} > 0)); then
  printf 'missing: %s\n' "${missing[*]}"
  if ! has apt-get || [[ $(id -u) != 0 ]]; then
    printf 'Install these, then try again: %s\n' "${packages[*]}" >&2
    exit 1
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${packages[@]}"
fi

if ! has cargo; then
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  printf 'Install Rust %s or newer with clippy and rustfmt: https://rustup.rs\n' "$wanted" >&2
  exit 1
fi
for part in clippy fmt; do
  if ! cargo "$part" --version >/dev/null 2>&1; then
    printf 'Rust lacks %s: rustup component add clippy rustfmt\n' "$part" >&2
    exit 1
  fi
done
if (($(node -p 'process.versions.node.split(".")[0]') < 20)); then
  printf 'Node.js 20 or newer is needed; here is %s\n' "$(node --version)" >&2
  exit 1
fi
