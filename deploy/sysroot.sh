#!/usr/bin/env bash
# Has Debian 12's arm64 root for a cross build below build/sysroots/arm64/root: the libraries that programs and tests are linked
# with, what the guests of tests/kernels and the image take, and dpkg's records of it all. Needs no root.
#  1 Packages come through an apt state of its own (deploy/apt_apart.sh): this machine gets no foreign architecture.
#  2 Nothing of a package is run: its files are unpacked, its records written as dpkg would.
#  3 The records name each file where it stands here: dpkg-query --admindir and dpkg-shlibdeps find it by that path.
#  4 What is there is used again while the list of packages is the same; --refresh asks the mirrors for newer ones.
# usage: sysroot.sh [--refresh]     prints the folder
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
# shellcheck source=deploy/apt_apart.sh
source "$here/apt_apart.sh"
folder=$root/build/sysroots/arm64
sysroot=$folder/root
records=$sysroot/var/lib/dpkg

fail() {
  echo "sysroot: $*" >&2
  exit 1
}

# Beside the libraries: the compiler's own run-time, what the image has, and the tools of tests/kernels/pack.sh.
mapfile -t wanted < <(
  "$here/install-deps.sh" --libraries
  printf '%s\n' libc6-dev libstdc++-12-dev base-files ca-certificates tzdata libgvc6 \
    busybox-static dash iproute2 bpftool util-linux containernetworking-plugins
)
list=$(printf '%s\n' "$sysroot" "${wanted[@]}" | sort -u)
if [[ ${1:-} != --refresh && -e $folder/list && $(<"$folder/list") == "$list" ]]; then
  echo "$sysroot"
  exit 0
fi

rm -rf "$sysroot" "$folder/list"
mkdir -p "$folder"
echo "sysroot: fetch arm64's packages" >&2
apt_apart "$folder" arm64 bookworm bookworm-updates bookworm-security || fail "no packages can be had"
# All that they depend on, of which apt takes nothing for installed.
apt-get "${apt[@]}" -q -y --no-install-recommends --download-only install "${wanted[@]}" >>"$folder/apt.log" 2>&1 ||
  fail "apt could not fetch them: $(grep -E '^(E|W|Err)' "$folder/apt.log" | tail -n 5)"

# As base-files has them, before others unpack there.
for link in bin sbin lib; do
  mkdir -p "$sysroot/usr/$link"
  ln -s "usr/$link" "$sysroot/$link"
done
mkdir -p "$records"/{info,updates}

# record <archive>: status, list of files, and what says which version of a library a program needs.
record() {
  local package
  package=$(dpkg-deb --field "$1" Package)
  { dpkg-deb --field "$1"; printf 'Status: install ok installed\n\n'; } >>"$records/status"
  # Both ways to name what stands below /usr since /lib is a link.
  dpkg-deb --fsys-tarfile "$1" | tar -t | sed -e 's|^\.||; s|/$||; /^$/d' |
    sed -nE "p; s|^/usr(/s?bin/.*)|\1|p; s|^/usr(/lib/.*)|\1|p; t; s|^/(s?bin/.*)|/usr/\1|p; s|^/(lib/.*)|/usr/\1|p" |
    sed "s|^|$sysroot|" | sort -u >"$records/info/$package.list"
  dpkg-deb --control "$1" "$folder/control"
  local file
  for file in symbols shlibs; do
    [[ ! -e $folder/control/$file ]] || cp "$folder/control/$file" "$records/info/$package.$file"
  done
  rm -rf "$folder/control"
}
: >"$records/status"
for archive in "$folder"/apt/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$archive" | tar -x --keep-directory-symlink --no-same-owner -C "$sysroot" || fail "could not unpack ${archive##*/}"
  record "$archive"
done
rm -rf "$folder/apt/archives"
# A link to /… means this root.
find "$sysroot" -type l -lname '/*' -print0 | while IFS= read -r -d '' link; do
  ln -sfn "$(realpath --relative-to="${link%/*}" --no-symlinks "$sysroot$(readlink "$link")")" "$link"
done
# The default of alternatives that maintainer scripts would set.
[[ -e $sysroot/bin/sh ]] || ln -s dash "$sysroot/bin/sh"
echo "$list" >"$folder/list"
echo "$sysroot"
