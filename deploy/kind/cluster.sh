#!/usr/bin/env bash
# A kind cluster with Sluice on it: made, the image loaded, Sluice installed, examples run with real pods.
# usage: cluster.sh up [--family ipv4|ipv6|dual] [--image ARCHIVE]   make the cluster and install
#        cluster.sh examples                                         run examples on it
#        cluster.sh down                                             remove the cluster
#   --name NAME      the cluster's name (sluice)
#   --image ARCHIVE  a docker archive with sluice:VERSION (build/image/sluice-docker.tar)
#   --programs DIR   where sluicectl is, for examples (build/release/agent/apps)
#   --pod-image I    what the examples' pods run: a busybox (busybox:stable)
# Needs docker, kind, kubectl and helm; examples also python3 with PyYAML.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
deploy=${here%/*}

fail() {
  echo "cluster: $*" >&2
  exit 2
}

family=ipv4 name=sluice image=build/image/sluice-docker.tar programs=build/release/agent/apps pod_image=busybox:stable
command=${1:---help}
shift || true
while (($# > 0)); do
  case $1 in
    --family | --name | --image | --programs | --pod-image)
      (($# > 1)) || fail "$1 needs a value: see --help"
      declare "$(tr - _ <<<"${1#--}")=$2"
      shift 2
      ;;
    *) fail "'$1' is no option: see --help" ;;
  esac
done

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || fail "no $tool: install it, or put it into PATH"
  done
  timeout 20 docker info >/dev/null 2>&1 || fail "docker does not answer: start it, or join its group"
}

# All of kubectl's calls are for this cluster, whatever else the user's configuration holds.
ctl() { kubectl --context "kind-$name" "$@"; }

# Nodes are containers: systemd in them mounts no bpffs, and each needs one of its own, also after it was restarted.
mount_bpffs() {
  local node unit=sluice-bpffs.service
  for node in $(kind get nodes --name "$name"); do
    docker cp "$here/$unit" "$node:/etc/systemd/system/$unit"
    docker exec "$node" systemctl enable --now "$unit"
  done
}

# kindnet enforces by itself since kind 0.24 and has no switch for it. Without the right to read policies its enforcing
# part never begins; what it had installed is taken down.
kindnet_policies_off() {
  local rule node table
  # shellcheck disable=SC2016 # a template of kubectl's
  rule=$(ctl get clusterrole kindnet -o go-template='{{range $i, $r := .rules}}{{range .resources}}{{if eq . "networkpolicies"}}{{$i}}{{end}}{{end}}{{end}}')
  [[ $rule ]] || return 0
  ctl patch clusterrole kindnet --type=json -p "[{\"op\": \"remove\", \"path\": \"/rules/$rule\"}]"
  ctl -n kube-system rollout restart daemonset kindnet
  ctl -n kube-system rollout status daemonset kindnet --timeout=120s
  for node in $(kind get nodes --name "$name"); do
    for table in $(docker exec "$node" nft list tables inet | awk '$3 ~ /network-policies$/ { print $3 }'); do
      docker exec "$node" nft delete table inet "$table"
    done
  done
}

up() {
  need docker kind kubectl helm
  [[ -f $here/cluster-$family.yaml ]] || fail "--family $family: ipv4, ipv6 or dual"
  [[ -f $image ]] || fail "no $image: deploy/image/build.sh makes one, --image names another"
  ! kind get clusters 2>/dev/null | grep -qx "$name" || fail "a cluster $name is there already: cluster.sh down, or --name"
  kind create cluster --name "$name" --config "$here/cluster-$family.yaml" --wait 180s
  mount_bpffs
  kindnet_policies_off
  kind load image-archive "$image" --name "$name"
  helm install sluice "$deploy/helm/sluice" --kube-context "kind-$name" --namespace kube-system --wait --timeout 180s
  ctl -n kube-system rollout status daemonset sluice --timeout=180s
  ctl -n kube-system exec daemonset/sluice -c agent -- sluicectl status
}

examples() {
  need docker kind kubectl python3
  [[ -x $programs/sluicectl ]] || fail "no $programs/sluicectl: make programs, or --programs"
  kind get clusters 2>/dev/null | grep -qx "$name" || fail "no cluster $name: cluster.sh up"
  local example
  for example in 01-default-deny-ingress:80 06-three-tier:8080 08-namespace-isolation:80; do
    "$here/example.py" --context "kind-$name" --sluicectl "$programs/sluicectl" --pod-image "$pod_image" \
      --port "${example#*:}" "$deploy/../examples/${example%:*}"
  done
}

case $command in
  up) up ;;
  examples) examples ;;
  down)
    need docker kind
    kind delete cluster --name "$name"
    ;;
  --help) sed -n '2,/^set/{/^set/d;s/^# //p}' "$0" ;;
  *) fail "'$command' is no command: up, examples or down" ;;
esac
