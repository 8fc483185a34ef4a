# shellcheck shell=bash
# What the machine must have: Debian's packages, installed when a program of theirs is missing, and a built tree.

# program:package
FOR_LAB=(ovsdb-server:openvswitch-switch ovs-vswitchd:openvswitch-switch ovn-northd:ovn-central ovn-controller:ovn-host
  udhcpc:udhcpc ethtool:ethtool ip:iproute2 ping:iputils-ping curl:curl jq:jq column:bsdextrautils)
FOR_TESTS=(tcpdump:tcpdump shellcheck:shellcheck git:git chromium:chromium g++:g++) # g++: links what is compiled ahead of time

prepare_machine() { # [PROGRAM:PACKAGE…], beyond what the lab needs
  command -v dotnet >/dev/null || die ".NET SDK 10 is missing: https://dotnet.microsoft.com/download"
  ((EUID == 0)) || die "network namespaces need root"
  local entry missing=()
  for entry in "${FOR_LAB[@]}" "$@"; do
    command -v "${entry%:*}" >/dev/null || missing+=("${entry#*:}")
  done
  [[ -n $(postgres_programs) ]] || missing+=(postgresql)
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
  [[ -c /dev/net/tun ]] || { mkdir -p /dev/net && mknod -m 600 /dev/net/tun c 10 200; }
}

# Installs without starting a service: the lab runs servers of its own.
install_packages() {
  say "installing $*"
  (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
      trap 'rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  )
}

# Debian keeps initdb and postgres out of PATH.
postgres_programs() {
  local folders=(/usr/lib/postgresql/*/bin/)
  [[ -x ${folders[0]}initdb ]] || return 0
  printf '%s\n' "${folders[@]}" | sort -V | tail -n 1
}

build() { # PROJECT…
  local project
  for project; do
    dotnet build "$project" --configuration "$CONFIGURATION" -nodeReuse:false -verbosity:quiet | grep -v -e '^$' -e 'Build succeeded' -e '^    0 ' -e '^Time Elapsed' | awk '!seen[$0]++' || ((PIPESTATUS[0] == 0))
  done
  say "built: $*"
}

# built FOLDER ASSEMBLY: the assembly's path
built() { echo "$ROOT/$1/bin/$CONFIGURATION/net10.0/$2.dll"; }
