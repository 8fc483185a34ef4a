# shellcheck shell=bash
# The seed's lab: applied through the API as a person would with curl, awaited, and proved by pings from every namespace to every other.

LAB=lab/seed.json

hosts_of_lab() { jq -r '.[].path | select(startswith("/v1/hosts/")) | ltrimstr("/v1/hosts/")' "$LAB"; }

apply_lab() {
  local method path body
  while read -r method path && read -r body; do
    call "$path" -X "$method" -H 'Content-Type: application/json' --data-binary "$body" -o "$RUN/answer" -w '%{http_code}\n' ||
      die "$method $path: $(<"$RUN/answer")"
  done < <(jq -r '.[] | "\(.method) \(.path)", (.body | tojson)' "$LAB") >"$RUN/answers"
  rm -f "$RUN/answer"
  say "applied: $(grep -c 201 "$RUN/answers") created, $(grep -c 200 "$RUN/answers") as they were"
}

await_ready() { # PATH
  call "$1/wait?for=ready&timeout=60s" -o "$RUN/wait-${1//\//-}" ||
    die "$1 is not ready: $(jq -c '.detail // .status // .' "$RUN/wait-${1//\//-}")"
}

# One line for each workload of the lab: NAME HOST NAMESPACE IP GATEWAY NETWORK MAC VLAN. What else has been made since may be out of reach by intent.
workloads() {
  local networks
  networks=$(call '/v1/networks?limit=1000')
  { call '/v1/vms?limit=1000' && call '/v1/containers?limit=1000'; } | jq -rs --argjson networks "$networks" --slurpfile lab "$LAB" '
    ($networks.items | map({(.name): (.status.effective.gateway // .spec.gateway)}) | add) as $gateways
    | [.[].items[]] | (map(select(.metadata.kind == "vm") | {(.name): .spec.host}) | add) as $hosts
    | .[] | select("/v1/vms/\(if .metadata.vm then .metadata.vm + "/containers/" else "" end)\(.name)" | IN($lab[0][].path))
    | .status.effective as $e
    | [.name, $hosts[.metadata.vm // .name], $e.namespace, $e.ip, $gateways[$e.network], $e.network, $e.mac, ($e.vlan // "-")] | join(" ")'
}

# Pings from one workload to its gateway and to all others; the first ping may fall to ARP, so each has three tries.
ping_from() { # NAME
  local host namespace
  read -r host namespace < <(awk -v name="$1" '$1 == name { print $2, $3 }' "$RUN/workloads")
  # shellcheck disable=SC2016 # expanded inside
  awk -v name="$1" '$1 == name { print "gateway", $5 } $1 != name { print $1, $4 }' "$RUN/workloads" |
    lab/sandbox exec "$SANDBOX" "$host" ip netns exec "$namespace" bash -c '
      while read -r name address; do
        answer=no
        for try in 1 2 3; do ! ping -c1 -W1 -q "$address" >/dev/null 2>&1 || { answer=yes && break; }; done
        echo "$name $answer"
      done' >"$RUN/pings-$1"
}

show_lab() {
  local -a paths names
  local name lost url
  mapfile -t paths < <(jq -r '.[].path' "$LAB")
  at_once await_ready "${paths[@]}"
  rm -f "$RUN"/wait-*
  say "ready: ${#paths[@]} objects"

  workloads >"$RUN/workloads"
  mapfile -t names < <(cut -d' ' -f1 "$RUN/workloads")
  at_once ping_from "${names[@]}"
  say "pinged"
  {
    echo "NAME HOST NETWORK IP MAC VLAN PINGS"
    while read -r name host _ ip _ network mac vlan; do
      echo "$name $host $network $ip $mac $vlan $(grep -c yes "$RUN/pings-$name")/$(grep -c '' "$RUN/pings-$name")"
    done <"$RUN/workloads"
  } | column -t
  lost=$(grep -H ' no$' "$RUN"/pings-* | sed 's/.*pings-//; s/:/ cannot reach /; s/ no$//' || true)
  url=$(<"$RUN/url")
  cat <<END

API      $url/v1        ./dev curl /v1/vms/vm5/containers/c51
Swagger  $url/swagger
shell    source ${RUN#"$ROOT"/}/env; ovn-nbctl show; ./dev exec ubuntu2 ovs-vsctl show
END
  [[ -z $lost ]] || die "$lost"
}
