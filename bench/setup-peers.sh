#!/usr/bin/env bash
# Installs what the benchmark compares Capstan with: from Debian the D-Bus brokers, sd-bus, Cap'n Proto and nats-server, from npm
# (bench/peers/package.json) gRPC, ZeroMQ and the NATS client; then builds the contenders in C and C++. Says what it does, does
# nothing twice, and says what is missing where it may not install. No service is started: each cell of the benchmark starts its own.
#
# usage: bash bench/setup-peers.sh
set -euo pipefail
cd "$(dirname "$0")/peers"

missing=()
need_program() { command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || missing+=("$2"); }
need_file() { [ -e "$1" ] || missing+=("$2"); }
need_program cc gcc
need_program c++ g++
need_program make make
need_program taskset util-linux
need_program dbus-daemon dbus-daemon
need_program dbus-broker dbus-broker
need_program nats-server nats-server
need_program capnp capnproto
need_file /usr/include/systemd/sd-bus.h libsystemd-dev
need_file /usr/include/capnp/rpc-twoparty.h libcapnp-dev

# Debian starts a service when its package is installed, unless this file says no.
policy=/usr/sbin/policy-rc.d
install_packages() {
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

status=0
if [ "${#missing[@]}" -eq 0 ]; then
  echo 'peers: all Debian packages are here'
elif [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "peers: installing ${missing[*]}"
  install_packages "${missing[@]}"
else
  echo "peers: missing: ${missing[*]}; install them with your package manager" >&2
  status=1
fi

# npm writes a copy of the lock file into node_modules when everything is there. No install script runs: the compiled part of zeromq
# is in its package.
if [ node_modules/.package-lock.json -nt package-lock.json ]; then
  echo 'peers: all npm packages are here'
else
  echo 'peers: npm ci --ignore-scripts in bench/peers'
  npm ci --ignore-scripts --no-audit --no-fund
fi

if command -v make >/dev/null && command -v cc >/dev/null; then
  echo 'peers: building the contenders in C and C++'
  make -s
fi
exit "$status"
