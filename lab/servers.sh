# shellcheck shell=bash
# The servers of a sandbox: how each is started, known again, and ended. Sourced by lab/sandbox, which sets DIR.

FABRIC=192.0.2 # RFC 5737: documentation addresses, seen by nobody outside the sandbox
CENTRAL_IP=$FABRIC.1

# The names of pid files and control sockets are those that ovs-appctl and ovn-appctl look for.
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

# The process that holds the host's namespaces; nothing if there is none.
anchor_pid() { marked_pid "$DIR/$1/anchor.pid" "OVNNEST_SANDBOX=$DIR/$1"; }

# The process of a server; nothing if it does not run. A pid file may be stale: the process must have been told to write that very file.
server_pid() {
  local file="$DIR/$1/${PROCESS[$2]}.pid" pid
  pid=$(cat "$file" 2>/dev/null) || return 0
  if grep -qzxF -- "--pidfile=$file" "/proc/$pid/cmdline" 2>/dev/null; then echo "$pid"; fi
}

is_running() { [[ -n $(server_pid "$1" "$2") ]]; }

# Becomes CMD on HOST: the same pid, so that who started us can signal it.
enter() {
  local dir="$DIR/$1" anchor
  anchor=$(anchor_pid "$1")
  [[ -n $anchor ]] || die "$1 is not up"
  shift
  exec nsenter --target "$anchor" --net --mount --uts --wdns="$PWD" -- \
    env OVS_RUNDIR="$dir" OVN_RUNDIR="$dir" OVS_LOGDIR="$dir" OVN_LOGDIR="$dir" "$@"
}

inside() { (enter "$@"); }

server_pids() {
  local server
  for server in $(servers_of "$1"); do server_pid "$1" "$server"; done
}

# The processes in the namespaces of a host, but for the anchor. An inode names a namespace uniquely while it exists.
residents() {
  local host=$1 anchor witness inodes inode path pid
  anchor=$(anchor_pid "$host")
  witness=${anchor:-$(server_pids "$host" | sed -n 1p)}
  [[ -n $witness ]] || return 0
  # shellcheck disable=SC2016 # expanded inside
  inodes=$(nsenter --target "$witness" --mount bash -c 'stat -Lc %i "/proc/$1/ns/mnt" "/proc/$1/ns/net" $(ls -d /run/netns/* 2>/dev/null)' - "$witness")
  inodes=" ${inodes//$'\n'/ } "
  # A process may end while we look: stat then complains, which is no error here.
  { stat -Lc '%i %n' /proc/[0-9]*/ns/mnt /proc/[0-9]*/ns/net 2>/dev/null || true; } | while read -r inode path; do
    pid=${path#/proc/} pid=${pid%%/*}
    [[ $inodes != *" $inode "* || $pid == "$anchor" ]] || echo "$pid"
  done | sort -u
}

# Ends what runs on a host, whoever started it; the anchor stays.
end_all_on() {
  local pids
  pids=$(residents "$1")
  # shellcheck disable=SC2086 # pids are words
  end_pids $pids
}

# launch HOST SERVER PROGRAM ARG…: returns when the program says that it is ready.
launch() {
  local base="$DIR/$1/${PROCESS[$2]}" host=$1 program=$3
  shift 3
  inside "$host" "$program" "$@" -vconsole:err --detach --no-chdir --pidfile="$base.pid" --log-file="$base.log" </dev/null >/dev/null ||
    die "$host: $program does not start, see $base.log"
}

create_database() { # FILE SCHEMA, unless it is there
  [[ -e $1 ]] || ovsdb-tool create "$1" "$2"
}

# A host's database as an operator would prepare it: its place in the overlay, and the bridge that has its tunnel address.
host_settings() {
  local host=$1
  ovs-vsctl --db="unix:$DIR/$host/db.sock" --no-wait --timeout=10 \
    -- set Open_vSwitch . external_ids:system-id="$host" external_ids:hostname="$host" \
    external_ids:ovn-remote="tcp:$CENTRAL_IP:6642" external_ids:ovn-encap-type=geneve \
    external_ids:ovn-encap-ip="$(cat "$DIR/$host/address")" external_ids:ovn-bridge-datapath-type=netdev \
    -- --may-exist add-br br-phys -- set Bridge br-phys datapath_type=netdev fail_mode=standalone \
    -- --may-exist add-port br-phys phys0
}

# The devices of a userspace bridge end with ovs-vswitchd, and with them their addresses.
underlay() {
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
      host_settings "$host"
      ;;
    vswitchd)
      launch "$host" vswitchd ovs-vswitchd "unix:$dir/db.sock" --disable-system
      underlay "$host"
      ;;
    controller) launch "$host" controller ovn-controller "unix:$dir/db.sock" ;;
  esac
}

# As the service manager would: a controller that is told to exit takes its chassis and its flows away.
stop_server() {
  local host=$1 server=$2 pid round
  pid=$(server_pid "$host" "$server")
  [[ -n $pid ]] || return 0
  if [[ $server == controller ]] && inside "$host" timeout 5 ovn-appctl -t ovn-controller exit; then
    for ((round = 0; round < 250; round++)); do
      [[ -n $(still_running "$pid") ]] || return 0
      sleep 0.02
    done
  fi
  end_pids "$pid"
}

kill_server() {
  local pid
  pid=$(server_pid "$1" "$2")
  [[ -n $pid ]] || return 0
  kill -KILL "$pid"
  end_pids "$pid"
}

# A lost database: the server starts over with an empty one, and on a host so do those that live by it.
empty_server() {
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
      end_pids $pids
      rm -f "$dir"/conf.db
      start_server "$1" ovsdb
      start_server "$1" vswitchd
      start_server "$1" controller
      ;;
    *) die "only nb and ovsdb can be emptied" ;;
  esac
}
