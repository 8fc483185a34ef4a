# shellcheck shell=bash
# Prepares the machine: installs missing Debian packages and builds the projects.

# Entries are PROGRAM:PACKAGE; the package is installed if the program is missing.
FOR_LAB=(ovsdb-server:openvswitch-switch ovs-vswitchd:openvswitch-switch ovn-northd:ovn-central ovn-controller:ovn-host
  udhcpc:udhcpc ethtool:ethtool ip:iproute2 ping:iputils-ping curl:curl jq:jq column:bsdextrautils)
FOR_TESTS=(tcpdump:tcpdump shellcheck:shellcheck git:git chromium:chromium g++:g++ # g++ links the ahead-of-time compiled program
  ansible-playbook:ansible-core node:nodejs npm:npm) # for the examples

require_dotnet() {
  command -v dotnet >/dev/null || die "the .NET SDK 10 is missing; install it from https://dotnet.microsoft.com/download"
}

prepare_machine() { # [PROGRAM:PACKAGE…] in addition to FOR_LAB
  require_dotnet
  ((EUID == 0)) || die "this command creates network namespaces; run it as root"
  local entry missing=()
  for entry in "${FOR_LAB[@]}" "$@"; do
    command -v "${entry%:*}" >/dev/null || missing+=("${entry#*:}")
  done
  [[ -n $(postgres_programs) ]] || missing+=(postgresql)
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
  [[ -c /dev/net/tun ]] || { mkdir -p /dev/net && mknod -m 600 /dev/net/tun c 10 200; }
}

# Installs packages without starting their services, because the lab and the tests start their own servers.
install_packages() {
  say "installing Debian packages: $*"
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

# Prints the folder of initdb and postgres, which Debian does not put into PATH; nothing if PostgreSQL is not installed.
postgres_programs() {
  local folders=(/usr/lib/postgresql/*/bin/)
  [[ -x ${folders[0]}initdb ]] || return 0
  printf '%s\n' "${folders[@]}" | sort -V | tail -n 1
}

build() { # PROJECT…
  local project
  for project; do
    say "building $project"
    dotnet build "$project" --configuration "$CONFIGURATION" -nodeReuse:false -verbosity:quiet |
      grep -v -e '^$' -e 'Build succeeded' -e '^    0 ' -e '^Time Elapsed' | awk '!seen[$0]++' || ((PIPESTATUS[0] == 0))
  done
  say "build finished"
}

# Prints the path of a built assembly.
built() { # FOLDER ASSEMBLY
  echo "$ROOT/$1/bin/$CONFIGURATION/net10.0/$2.dll"
}
