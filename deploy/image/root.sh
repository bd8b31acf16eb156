#!/usr/bin/env bash
# Lays out the image's root: the programs, stripped, the shared libraries that they load, and the few files that libc,
# OpenSSL and a container runtime look for. No shell, no package manager.
# usage: root.sh --programs DIR --libs-from DIR --out DIR
#   --programs   where sluiced, sluice-watcher, sluicectl and sluice-cni are
#   --libs-from  a Debian 12 root of their machine, perhaps /, whose libraries are taken
#   --out        the new root; must not exist
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=deploy/machine.sh
source "$here/../machine.sh"
programs=(sluiced sluice-watcher sluicectl sluice-cni)
uid=10619 # watcher.uid of the chart

fail() {
  echo "root: $*" >&2
  exit 2
}

source_dir='' base='' out=''
while (($# > 0)); do
  case $1 in
    --programs) source_dir=${2:-}; shift 2 ;;
    --libs-from) base=${2:-}; shift 2 ;;
    --out) out=${2:-}; shift 2 ;;
    --help) sed -n '2,/^set/{/^set/d;s/^# //p}' "$0"; exit 0 ;;
    *) fail "'$1' is no option: --programs, --libs-from, --out" ;;
  esac
done
[[ $source_dir && $base && $out ]] || fail "--programs, --libs-from and --out are all needed"
[[ -d $base ]] || fail "--libs-from $base: no such folder"
[[ ! -e $out ]] || fail "--out $out: is there already: remove it or name another"
for program in "${programs[@]}"; do
  [[ -x $source_dir/$program ]] || fail "$source_dir/$program: no such program: build it (make programs)"
done
for tool in readelf strip python3; do
  command -v "$tool" >/dev/null || fail "needs $tool: install binutils, python3"
done
base=${base%/}

machine_of "$source_dir/sluiced" || fail "--programs $source_dir: neither amd64's nor arm64's"
umask 022
mkdir -p "$out"/{dev,etc/ssl/certs,proc,run,sys,tmp,var,usr/{bin,sbin,lib64,share/doc},"usr/lib/$machine-linux-gnu"}
chmod 1777 "$out/tmp"
for link in bin sbin lib lib64; do ln -s "usr/$link" "$out/$link"; done
ln -s /run "$out/var/run"

for program in "${programs[@]}"; do
  "${tools}strip" --strip-unneeded -o "$out/usr/bin/$program" "$source_dir/$program"
  chmod 0755 "$out/usr/bin/$program"
  loader=$(interpreter_of "$source_dir/$program")
  [[ ! $loader ]] || install -m 0755 "$(realpath "$base$loader")" "$out$loader"
  libraries=$(libraries_of "$source_dir/$program" "$base") || fail "a library is missing: see above"
  while IFS= read -r library; do
    [[ $library ]] || continue
    install -m 0644 "$(realpath "$library")" "$out/usr/lib/$machine-linux-gnu/${library##*/}"
  done <<<"$libraries"
done

cat >"$out/etc/passwd" <<EOF
root:x:0:0:root:/:/nonexistent
sluice:x:$uid:$uid:Sluice's watcher:/nonexistent:/nonexistent
EOF
printf 'root:x:0:\nsluice:x:%s:\n' "$uid" >"$out/etc/group"
echo 'hosts: files dns' >"$out/etc/nsswitch.conf"
cp --dereference "$base/etc/os-release" "$out/etc/os-release" 2>/dev/null || cp "$base/usr/lib/os-release" "$out/etc/os-release"

# The authorities that a --kubeconfig without its own trusts: the bundle, or what Debian's package makes it of.
if [[ -s $base/etc/ssl/certs/ca-certificates.crt ]]; then
  cp --dereference "$base/etc/ssl/certs/ca-certificates.crt" "$out/etc/ssl/certs/"
else
  find "$base/usr/share/ca-certificates" -name '*.crt' 2>/dev/null | sort | xargs -r cat >"$out/etc/ssl/certs/ca-certificates.crt"
fi
[[ -s $out/etc/ssl/certs/ca-certificates.crt ]] || fail "$base: has no CA certificates: install ca-certificates there"

# Time zones, for policies with hours; without the same once more in other spellings (posix, right).
[[ -f $base/usr/share/zoneinfo/Europe/Berlin ]] || fail "$base: has no time zones: install tzdata there"
mkdir -p "$out/usr/share"
cp -r --preserve=links "$base/usr/share/zoneinfo" "$out/usr/share/"
rm -rf "$out"/usr/share/zoneinfo/{posix,right,localtime}
chmod -R u=rwX,go=rX "$out/usr/share/zoneinfo"

chmod 0644 "$out"/etc/{passwd,group,nsswitch.conf,os-release} "$out/etc/ssl/certs/ca-certificates.crt"

mkdir -p "$out/usr/share/doc/sluice"
"$here/../sbom.py" --programs "$source_dir" --shipped "$out/usr/bin" --name sluice-image --root "${base:-/}" --linked-in "$their_root" \
  --with ca-certificates --with tzdata --with base-files "${programs[@]}" >"$out/usr/share/doc/sluice/sbom.cdx.json"
install -m 0644 "$here/../../LICENSE" "$here/../../NOTICE" "$out/usr/share/doc/sluice/"
