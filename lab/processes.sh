# shellcheck shell=bash
# Processes that outlive the script that starts them: known again by a mark in their environment, because a pid alone may be another's by then.

STARTED_AT=${STARTED_AT:-${EPOCHREALTIME//[.,]/}}

say() {
  local tenths=$(((${EPOCHREALTIME//[.,]/} - STARTED_AT) / 100000))
  printf '%3d.%d s  %s\n' $((tenths / 10)) $((tenths % 10)) "$*"
}

die() { echo "${0##*/}: $*" >&2; exit 1; }

# marked_pid FILE MARK: the pid in the file, if that process was started with the mark; else nothing.
marked_pid() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 0
  if grep -qzxF "$2" "/proc/$pid/environ" 2>/dev/null; then echo "$pid"; fi
}

# Those of the given processes that still run; one that nobody has reaped yet does not.
still_running() {
  local pid
  for pid; do
    if grep -qs '^State:.[^ZX]' "/proc/$pid/status"; then echo "$pid"; fi
  done
}

# Ends processes by pid: politely, after two seconds by force; returns when they are gone.
# shellcheck disable=SC2086 # pids are words
end_pids() {
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
  die "these processes do not end: $pids"
}

# at_once FUNCTION ARG…: calls the function with each argument, all at the same time; fails if one fails.
at_once() {
  local function=$1 argument pid failed=0 pids=()
  shift
  for argument; do
    "$function" "$argument" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  return "$failed"
}
