#!/usr/bin/env bash
# Renders the chart sluice with its default values into deploy/sluice.yaml and kustomize/base, the way out
# (remove=true) into deploy/sluice-remove.yaml and kustomize/remove, and the relays (relay.enabled=true) into
# kustomize/components/relays, for those who install with kubectl. Uses $HELM, else helm.
# usage: render.sh [--check]   --check: writes nothing; exit 1 where a file is not what the chart renders, 77 without helm
set -euo pipefail
cd "$(dirname "$0")/.."
helm=${HELM:-helm}
# The oldest Kubernetes that the rendered manifests are for; older ones take the chart.
kube_version=1.30.0
relays=relay.enabled=true,relay.secretName=sluice-relay-tls,relay.nodeSecretName=sluice-node-tls

fail() {
  echo "render: $1" >&2
  exit "$2"
}

render() {
  echo "# Rendered by deploy/helm/render.sh from the chart deploy/helm/sluice: change that. For Kubernetes >= ${kube_version%.*}."
  "$helm" template sluice helm/sluice --namespace kube-system --kube-version "$kube_version" "$@" | sed '/^# Source: /d'
}

check=
case ${1:-} in
  "") ;;
  --check) check=1 ;;
  --help) sed -n '2,/^set/{/^set/d;s/^# //p}' "$0"; exit 0 ;;
  *) fail "'$1' is no option: nothing, or --check" 2 ;;
esac
command -v "$helm" >/dev/null || fail "no helm: deploy/install-chart-tools.sh, or set HELM to one" 77

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
render >"$work/sluice.yaml"
render --set remove=true >"$work/sluice-remove.yaml"
render --set "$relays" --show-only templates/relay.yaml >"$work/relay.yaml"
status=0
for file in sluice.yaml sluice-remove.yaml kustomize/base/sluice.yaml kustomize/remove/sluice-remove.yaml \
  kustomize/components/relays/relay.yaml; do
  if [[ ! $check ]]; then
    cp "$work/${file##*/}" "$file"
  elif ! diff -u "$file" "$work/${file##*/}"; then
    echo "render: deploy/$file is not what the chart renders: run deploy/helm/render.sh" >&2
    status=1
  fi
done
exit $status
