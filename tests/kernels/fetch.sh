#!/usr/bin/env bash
# Has the package of a kernel in kernels.txt, unpacked below build/kernels/<name>/root; prints its version.
#  1 A package comes from the mirrors that this machine's own apt names, through an apt state of its own below
#    build/kernels/<name>: nothing of the machine's is changed, no mirror is written down here.
#  2 apt checks every signature and hash against Debian's keyring; what it refuses is not unpacked.
#  3 What is there is used again; --refresh asks the mirrors for a newer one.
#  4 What can't be had is one line and exit 1, never something else in its place.
# usage: fetch.sh [--refresh] <name> <suite>[,<suite>...]
set -euo pipefail
refresh=0
[[ ${1:-} == --refresh ]] && refresh=1 && shift
name=${1:?usage: fetch.sh [--refresh] <name> <suites>} suites=${2:?usage: fetch.sh [--refresh] <name> <suites>}
folder=$(cd "$(dirname "$0")/../.." && pwd)/build/kernels/$name
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
meta=linux-image-cloud-amd64 # the kernel of Debian's cloud images: the same source, few drivers

fail() {
  echo "kernels: $name: $*" >&2
  [[ ! -s $folder/apt.log ]] || sed 's/^/kernels:   apt: /' <(grep -E '^(E|W|Err)' "$folder/apt.log" | tail -5) >&2
  exit 1
}

if ((!refresh)) && [[ -s $folder/version ]]; then
  cat "$folder/version"
  exit 0
fi

mkdir -p "$folder"/apt/{lists,archives}/partial "$folder/apt/none"
: | tee "$folder/apt/status" >"$folder/apt.log"
[[ -r $keyring ]] || fail "no $keyring: apt-get install debian-archive-keyring"
# shellcheck disable=SC2016 # apt's placeholder
mapfile -t mirrors < <(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u)
((${#mirrors[@]})) || fail "this machine's apt names no mirror: give /etc/apt/sources.list one and run apt-get update"
for suite in ${suites//,/ }; do
  printf "deb [arch=amd64 signed-by=$keyring] %s $suite main\n" "${mirrors[@]}"
done >"$folder/apt/sources.list"
apt=(-o "Dir::State=$folder/apt" -o "Dir::State::status=$folder/apt/status" -o "Dir::Cache=$folder/apt"
  -o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o "Dir::Etc::sourceparts=$folder/apt/none"
  -o "Dir::Etc::preferencesparts=$folder/apt/none" -o APT::Architecture=amd64 -o APT::Architectures=amd64
  -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false # a suite that is archived stays as it was
  -o APT::Sandbox::User=root -o Acquire::Retries=3)

# Each suite is on one of the mirrors: apt says of the others that they lack it, and goes on.
apt-get "${apt[@]}" update >"$folder/apt.log" 2>&1 || true

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
