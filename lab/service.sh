# shellcheck shell=bash
# Starts the lab's service as an operator would: PostgreSQL, the migrations, the API, and an agent on each host.

# Prints the pid of a process started by start_process; nothing if it does not run.
running_pid() { marked_pid "$RUN/$1.pid" "OVNNEST_LAB=$RUN/$1"; }

# Starts a command in the background: its pid goes to $RUN/NAME.pid, its output to $RUN/NAME.log.
start_process() { # NAME CMD…
  local name=$1
  shift
  OVNNEST_LAB="$RUN/$name" setsid "$@" </dev/null >>"$RUN/$name.log" 2>&1 &
  echo $! >"$RUN/$name.pid"
}

# Succeeds if the process runs the present build of the program. Stops a process that runs an older build.
is_current() { # NAME PROGRAM
  local pid
  pid=$(running_pid "$1")
  [[ -n $pid ]] || return 1
  [[ $2 -nt $RUN/$1.pid ]] || return 0
  stop_pids "$pid"
  return 1
}

# Runs a PostgreSQL program as the user postgres: initdb and postgres refuse to run as root.
as_postgres() { # PROGRAM ARG…
  env --chdir=/ setpriv --reuid=postgres --regid=postgres --clear-groups "$(postgres_programs)$1" "${@:2}"
}

start_postgres() {
  local data
  mkdir -p "$RUN"
  if [[ ! -e $RUN/postgres ]]; then
    # Outside the repository, because the user postgres may not have access to it.
    data=$(mktemp -d /var/tmp/nest-postgres.XXXXXX)
    chown postgres:postgres "$data"
    # No password: the server has no TCP port, and only root and postgres have access to the socket in this folder.
    as_postgres initdb -D "$data/data" -U postgres -E UTF8 --locale=C --auth=trust --no-sync --no-instructions >/dev/null
    echo "$data" >"$RUN/postgres"
  fi
  data=$(<"$RUN/postgres")
  export ConnectionStrings__Nest="Host=$data;Username=postgres;Database=nest"
  if ! as_postgres pg_ctl -D "$data/data" status >/dev/null; then
    as_postgres pg_ctl -D "$data/data" -w -l "$data/log" -o "-k $data -c listen_addresses= -c fsync=off" start >/dev/null
    say "PostgreSQL started"
  fi
  as_postgres psql -h "$data" -U postgres -q <<'END'
SELECT 'CREATE DATABASE nest' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'nest') \gexec
END
  say "migrations: $(dotnet "$(built migrations OvnNestApi.Migrations)" | tail -n 1)"
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Succeeds if the API at the lab's port accepts the lab's key, which no API of another lab does.
is_own_api() { [[ $(curl -s -m 5 -w '%{http_code}' -H "@$RUN/header" "$(<"$RUN/url")/v1/readiness" 2>/dev/null) == *200 ]]; }

# Waits until the API that was just started is ready. Fails if it has ended because another program has taken the port since is_free.
await_api() { # PORT
  local end=$((SECONDS + 60))
  until curl -sf -m 5 "$(<"$RUN/url")/readyz" >/dev/null 2>&1 && is_own_api; do
    if [[ -z $(still_running "$(<"$RUN/api.pid")") ]]; then
      ! is_free "$1" || die "the API has ended; see $RUN/api.log"
      return 1
    fi
    ((SECONDS < end)) || die "the API is not ready after 60 s; see $RUN/api.log. /readyz: $(curl -sS "$(<"$RUN/url")/readyz" 2>&1)"
    sleep 0.2
  done
}

start_api() {
  local program port
  program=$(built src/OvnNestApi OvnNestApi)
  export Northbound__Endpoints="unix:$SANDBOX/central/ovnnb_db.sock"
  if [[ ! -s $RUN/key ]]; then
    (umask 077 && dotnet "$program" create-key --name lab --role admin >"$RUN/key.new" && mv "$RUN/key.new" "$RUN/key")
  fi
  port=$(cat "$RUN/port" 2>/dev/null || echo 8080)
  is_current api "$program" || start_api_on "$port" "$program"
  until write_environment && await_api "$port"; do
    say "port $port was taken by another program"
    port=$((port + 1))
    start_api_on "$port" "$program"
  done
  say "API is ready"
}

# Starts the API on the first free port from PORT on, and sets $port to it.
start_api_on() { # PORT PROGRAM
  port=$1
  until is_free "$port"; do port=$((port + 1)); done
  echo "$port" >"$RUN/port"
  ASPNETCORE_URLS="http://127.0.0.1:$port;http://unix:$RUN/api.sock" start_process api dotnet "$2"
  say "API started on port $port"
}

# Writes the API's address and key to files for shells (env) and curl (header), so that the key is on no command line.
write_environment() {
  local key
  key=$(<"$RUN/key")
  echo "http://127.0.0.1:$(<"$RUN/port")" >"$RUN/url"
  (
    umask 077
    printf 'export %s\n' "NEST_URL=$(<"$RUN/url")" "NEST_KEY=$key" \
      "OVN_NB_DB=unix:$SANDBOX/central/ovnnb_db.sock" "OVN_SB_DB=unix:$SANDBOX/central/ovnsb_db.sock" >"$RUN/env"
    echo "Authorization: Bearer $key" >"$RUN/header"
  )
}

call() { # PATH [CURL ARG…]
  local path=$1
  shift
  [[ -e $RUN/url ]] || die "the lab is not running: run ./dev up first"
  curl -sS --fail-with-body -H "@$RUN/header" "$(<"$RUN/url")/${path#/}" "$@"
}

start_agent() { # HOST
  local host=$1 program state="$RUN/agent-$1"
  program=$(built src/OvnNestApi.Agent OvnNestApi.Agent)
  ! is_current "agent-$host" "$program" || return 0
  mkdir -p -m 700 "$state"
  # An agent needs a token only for its first start; afterwards it has its own key in $state.
  if [[ ! -e $state/host ]]; then
    (
      umask 077
      call "/v1/hosts/$host/enrolment" -X POST -o "$state/answer" || die "cannot create an enrolment token for $host: $(<"$state/answer")"
      jq -re .token "$state/answer" >"$state/token"
      rm "$state/answer"
    )
  fi
  NEST_URL="unix:$RUN/api.sock" NEST_TOKEN_FILE="$state/token" NEST_STATE="$state" \
    start_process "agent-$host" lab/sandbox exec "$SANDBOX" "$host" dotnet "$program"
  say "agent on $host started"
}

start_agents() {
  local -a hosts
  mapfile -t hosts < <(hosts_of_lab)
  in_parallel start_agent "${hosts[@]}"
}

# Stops the lab and deletes its files.
take_down() {
  local file name data
  for file in "$RUN"/*.pid; do
    [[ -e $file ]] || continue
    name=$(basename "$file" .pid)
    stop_pids "$(running_pid "$name")"
    say "stopped: $name"
  done
  lab/sandbox down "$SANDBOX"
  if [[ -e $RUN/postgres ]]; then
    data=$(<"$RUN/postgres")
    if as_postgres pg_ctl -D "$data/data" status >/dev/null 2>&1; then
      as_postgres pg_ctl -D "$data/data" -w -m fast stop >/dev/null
    fi
    rm -rf "$data"
    say "stopped: PostgreSQL"
  fi
  rm -rf "$RUN"
}
