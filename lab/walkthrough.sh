# shellcheck shell=bash
# Fills the lab from examples/lab.yaml through the API, waits until every resource is ready, and pings between all workloads (VMs and
# containers).

LAB=examples/lab.yaml

# Applies the manifest of the lab, and keeps its answer for the functions below.
apply_lab() {
  call /v1/manifests -H 'Content-Type: application/yaml' --data-binary "@$LAB" -o "$RUN/applied" || die "the lab: $(<"$RUN/applied")"
  say "applied $LAB: $(jq -r '[.items[].action] | group_by(.) | map("\(length) \(.[0])") | join(", ")' "$RUN/applied")"
}

hosts_of_lab() { jq -r '.items[] | select(.kind == "host") | .name' "$RUN/applied"; }

# Prints the URLs of the resources of the lab.
paths_of_lab() { jq -r '.items[] | "/v1/\(if .vm then "vms/\(.vm)/" else "" end)\(.kind)s/\(.name)"' "$RUN/applied"; }

await_ready() { # PATH
  call "$1/wait?for=ready&timeout=60s" -o "$RUN/wait-${1//\//-}" ||
    die "$1 is not ready: $(jq -c '.detail // .status // .' "$RUN/wait-${1//\//-}")"
}

# Prints one line per workload of the lab: NAME HOST NAMESPACE IP GATEWAY NETWORK MAC VLAN.
# Workloads that were created later are left out: they may be unreachable on purpose.
workloads() {
  local networks
  networks=$(call '/v1/networks?limit=1000')
  { call '/v1/vms?limit=1000' && call '/v1/containers?limit=1000'; } |
    jq -rs --argjson networks "$networks" --slurpfile lab "$RUN/applied" '
    ($networks.items | map({(.name): (.status.effective.gateway // .spec.gateway)}) | add) as $gateways
    | [.[].items[]] | (map(select(.metadata.kind == "vm") | {(.name): .spec.host}) | add) as $hosts
    | .[] | select(.metadata.id | IN($lab[0].items[].id))
    | .status.effective as $e
    | [.name, $hosts[.metadata.vm // .name], $e.namespace, $e.ip, $gateways[$e.network], $e.network, $e.mac, ($e.vlan // "-")] | join(" ")'
}

# Pings from one workload to its gateway and to all other workloads. Each ping has three attempts, because the first may be lost during
# ARP resolution.
ping_from() { # NAME
  local host namespace
  read -r host namespace < <(awk -v name="$1" '$1 == name { print $2, $3 }' "$RUN/workloads")
  # shellcheck disable=SC2016 # expanded by the inner bash
  awk -v name="$1" '$1 == name { print "gateway", $5 } $1 != name { print $1, $4 }' "$RUN/workloads" |
    lab/sandbox exec "$SANDBOX" "$host" ip netns exec "$namespace" bash -c '
      while read -r name address; do
        answer=no
        for attempt in 1 2 3; do ! ping -c1 -W1 -q "$address" >/dev/null 2>&1 || { answer=yes && break; }; done
        echo "$name $answer"
      done' >"$RUN/pings-$1"
}

# Waits for the lab and prints its workloads with the result of the pings. Fails if a ping is lost.
show_lab() {
  local -a paths names
  local name lost url
  mapfile -t paths < <(paths_of_lab)
  in_parallel await_ready "${paths[@]}"
  rm -f "$RUN"/wait-*
  say "all ${#paths[@]} resources are ready"

  workloads >"$RUN/workloads"
  mapfile -t names < <(cut -d' ' -f1 "$RUN/workloads")
  in_parallel ping_from "${names[@]}"
  say "pings finished"
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
