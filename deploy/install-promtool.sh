#!/usr/bin/env bash
# Puts promtool and prometheus into a folder of PATH: what the tests of deploy/monitoring and of /metrics check rules and
# texts with. They are files of Debian's package prometheus, which is fetched and not installed: that would start a server.
# usage: install-promtool.sh [folder, default /usr/local/bin]
set -euo pipefail
folder=${1:-/usr/local/bin}

fail() {
  echo "install-promtool: $*" >&2
  exit 1
}

if command -v promtool >/dev/null && command -v prometheus >/dev/null; then
  echo "install-promtool: promtool and prometheus are here"
  exit 0
fi
for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || fail "needs $tool: put promtool into PATH by hand"
done
[[ -w $folder ]] || fail "cannot write into $folder: run it as root or name another folder of PATH"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
timeout 300 apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download prometheus >apt.log 2>&1 </dev/null ||
  fail "apt-get download prometheus: $(grep -m1 '^E:' apt.log || tail -n1 apt.log)"
dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool ./usr/bin/prometheus
install -m 0755 usr/bin/promtool usr/bin/prometheus "$folder"
echo "install-promtool: promtool and prometheus in $folder"
