# shellcheck shell=bash
# Processes that outlive the script that started them. Each is started with a mark in its environment: a pid file alone is not
# enough, because the kernel may have given the pid to another process since.

STARTED_AT=${STARTED_AT:-${EPOCHREALTIME//[.,]/}}

# Prints a progress message with the time since the script started.
say() {
  local tenths=$(((${EPOCHREALTIME//[.,]/} - STARTED_AT) / 100000))
  printf '%3d.%d s  %s\n' $((tenths / 10)) $((tenths % 10)) "$*"
}

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Runs the present command again under a lock, so that two commands of one lab do not run at the same time. The lock is a file outside the
# lab's folder, which is deleted with the lab. The processes that the command starts do not hold it.
lock_lab() { # RUN PROGRAM ARG…
  [[ ${NEST_LOCKED:-} != "$1" ]] || return 0
  local lock
  lock=/run/nest-lab-$(md5sum <<<"$1" | cut -c 1-16).lock
  export NEST_LOCKED=$1
  flock --nonblock "$lock" true || say "another ./dev up or down of this lab ($1) is running; waiting for its end"
  exec flock --close "$lock" "${@:2}"
}

# Prints the pid in FILE if the process was started with MARK in its environment; otherwise nothing.
marked_pid() { # FILE MARK
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  if grep -qzxF "$2" "/proc/$pid/environ" 2>/dev/null; then echo "$pid"; fi
}

# Prints the given pids that are still running. A zombie counts as ended.
still_running() { # PID…
  local pid
  for pid; do
    if grep -qs '^State:.[^ZX]' "/proc/$pid/status"; then echo "$pid"; fi
  done
}

# Stops processes: SIGTERM, then SIGKILL after two seconds. Returns when all have ended.
# shellcheck disable=SC2086 # pids are words
stop_pids() { # PID…
  local round pids
  pids=$(still_running "$@")
  for ((round = 0; round < 300; round++)); do
    [[ -n $pids ]] || return 0
    case $round in
      0) kill $pids 2>/dev/null || true ;;
      100) kill -KILL $pids 2>/dev/null || true ;;
    esac
    sleep 0.02
    pids=$(still_running $pids)
  done
  die "these processes still run after SIGKILL: $pids"
}

# Calls the function once per argument, all calls in parallel. Fails if any call fails.
in_parallel() { # FUNCTION ARG…
  local function=$1 argument pid failed=0 pids=()
  shift
  for argument; do
    "$function" "$argument" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  return "$failed"
}
