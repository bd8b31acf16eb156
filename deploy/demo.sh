#!/usr/bin/env bash
# make demo: a shop of three tiers as network namespaces on this machine. Shows who can really connect to whom before
# any policy, under default deny, under the full set, and after one label has changed. Cleans up however it ends.
set -euo pipefail
cd "$(dirname "$0")/.."

port=8080
programs=${SLUICE_PROGRAMS:-build/release/agent/apps}
app=examples/demo
work=$(mktemp -d /tmp/sluice-demo.XXXXXX)
manifests=$work/manifests
socket=$work/sluice.sock
bpffs=/sys/fs/bpf/sluice-demo
agent=

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }
ctl() { "$programs/sluicectl" "$@"; }

clean_up() {
  status=$?
  trap - EXIT INT TERM HUP
  if [ -n "$agent" ] && kill "$agent" 2>/dev/null; then wait "$agent" 2>/dev/null || true; fi
  [ ! -d "$bpffs" ] || "$programs/sluiced" --detach --bpffs "$bpffs" --socket "$socket" >/dev/null || status=1
  ctl lab down >/dev/null || status=1
  rm -rf "$work"
  exit $status
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The matrix of real connections, kept so that the next one can be compared with it.
stage() {
  say "$1"
  ctl lab probe --manifests "$manifests" --port $port
  ctl lab probe --manifests "$manifests" --port $port >"$work/$2"
}

ask() { ctl "$1" --socket "$socket" "${@:2}"; }
in_force() { ask sync --timeout 10s; }

mkdir "$manifests"
cp -r $app/manifests/base "$manifests/"
say "Pods up: one network namespace each, joined through this machine as a node would"
ctl lab up --manifests "$manifests" --outside internet=203.0.113.10

stage "1. No policy: who really connects to whom, TCP $port (a network plugin without enforcement)" before

say "The agent starts: it finds the pods by their addresses and attaches to their interfaces"
"$programs/sluiced" --node-name node-1 --manifests "$manifests" --socket "$socket" --bpffs "$bpffs" \
  --metrics 127.0.0.1:19619 --log-level warn >"$work/agent.log" 2>&1 &
agent=$!
for _ in $(seq 100); do
  if [ -S "$socket" ] && in_force 2>/dev/null; then break; fi
  kill -0 "$agent" 2>/dev/null || { cat "$work/agent.log" >&2; exit 1; }
  sleep 0.1
done
ask endpoints

cp -r $app/manifests/policies-default-deny "$manifests/"
in_force
stage "2. Default deny: every namespace closed in both directions" closed

cp -r $app/manifests/policies-full "$manifests/"
in_force
stage "3. The full set: ingress -> frontend -> api, and nothing else at this port" full

say "Who was denied just now, and by which policy: the last five of the records"
ask observe --last 5

say "Why, and what would allow it: the last of them"
last=$(ask observe --last 1 -o json | sed -n 's/.*"id":"\([^"]*\)".*/\1/p')
ask check --event "$last" || [ $? -eq 3 ]

say "Why may the ingress controller talk to frontend-2?"
ask check --from ingress/controller-0 --to shop/frontend-2 --port $port || [ $? -eq 3 ]

say "What the next change will open and close"
cp -r "$manifests" "$work/next"
cp $app/relabel.yaml "$work/next/base/frontend-2.yaml"
ctl diff --manifests "$manifests" --with "$work/next"

cp $app/relabel.yaml "$manifests/base/frontend-2.yaml"
in_force
stage "4. One label changed live: frontend-2 now says role: api" relabelled

say "What that changed (< before, > after)"
diff "$work/full" "$work/relabelled" || true
ask status
say "Done. The same from a folder of your own: README.md, \"On a folder of manifests\"."
