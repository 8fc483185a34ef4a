# shellcheck shell=bash
# Runs the tests and the checks.

# Runs the test projects one after the other. At the end it names the failed tests. The last line is "N passed, N failed, N skipped".
# Fails if a test failed or if no test passed.
run_projects() ( # PROJECT… -- [OPTION OF THE TEST RUNNER…]
  local project name result status now passed=0 failed=0 skipped=0 projects=() failures=()
  while [[ $1 != -- ]]; do projects+=("$1") && shift; done
  shift
  TMPDIR=$(mktemp -d /tmp/nest-test.XXXXXX)
  export TMPDIR
  chmod 755 "$TMPDIR" # PostgreSQL runs as another user
  trap clean_tests EXIT
  for project in "${projects[@]}"; do
    name=$(basename "$project")
    say "$name"
    result=$TMPDIR/$name.json
    status=0
    dotnet "$(built "$project" "$name")" -noColor -noLogo -longRunning 60 -result-ctrf "$result" "$@" || status=$?
    now=0
    if [[ -s $result ]]; then
      passed=$((passed + $(sum_of "$result" passed)))
      skipped=$((skipped + $(sum_of "$result" skipped pending)))
      now=$(sum_of "$result" failed other)
      mapfile -t -O "${#failures[@]}" failures < <(grep -oP '"name":"\K([^"\\]|\\.)*(?=","status":"(failed|other)")' "$result" || true)
    fi
    # A crash, or an error outside a test (for example in a fixture's DisposeAsync), counts as a failure.
    if ((status != 0 && now == 0)); then
      failures+=("$name ended with exit code $status")
      now=1
    fi
    failed=$((failed + now))
  done
  trap - EXIT
  clean_tests
  say "tests finished"
  ((${#failures[@]} == 0)) || printf 'FAILED: %s\n' "${failures[@]}"
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0 && passed > 0))
)

# Prints the sum of some fields of a CTRF report's summary. Without jq, because ./dev unit needs nothing but the .NET SDK.
sum_of() { # FILE FIELD…
  local summary field sum=0
  summary=$(grep -o '"summary":{[^}]*}' "$1")
  shift
  for field; do
    [[ $summary =~ \"$field\":([0-9]+) ]] || die "the test report has no field '$field': $summary"
    sum=$((sum + BASH_REMATCH[1]))
  done
  echo "$sum"
}

# Stops the servers of a test process that crashed. All their folders are in TMPDIR.
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

# Prints the test projects, except the end-to-end tests.
small_test_projects() {
  local file
  for file in tests/*.Tests/*.csproj; do
    [[ $file == *EndToEnd* ]] || dirname "$file"
  done
}

# Builds everything and runs all test projects. The end-to-end tests are last: the small tests find most errors earlier.
run_filtered() { # [OPTION OF THE TEST RUNNER…]
  local -a projects
  mapfile -t projects < <(small_test_projects)
  build OvnNestApi.sln
  run_projects "${projects[@]}" tests/EndToEnd.Tests -- "$@"
}

run_tests() { # [PART OF A NAME]
  if (($#)); then run_filtered -method "*$1*"; else run_filtered; fi
}

# Runs the tests with the trait Kind=pure, which start no server and need no root.
run_unit_tests() {
  local -a projects
  require_dotnet
  mapfile -t projects < <(small_test_projects)
  build "${projects[@]}"
  run_projects "${projects[@]}" -- -trait Kind=pure
}

check() {
  local failed=0 step
  for step in formatted compiles model_is_migrated scripts_are_sound files_are_short lines_are_short rules_hold; do
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

# Runs the architecture tests, which print the graph of folders, and the tests that compare openapi.yaml with the document
# that the API serves and with the one before, to find changes that break clients.
rules_hold() {
  run_projects tests/Architecture.Tests -- -showLiveOutput && run_projects tests/OvnNestApi.Tests -- -class '*OpenApi*' -showLiveOutput
}

# Prints the files that the limits below apply to, each followed by a NUL: all sources except generated ones.
source_files() {
  git ls-files -z -co --exclude-standard '*.cs' '*.sh' dev lab/sandbox .ci/run ':!migrations/Migrations' ':!*.g.cs'
}

files_are_short() { # at most 300 lines
  local long
  long=$(source_files | xargs -0 wc -l | awk '$1 > 300 && $2 != "total"')
  [[ -z $long ]] || { echo "$long" && return 1; }
}

lines_are_short() { # at most 140 columns
  local long
  long=$(source_files | LC_ALL=C.UTF-8 xargs -0 grep -nE '.{141}' | cut -d: -f1,2 || true)
  [[ -z $long ]] || { echo "$long" && return 1; }
}
