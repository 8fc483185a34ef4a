# shellcheck shell=bash
# Starts, finds and stops the servers of a sandbox. Sourced by lab/sandbox, which sets DIR.

FABRIC=192.0.2 # RFC 5737: addresses for documentation, used only inside the sandbox
CENTRAL_IP=$FABRIC.1

# The base names of the pid files and control sockets, as ovs-appctl and ovn-appctl expect them.
declare -A PROCESS=(
  [nb]=ovnnb_db [sb]=ovnsb_db [northd]=ovn-northd
  [ovsdb]=ovsdb-server [vswitchd]=ovs-vswitchd [controller]=ovn-controller)

servers_of() { if [[ $1 == central ]]; then echo "nb sb northd"; else echo "ovsdb vswitchd controller"; fi; }

hosts_of() {
  local address
  for address in "$DIR"/*/address; do
    [[ ! -e $address ]] || basename "$(dirname "$address")"
  done
}

# Prints the pid of the process that holds the host's namespaces; nothing if it does not run.
anchor_pid() { marked_pid "$DIR/$1/anchor.pid" "OVNNEST_SANDBOX=$DIR/$1"; }

# Prints the pid of a server; nothing if it does not run. A pid file may be stale, so the process must have it on its command line.
server_pid() { # HOST SERVER
  local file="$DIR/$1/${PROCESS[$2]}.pid" pid
  pid=$(cat "$file" 2>/dev/null) || return 0
  if grep -qzxF -- "--pidfile=$file" "/proc/$pid/cmdline" 2>/dev/null; then echo "$pid"; fi
}

is_running() { [[ -n $(server_pid "$1" "$2") ]]; }

# Replaces this process by a command in the host's namespaces. The pid stays the same, so that the caller can signal the command.
enter() { # HOST CMD…
  local dir="$DIR/$1" anchor
  anchor=$(anchor_pid "$1")
  [[ -n $anchor ]] || die "$1 is not running: run sandbox up first"
  shift
  exec nsenter --target "$anchor" --net --mount --uts --wdns="$PWD" -- \
    env OVS_RUNDIR="$dir" OVN_RUNDIR="$dir" OVS_LOGDIR="$dir" OVN_LOGDIR="$dir" "$@"
}

inside() { (enter "$@"); }

server_pids() {
  local server
  for server in $(servers_of "$1"); do server_pid "$1" "$server"; done
}

# Prints the pids of all processes in the host's namespaces except the anchor. Two processes are in the same namespace if the inodes of
# their namespace files are equal.
pids_on() { # HOST
  local host=$1 anchor witness inodes inode path pid
  anchor=$(anchor_pid "$host")
  witness=${anchor:-$(server_pids "$host" | sed -n 1p)}
  [[ -n $witness ]] || return 0
  # shellcheck disable=SC2016 # expanded by the inner bash
  inodes=$(nsenter --target "$witness" --mount bash -c '
    stat -Lc %i "/proc/$1/ns/mnt" "/proc/$1/ns/net" $(ls -d /run/netns/* 2>/dev/null)' - "$witness")
  inodes=" ${inodes//$'\n'/ } "
  # stat fails for a process that ends in the meantime; that is expected.
  { stat -Lc '%i %n' /proc/[0-9]*/ns/mnt /proc/[0-9]*/ns/net 2>/dev/null || true; } | while read -r inode path; do
    pid=${path#/proc/} pid=${pid%%/*}
    [[ $inodes != *" $inode "* || $pid == "$anchor" ]] || echo "$pid"
  done | sort -u
}

# Stops all processes in the host's namespaces except the anchor.
stop_all_on() { # HOST
  local pids
  pids=$(pids_on "$1")
  # shellcheck disable=SC2086 # pids are words
  stop_pids $pids
}

# Starts a server as a daemon. Returns when it is ready, which is when a program with --detach returns.
launch() { # HOST SERVER PROGRAM ARG…
  local base="$DIR/$1/${PROCESS[$2]}" host=$1 program=$3
  shift 3
  inside "$host" "$program" "$@" -vconsole:err --detach --no-chdir --pidfile="$base.pid" --log-file="$base.log" </dev/null >/dev/null ||
    die "$host: $program does not start; see $base.log"
}

# Creates a database file if it does not exist.
create_database() { # FILE SCHEMA
  [[ -e $1 ]] || ovsdb-tool create "$1" "$2"
}

# Writes what an operator configures on a host: how to connect to OVN, and a bridge for the tunnel's address.
configure_host() {
  local host=$1
  ovs-vsctl --db="unix:$DIR/$host/db.sock" --no-wait --timeout=10 \
    -- set Open_vSwitch . external_ids:system-id="$host" external_ids:hostname="$host" \
    external_ids:ovn-remote="tcp:$CENTRAL_IP:6642" external_ids:ovn-encap-type=geneve \
    external_ids:ovn-encap-ip="$(cat "$DIR/$host/address")" external_ids:ovn-bridge-datapath-type=netdev \
    -- --may-exist add-br br-phys -- set Bridge br-phys datapath_type=netdev fail_mode=standalone \
    -- --may-exist add-port br-phys phys0
}

# Sets the tunnel's address. Must follow each start of ovs-vswitchd, because the devices of a userspace bridge end with it.
set_tunnel_address() { # HOST
  local host=$1
  inside "$host" ip address replace "$(cat "$DIR/$host/address")/24" dev br-phys
  inside "$host" ip link set br-phys up
  inside "$host" ethtool -K br-phys tx off >/dev/null
}

start_server() {
  local host=$1 server=$2 dir="$DIR/$1" ovn=/usr/share/ovn ovs=/usr/share/openvswitch
  ! is_running "$host" "$server" || return 0
  case $server in
    nb)
      create_database "$dir/ovnnb_db.db" "$ovn/ovn-nb.ovsschema"
      launch "$host" nb ovsdb-server "$dir/ovnnb_db.db" --remote="punix:$dir/ovnnb_db.sock" --unixctl="$dir/ovnnb_db.ctl"
      ;;
    sb)
      create_database "$dir/ovnsb_db.db" "$ovn/ovn-sb.ovsschema"
      launch "$host" sb ovsdb-server "$dir/ovnsb_db.db" --remote="punix:$dir/ovnsb_db.sock" \
        --remote="ptcp:6642:$CENTRAL_IP" --unixctl="$dir/ovnsb_db.ctl"
      ;;
    northd)
      launch "$host" northd ovn-northd --ovnnb-db="unix:$dir/ovnnb_db.sock" --ovnsb-db="unix:$dir/ovnsb_db.sock"
      ;;
    ovsdb)
      create_database "$dir/conf.db" "$ovs/vswitch.ovsschema"
      launch "$host" ovsdb ovsdb-server "$dir/conf.db" --remote="punix:$dir/db.sock"
      configure_host "$host"
      ;;
    vswitchd)
      launch "$host" vswitchd ovs-vswitchd "unix:$dir/db.sock" --disable-system
      set_tunnel_address "$host"
      ;;
    controller) launch "$host" controller ovn-controller "unix:$dir/db.sock" ;;
  esac
}

# Stops a server as the service manager does: ovn-controller gets the command "exit", on which it deletes its chassis and its flows.
stop_server() { # HOST SERVER
  local host=$1 server=$2 pid round
  pid=$(server_pid "$host" "$server")
  [[ -n $pid ]] || return 0
  if [[ $server == controller ]] && inside "$host" timeout 5 ovn-appctl -t ovn-controller exit; then
    for ((round = 0; round < 250; round++)); do
      [[ -n $(still_running "$pid") ]] || return 0
      sleep 0.02
    done
  fi
  stop_pids "$pid"
}

kill_server() {
  local pid
  pid=$(server_pid "$1" "$2")
  [[ -n $pid ]] || return 0
  kill -KILL "$pid"
  stop_pids "$pid"
}

# Replaces a database by an empty one. On a host, ovs-vswitchd and ovn-controller start again too, because they depend on it.
empty_server() { # HOST SERVER
  local dir="$DIR/$1" pids
  case $2 in
    nb)
      stop_server "$1" nb
      rm -f "$dir"/ovnnb_db.db
      start_server "$1" nb
      ;;
    ovsdb)
      pids=$(server_pids "$1")
      # shellcheck disable=SC2086 # pids are words
      stop_pids $pids
      rm -f "$dir"/conf.db
      start_server "$1" ovsdb
      start_server "$1" vswitchd
      start_server "$1" controller
      ;;
    *) die "$2 cannot be emptied; only nb (on central) and ovsdb (on a host) can" ;;
  esac
}
