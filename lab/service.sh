# shellcheck shell=bash
# The service of the lab as an operator would run it: PostgreSQL, migrations, the API, an agent on each host.

# What runs: its pid in $RUN/NAME.pid, its output in $RUN/NAME.log.
running() { marked_pid "$RUN/$1.pid" "OVNNEST_LAB=$RUN/$1"; }

start_process() { # NAME CMD…
  local name=$1
  shift
  OVNNEST_LAB="$RUN/$name" setsid "$@" </dev/null >>"$RUN/$name.log" 2>&1 &
  echo $! >"$RUN/$name.pid"
}

# A program that was built anew is started anew; else what runs goes on.
is_current() { # NAME PROGRAM
  local pid
  pid=$(running "$1")
  [[ -n $pid ]] || return 1
  [[ $2 -nt $RUN/$1.pid ]] || return 0
  end_pids "$pid"
  return 1
}

# PostgreSQL runs as its own user, who may not be able to look into this folder: its data lies elsewhere.
as_postgres() { env --chdir=/ setpriv --reuid=postgres --regid=postgres --clear-groups "$(postgres_programs)$1" "${@:2}"; }

start_postgres() {
  local data
  mkdir -p "$RUN"
  if [[ ! -e $RUN/postgres ]]; then
    data=$(mktemp -d /var/tmp/nest-postgres.XXXXXX)
    chown postgres:postgres "$data"
    # Nobody but root and postgres reaches the socket in that folder, and there is no port: no password is needed.
    as_postgres initdb -D "$data/data" -U postgres -E UTF8 --locale=C --auth=trust --no-sync --no-instructions >/dev/null
    echo "$data" >"$RUN/postgres"
  fi
  data=$(<"$RUN/postgres")
  export ConnectionStrings__Nest="Host=$data;Username=postgres;Database=nest"
  if ! as_postgres pg_ctl -D "$data/data" status >/dev/null; then
    as_postgres pg_ctl -D "$data/data" -w -l "$data/log" -o "-k $data -c listen_addresses= -c fsync=off" start >/dev/null
    say "PostgreSQL started"
  fi
  as_postgres psql -h "$data" -U postgres -qAtc "SELECT 'CREATE DATABASE nest' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'nest')" |
    as_postgres psql -h "$data" -U postgres -q
  say "schema: $(dotnet "$(built migrations OvnNestApi.Migrations)" | tail -n 1)"
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start_api() {
  local program port
  program=$(built src/OvnNestApi OvnNestApi)
  export Northbound__Endpoints="unix:$SANDBOX/central/ovnnb_db.sock"
  if [[ ! -s $RUN/key ]]; then
    (umask 077 && dotnet "$program" create-key --name lab --role admin >"$RUN/key.new" && mv "$RUN/key.new" "$RUN/key")
  fi
  if ! is_current api "$program"; then
    port=$(cat "$RUN/port" 2>/dev/null || echo 8080)
    until is_free "$port"; do port=$((port + 1)); done
    echo "$port" >"$RUN/port"
    ASPNETCORE_URLS="http://127.0.0.1:$port;http://unix:$RUN/api.sock" start_process api dotnet "$program"
    say "API started on port $port"
  fi
  write_environment
  curl -sS --retry 120 --retry-delay 1 --retry-all-errors --retry-max-time 60 --fail-with-body -o /dev/null "$(<"$RUN/url")/readyz" 2>/dev/null ||
    die "the API does not get ready, see $RUN/api.log: $(curl -sS "$(<"$RUN/url")/readyz")"
  say "API ready"
}

# What a person sources, and what curl reads: a key never stands on a command line.
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
  [[ -e $RUN/url ]] || die "the lab is not up: ./dev up"
  curl -sS --fail-with-body -H "@$RUN/header" "$(<"$RUN/url")/${path#/}" "$@"
}

start_agent() { # HOST
  local host=$1 program state="$RUN/agent-$1"
  program=$(built src/OvnNestApi.Agent OvnNestApi.Agent)
  ! is_current "agent-$host" "$program" || return 0
  mkdir -p -m 700 "$state"
  # The token is good for one enrolment; an agent that has its key does not look at it.
  if [[ ! -e $state/host ]]; then
    (
      umask 077
      call "/v1/hosts/$host/enrolment" -X POST -o "$state/answer" || die "no enrolment of $host: $(<"$state/answer")"
      jq -re .token "$state/answer" >"$state/token"
      rm "$state/answer"
    )
  fi
  NEST_URL="unix:$RUN/api.sock" NEST_TOKEN_FILE="$state/token" NEST_STATE="$state" \
    start_process "agent-$host" lab/sandbox exec "$SANDBOX" "$host" dotnet "$program"
  say "agent of $host started"
}

start_agents() {
  local -a hosts
  mapfile -t hosts < <(hosts_of_lab)
  at_once start_agent "${hosts[@]}"
}

take_down() {
  local file name data
  for file in "$RUN"/*.pid; do
    [[ -e $file ]] || continue
    name=$(basename "$file" .pid)
    end_pids "$(running "$name")"
    say "ended: $name"
  done
  lab/sandbox down "$SANDBOX"
  if [[ -e $RUN/postgres ]]; then
    data=$(<"$RUN/postgres")
    ! as_postgres pg_ctl -D "$data/data" status >/dev/null 2>&1 || as_postgres pg_ctl -D "$data/data" -w -m fast stop >/dev/null
    rm -rf "$data"
    say "ended: PostgreSQL"
  fi
  rm -rf "$RUN"
}
