#!/usr/bin/env bash
# End to end against the real kube-apiserver that KUBECONFIG names: an example's objects go into it by kubectl, its pods
# are network namespaces here, sluice-watcher follows the server and feeds sluiced, and what the pods can really
# connect to is compared with what the example intends; then a label, a policy and the agent itself change. Needs root
# and a KUBECONFIG that may create namespaces and nodes; a bare kube-apiserver with etcd is enough. It takes the example's
# names only where none of them is taken, and removes what it made.
# usage: real-apiserver.sh [--programs DIR]   (build/release/agent/apps) exit 77: skipped, there is no server
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
  echo "real-apiserver: skipped: $*"
  exit 77
}
fail() {
  echo "real-apiserver: $*" >&2
  exit 1
}

programs=build/release/agent/apps
case ${1:-} in
  "") ;;
  --programs) programs=${2:?--programs needs a folder} ;;
  --help) sed -n '2,/^set/{/^set/d;s/^# //p}' "$0"; exit 0 ;;
  *) fail "'$1' is no option: see --help" ;;
esac
[[ ${KUBECONFIG:-} ]] || skip "KUBECONFIG names no API server"
command -v kubectl >/dev/null || skip "no kubectl: deploy/install-chart-tools.sh"
timeout 20 kubectl get --raw /readyz >/dev/null 2>&1 || skip "the API server of $KUBECONFIG does not answer /readyz"
((EUID == 0)) || fail "loads BPF programs and makes network namespaces: run it as root"
for program in sluiced sluice-watcher sluicectl; do
  [[ -x $programs/$program ]] || fail "no $programs/$program: make programs, or --programs"
done

example=examples/06-three-tier
manifests=$example/manifests
port=8080
mark=app.kubernetes.io/part-of=sluice-test
bpffs=/sys/fs/bpf/sluice-real-apiserver
work=$(mktemp -d)
socket=$work/sluice.sock
objects=(/usr/bin/env python3 deploy/test/objects.py)
agent='' watcher='' created=''

log() { echo "real-apiserver: $*"; }
ctl() { "$programs/sluicectl" "$@"; }
ask() { ctl "$1" --socket "$socket" "${@:2}"; }
kube() { timeout 60 kubectl "$@"; }

# end <pid>: SIGTERM, and its end awaited, by force after a while.
end() {
  [[ $1 ]] || return 0
  kill -TERM "$1" 2>/dev/null || return 0
  timeout 15 tail --pid="$1" -f /dev/null || kill -KILL "$1" 2>/dev/null || true
}

# A bare server has no kubelet that confirms the end of a pod and no controller that empties a namespace and lets it go.
remove_objects() {
  local namespaces name
  namespaces=$(kube get namespaces -l "$mark" -o 'jsonpath={.items[*].metadata.name}')
  kube delete pods,services,networkpolicies,serviceaccounts -A -l "$mark" --force --grace-period=0 --wait=false
  kube delete nodes,namespaces -l "$mark" --wait=false
  # shellcheck disable=SC2046,SC2086 # names of namespaces
  kube wait --for=delete --timeout=20s $(printf 'namespace/%s ' $namespaces) && return
  for name in $(kube get namespaces -l "$mark" -o 'jsonpath={.items[*].metadata.name}'); do
    kube replace --raw "/api/v1/namespaces/$name/finalize" -f - \
      <<<"{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"$name\"}, \"spec\": {}}"
  done
} >"$work/removed.log" 2>&1

clean_up() {
  local status=$?
  trap - EXIT INT TERM HUP
  trap '' PIPE # whoever reads this may be gone, the objects must be all the same
  if ((status != 0)); then tail -n 30 "$work"/*.log >&2 || true; fi
  end "$watcher"
  end "$agent"
  [[ ! -d $bpffs ]] || "$programs/sluiced" --detach --bpffs "$bpffs" --socket "$socket" >/dev/null || status=1
  ctl lab down >/dev/null || status=1
  [[ ! $created ]] || remove_objects || status=1
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# eventually <seconds> <command...>: until it succeeds; its last output where it never did.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >"$work/last" 2>&1; do
    ((SECONDS < deadline)) || { cat "$work/last" >&2; return 1; }
    sleep 0.1
  done
}

create_objects() {
  local kind namespace name status taken
  taken=$("${objects[@]}" names "$manifests" | while read -r kind name; do
    kube get "$kind" "$name" -o name --ignore-not-found
  done)
  [[ -z $taken ]] || fail "the server has ${taken%%$'\n'*} already: take another server"
  created=1
  "${objects[@]}" create "$manifests" >"$work/objects.json"
  # Where a controller makes the service accounts, it may have been first: apply takes them as they are.
  kube apply -f "$work/objects.json" >/dev/null
  "${objects[@]}" status "$manifests" | while read -r kind namespace name status; do
    [[ $namespace == - ]] && namespace=default
    kube -n "$namespace" patch "$kind" "$name" --subresource=status --type=merge -p "$status" >/dev/null
  done
}

start_agent() {
  "$programs/sluiced" --node-name node-1 --socket "$socket" --bpffs "$bpffs" --metrics 127.0.0.1:19621 \
    >>"$work/agent.log" 2>&1 &
  agent=$!
}

start_watcher() {
  "$programs/sluice-watcher" --kubeconfig "$KUBECONFIG" --socket "$socket" --metrics 127.0.0.1:19622 \
    >>"$work/watcher.log" 2>&1 &
  watcher=$!
}

# verdict <0 allowed, 3 denied> <from> <to>
verdict() {
  local code=0
  ask check --from "$2" --to "$3" --port "$port" >/dev/null || code=$?
  ((code == $1))
}

# as_intended: what the pods can really connect to is what the example's matrix says.
as_intended() {
  ctl matrix --manifests "$manifests" --port "$port" -o json >"$work/intended"
  ctl lab probe --manifests "$manifests" --port "$port" -o json >"$work/found"
  python3 - "$work/intended" "$work/found" <<'PYTHON'
import json, sys

intended, found = (json.load(open(path)) for path in sys.argv[1:])
if intended["cells"] != found["cells"]:
    sys.exit(f"intended {intended}\nfound {found}")
PYTHON
}

log "$(kube version -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["serverVersion"]["gitVersion"])')"
create_objects
ctl lab up --manifests "$manifests" >/dev/null
start_agent
start_watcher
eventually 60 ask sync --timeout 20s || fail "what the server holds did not come into force"
pods=$(kube get pods -A -l "$mark" -o name | wc -l)
found=$(ask endpoints -o json | grep -c '"pod"' || true)
((found == pods)) || fail "$pods pods, $found endpoints in force"
eventually 30 as_intended || fail "the first state is not what $example intends"
log "first state: $pods pods connect as intended"

verdict 0 shop/web-1 shop/api-1 || fail "shop/web-1 may not reach shop/api-1"
kube -n shop label pod web-1 tier=none --overwrite >/dev/null
eventually 10 verdict 3 shop/web-1 shop/api-1 || fail "a changed label did not come into force"
kube -n shop label pod web-1 tier=web --overwrite >/dev/null
eventually 10 verdict 0 shop/web-1 shop/api-1 || fail "a label changed back did not come into force"
log "a label and back: in force"

verdict 3 shop/web-1 shop/db-0 || fail "shop/web-1 may reach shop/db-0"
kube -n shop delete networkpolicies --all >/dev/null
eventually 10 verdict 0 shop/web-1 shop/db-0 || fail "removed policies did not come out of force"
kube apply -f "$work/objects.json" >/dev/null
eventually 10 verdict 3 shop/web-1 shop/db-0 || fail "policies made again did not come into force"
log "policies removed and made again: in force"

kill -KILL "$agent"
wait "$agent" 2>/dev/null || true
as_intended || fail "without an agent it is not enforced as before"
start_agent
eventually 60 ask sync --timeout 20s || fail "after the agent's restart nothing came into force"
as_intended || fail "after the agent's restart it is not what $example intends"
log "the agent killed and started: as intended throughout"
ask status
