# shellcheck shell=bash
# Tests and checks.

# Runs the given test projects, one after the other, and sums up; the last line is "N passed, N failed, N skipped".
run_projects() ( # PROJECT… -- [FILTER OF THE TEST RUNNER…]
  local project name result status now passed=0 failed=0 skipped=0 projects=()
  while [[ $1 != -- ]]; do projects+=("$1") && shift; done
  shift
  TMPDIR=$(mktemp -d /tmp/nest-test.XXXXXX)
  export TMPDIR
  chmod 755 "$TMPDIR" # PostgreSQL runs as a user of its own
  trap clean_tests EXIT
  for project in "${projects[@]}"; do
    name=$(basename "$project")
    say "$name"
    result=$TMPDIR/$name.json
    status=0
    dotnet "$(built "$project" "$name")" -noColor -noLogo -longRunning 60 -result-ctrf "$result" "$@" || status=$?
    now=0
    if [[ -s $result ]]; then
      passed=$((passed + $(jq '.results.summary.passed' "$result")))
      skipped=$((skipped + $(jq '.results.summary | .skipped + .pending' "$result")))
      now=$(jq '.results.summary | .failed + .other' "$result")
    fi
    # A crash, or an error outside of the tests (a fixture's end), is a failure too.
    if ((status != 0 && now == 0)); then
      echo "$name ended with $status"
      now=1
    fi
    failed=$((failed + now))
  done
  trap - EXIT
  clean_tests
  say "tests ended"
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0 && passed > 0))
)

# What a crashed test may have left: its folders are all in one place.
clean_tests() {
  local mark data
  for mark in "$TMPDIR"/*/sandbox; do
    [[ ! -e $mark ]] || lab/sandbox down "$(dirname "$mark")" >&2
  done
  for data in "$TMPDIR"/nest-pg-*/data; do
    [[ ! -e $data/postmaster.pid ]] || as_postgres pg_ctl -D "$data" -m immediate stop >&2 || true
  done
  rm -rf "$TMPDIR"
}

# The end-to-end tests last: what is wrong shows earlier in the small ones.
test_projects() {
  local file
  for file in tests/*.Tests/*.csproj; do
    [[ $file == *EndToEnd* ]] || dirname "$file"
  done
  echo tests/EndToEnd.Tests
}

run_filtered() { # [FILTER OF THE TEST RUNNER…]
  local -a projects
  mapfile -t projects < <(test_projects)
  build OvnNestApi.sln
  run_projects "${projects[@]}" -- "$@"
}

run_tests() { # [PART OF A NAME]
  if (($#)); then run_filtered -method "*$1*"; else run_filtered; fi
}

check() {
  local failed=0 step
  for step in formatted compiles model_is_migrated scripts_are_sound files_are_short rules_hold; do
    if "$step"; then say "ok: ${step//_/ }"; else
      say "FAILED: ${step//_/ }"
      failed=1
    fi
  done
  return "$failed"
}

formatted() { dotnet tool restore >/dev/null && dotnet csharpier check .; }

compiles() { dotnet build OvnNestApi.sln --configuration "$CONFIGURATION" -nodeReuse:false -verbosity:quiet -warnaserror; }

model_is_migrated() {
  dotnet tool restore >/dev/null &&
    dotnet ef migrations has-pending-model-changes --project migrations --configuration "$CONFIGURATION" --no-build
}

scripts_are_sound() { shellcheck -x dev lab/sandbox .ci/run; }

# The tests of the tree's own rules, and of openapi.yaml being what the service says.
rules_hold() { run_projects tests/OvnNestApi.Tests -- -class '*Architecture*' -class '*OpenApi*'; }

files_are_short() {
  local long
  long=$(git ls-files -co --exclude-standard '*.cs' '*.sh' dev lab/sandbox ':!migrations/Migrations' | xargs wc -l | awk '$1 > 300 && $2 != "total"')
  [[ -z $long ]] || { echo "$long" && return 1; }
}
