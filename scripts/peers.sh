#!/usr/bin/env bash
# The same scenario on Belfry, Centrifugo and nchan, in turn; a room has the bare send loop in every run.
# scripts/peers.sh room|idle|connect-storm [OPTIONS]; a table goes to stdout, pages and JSON to PEERS_OUT.
#
# Every server is bound to core SERVER_CORE, and so is the bare loop while it sends; the tool has
# TOOL_CORE. Servers stay up between runs; each run is a new crowd. What is missing is an error.

set -euo pipefail
cd "$(dirname "$0")/.."

scenario=${1:-room}
shift || true
peers=${PEERS:-belfry belfry-stream belfry-gathered centrifugo centrifugo-stream nchan}
runs=${RUNS:-3}
server_core=${SERVER_CORE:-0}
tool_core=${TOOL_CORE:-1}
out=${PEERS_OUT:-target/peers}
built=${BUILT:-${CARGO_TARGET_DIR:-target}/release}

missing() {
  printf '%s is missing: %s\n' "$1" "$2" >&2
  exit 2
}

require() {
  local go_bin
  [[ $scenario =~ ^(room|idle|connect-storm)$ ]] || missing "$scenario" 'room, idle or connect-storm'
  command -v taskset >/dev/null || missing taskset 'apt-get install util-linux'
  (("$(nproc)" > 1)) || missing 'a second core' 'server and tool need one each'
  if [[ $peers == *nchan* ]]; then
    command -v nginx >/dev/null || missing nginx 'apt-get install nginx-light libnginx-mod-nchan'
    [ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] ||
      missing nchan 'apt-get install libnginx-mod-nchan'
  fi
  if [[ $peers == *centrifugo* ]]; then
    go_bin=$(go env GOBIN 2>/dev/null || true)
    PATH=$PATH:${go_bin:-$HOME/go/bin}
    command -v centrifugo >/dev/null ||
      missing centrifugo 'go install github.com/centrifugal/centrifugo/v6@latest'
  fi
  if [ -z "${BUILT:-}" ]; then
    cargo build --release --locked --quiet --workspace
  fi
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# await PORT PID LOG: until somebody listens.
await() {
  local _
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  cat "$3" >&2
  exit 2
}

start_centrifugo() {
  local port
  port=$(free_port)
  sed "s/\"port\": 0/\"port\": $port/" loadtest/peers/centrifugo.json >"$folder/centrifugo.json"
  taskset -c "$server_core" centrifugo --config "$folder/centrifugo.json" >"$folder/centrifugo.log" 2>&1 &
  centrifugo_pid=$!
  pids+=("$centrifugo_pid")
  await "$port" "$centrifugo_pid" "$folder/centrifugo.log"
  centrifugo="127.0.0.1:$port"
}

start_nchan() {
  local port
  port=$(free_port)
  mkdir "$folder/nginx"
  chmod 755 "$folder"
  sed "s/PORT/$port/; s/HISTORY/${NCHAN_HISTORY:-1}/" loadtest/peers/nginx.conf >"$folder/nginx/nginx.conf"
  taskset -c "$server_core" nginx -p "$folder/nginx" -c nginx.conf -e error.log >"$folder/nginx.log" 2>&1 &
  nginx_pid=$!
  pids+=("$nginx_pid")
  await "$port" "$nginx_pid" "$folder/nginx.log"
  nchan_pids=$nginx_pid,$(pgrep -d , -P "$nginx_pid")
  nchan="127.0.0.1:$port"
}

# measure NAME OPTIONS...: one run of one server.
measure() {
  local name=$1 options=()
  shift
  case $scenario in
    room) options=(--rounds 1 --yardstick-core "$server_core" --channel load:room) ;;
    idle | connect-storm) options=(--channel load:room) ;;
  esac
  printf '== %s\n' "$name" >&2
  taskset -c "$tool_core" "$built/belfry-loadtest" "$scenario" "${options[@]}" \
    --report "$out/$name.html" "$@" >>"$out/$name.json"
}

run() {
  local name=$1 belfry_options centrifugo_options
  shift
  belfry_options=(--url "ws://${belfry:-}/connection/websocket" --pid "${belfry_pid:-}")
  centrifugo_options=(--url "ws://${centrifugo:-}/connection/websocket" --pid "${centrifugo_pid:-}")
  case $name in
    belfry) measure "$name" "${belfry_options[@]}" "$@" ;;
    belfry-stream) measure "$name" "${belfry_options[@]}" --channel kept:room "$@" ;;
    belfry-gathered) measure "$name" "${belfry_options[@]}" --channel gathered:room "$@" ;;
    centrifugo) measure "$name" "${centrifugo_options[@]}" "$@" ;;
    centrifugo-stream) measure "$name" "${centrifugo_options[@]}" --channel kept:room "$@" ;;
    centrifugo-api)
      measure "$name" "${centrifugo_options[@]}" \
        --publish-api "http://$centrifugo" --api-key a-key-of-the-load-tool "$@"
      ;;
    nchan)
      measure "$name" --protocol nchan --pid "$nchan_pids" --url "ws://$nchan/sub?id={channel}" \
        --publish-api "http://$nchan/pub?id={channel}" "$@"
      ;;
    *) missing "$name" 'belfry, belfry-stream, belfry-gathered, centrifugo, centrifugo-stream, centrifugo-api or nchan' ;;
  esac
}

require
source scripts/serve.sh
export BELFRY__IDENTITY__HMAC_SECRET=a-secret-of-the-load-tool-and-of-nothing-else
mkdir -p "$out"
reports=()
for peer in $peers; do
  rm -f "$out/$peer.json"
  reports+=("$peer=$out/$peer.json")
done
if [[ $peers == *belfry* ]]; then
  start_belfry "$built/belfry" "$server_core"
  belfry=$address belfry_pid=$pid
fi
[[ $peers != *centrifugo* ]] || start_centrifugo
[[ $peers != *nchan* ]] || start_nchan
for ((number = 1; number <= runs; number++)); do
  for peer in $peers; do
    run "$peer" "$@"
  done
done
"$built/belfry-loadtest" compare "${reports[@]}" --report "$out/compare.html"
