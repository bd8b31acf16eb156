#!/usr/bin/env bash
# Has the package of a kernel in kernels.txt, unpacked below build/kernels/<name>/root (of another architecture than amd64
# below build/kernels/<arch>/<name>/root); prints its version.
#  1 A package comes through an apt state of its own beside that (deploy/apt_apart.sh): nothing of the machine's is changed.
#  2 What apt refuses is not unpacked.
#  3 What is there is used again; --refresh asks the mirrors for a newer one.
#  4 What can't be had is one line and exit 1, never something else in its place.
# usage: fetch.sh [--refresh] [--arch <arch>] <name> <suite>[,<suite>...]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=deploy/apt_apart.sh
source "$root/deploy/apt_apart.sh"
refresh=0 arch=amd64
[[ ${1:-} == --refresh ]] && refresh=1 && shift
[[ ${1:-} == --arch ]] && arch=$2 && shift 2
name=${1:?usage: fetch.sh [--refresh] [--arch <arch>] <name> <suites>} suites=${2:?usage: fetch.sh [--refresh] [--arch <arch>] <name> <suites>}
folder=$root/build/kernels/$name
[[ $arch == amd64 ]] || folder=$root/build/kernels/$arch/$name
meta=linux-image-cloud-$arch # the kernel of Debian's cloud images: the same source, few drivers

fail() {
  echo "kernels: $name: $*" >&2
  [[ ! -s $folder/apt.log ]] || sed 's/^/kernels:   apt: /' <(grep -E '^(E|W|Err)' "$folder/apt.log" | tail -5) >&2
  exit 1
}

if ((!refresh)) && [[ -s $folder/version ]]; then
  cat "$folder/version"
  exit 0
fi

IFS=, read -ra asked <<<"$suites"
apt_apart "$folder" "$arch" "${asked[@]}" || fail "no packages can be had"

# depends_on <package> <pattern>: what it depends on of that name, the newest version's.
depends_on() {
  apt-cache "${apt[@]}" show --no-all-versions "$1" 2>/dev/null | sed -n 's/^\(Pre-\)\?Depends: //p' |
    sed 's/[,|] */\n/g' | sed 's/ .*//' | grep -E "$2" || true
}
image=$(depends_on "$meta" '^linux-image-[0-9]')
[[ -n $image ]] || fail "no package $meta in ${suites//,/, } of this machine's mirrors"
mapfile -t packages < <(echo "$image"; depends_on "$image" '^linux-(base|binary|modules)-[0-9]')
version=$(apt-cache "${apt[@]}" show --no-all-versions "$image" | sed -n 's/^Version: //p')
if [[ ! -s $folder/version || $(<"$folder/version") != "$version" ]]; then
  rm -rf "$folder"/{root,packages,version}
  mkdir -p "$folder"/{root,packages}
  (cd "$folder/packages" && apt-get "${apt[@]}" download "${packages[@]}" >"$folder/apt.log" 2>&1) ||
    fail "could not download ${packages[*]} $version"
  for package in "$folder"/packages/*.deb; do
    dpkg-deb --extract "$package" "$folder/root" || fail "could not unpack ${package##*/}"
  done
  rm -rf "$folder/packages"
  echo "$version" >"$folder/version"
fi
echo "$version"
