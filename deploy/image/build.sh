#!/usr/bin/env bash
# Builds Sluice's image without a registry and without a Dockerfile: the root from Debian 12's packages, the image from
# the root with buildah. Root.
# usage: build.sh --programs DIR [--programs DIR] [--out DIR] [--name NAME] [--tag TAG] [--libs-from DIR] [--root-only]
#   --programs   where sluiced, sluice-watcher, sluicectl and sluice-cni are (build/release/agent/apps); those of another
#                machine too (build/arm64/agent/apps): then the image is a list of both
#   --out        what is made (build/image): root/, sluice-oci.tar (a list of images), sluice-docker.tar; of another machine
#                root-arm64/ and sluice-docker-arm64.tar; must not exist
#   --name       the image's name (sluice)
#   --tag        its tag (the version that sluiced tells)
#   --libs-from  a Debian 12 root whose libraries are taken, / for this machine's own; without it the packages they are
#                of come fresh from the archive by apt-get download. Another machine's are those of deploy/sysroot.sh
#   --root-only  only the roots: needs no buildah
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=deploy/machine.sh
source "$here/../machine.sh"

fail() {
  echo "build: $*" >&2
  exit "${status:-2}"
}

folders=() out=build/image name=sluice tag='' base='' root_only=''
while (($# > 0)); do
  case $1 in
    --programs) folders+=("${2:-}"); shift 2 ;;
    --out) out=${2:-}; shift 2 ;;
    --name) name=${2:-}; shift 2 ;;
    --tag) tag=${2:-}; shift 2 ;;
    --libs-from) base=${2:-}; shift 2 ;;
    --root-only) root_only=1; shift ;;
    --help) sed -n '2,/^set/{/^set/d;s/^# //p}' "$0"; exit 0 ;;
    *) fail "'$1' is no option: see --help" ;;
  esac
done
((${#folders[@]})) || fail "--programs DIR is needed: where make programs left them"
for programs in "${folders[@]}"; do
  [[ -x $programs/sluiced ]] || fail "--programs $programs: has no sluiced: build it (make programs)"
done
[[ ! -e $out ]] || fail "--out $out: is there already: remove it or name another"
[[ $root_only ]] || command -v buildah >/dev/null || fail "needs buildah: apt-get install buildah, or --root-only"
((EUID == 0)) || fail "makes files that are root's: run it as root"

# package_of <file>: the Debian package that a file of this machine belongs to; bookworm's own list has some below
# /lib that are below /usr/lib by now.
package_of() {
  local file
  file=$(realpath "$1")
  { dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}" 2>/dev/null; } | head -n1 | cut -d: -f1
}

# packages_needed: those of the libraries that the programs load on this machine.
packages_needed() {
  local program path
  for program in "$programs"/sluice{d,ctl,-watcher,-cni}; do
    [[ ! -x $program ]] || { ldd "$program" 2>/dev/null || true; }
  done | grep -oE '/[^ ]+' | grep -v : | sort -u |
    while IFS= read -r path; do package_of "$path"; done | sort -u
  echo ca-certificates
  echo tzdata
  echo base-files
}

# fetch_packages <folder>: their newest versions unpacked, nothing of them run.
fetch_packages() {
  local packages archive
  mapfile -t packages < <(packages_needed)
  mkdir -p "$1" "$work/packages"
  echo "build: fetch ${packages[*]}"
  (cd "$work/packages" && apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download "${packages[@]}" >apt.log 2>&1) ||
    { cat "$work/packages/apt.log" >&2; status=1 fail "apt-get download failed, see above; --libs-from / takes this machine's"; }
  # base-files first: its links /bin, /lib, … are where the others unpack to.
  for link in bin sbin lib lib64; do mkdir -p "$1/usr/$link"; ln -s "usr/$link" "$1/$link"; done
  mkdir -p "$1/var/lib/dpkg/info" "$1/var/lib/dpkg/updates"
  for archive in "$work"/packages/*.deb; do
    # What the bill of materials asks for.
    { dpkg-deb --field "$archive"; printf 'Status: install ok installed\n\n'; } >>"$1/var/lib/dpkg/status"
    dpkg-deb --fsys-tarfile "$archive" | tar -x --keep-directory-symlink --no-same-owner -C "$1"
  done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
architectures=()
own() { [[ $1 == "$(dpkg --print-architecture)" ]] || echo "-$1"; } # <architecture>: what the names of its files end with
for programs in "${folders[@]}"; do
  machine_of "$programs/sluiced" || fail "--programs $programs: neither amd64's nor arm64's"
  [[ ! -e $out/root$(own "$architecture") ]] || fail "--programs $programs: is for $architecture, as one before it"
  libraries=$base
  if [[ $their_root != / ]]; then
    libraries=$their_root
  elif [[ ! $base ]]; then
    libraries=$work/base
    fetch_packages "$libraries"
  fi
  "$here/root.sh" --programs "$programs" --libs-from "$libraries" --out "$out/root$(own "$architecture")"
  [[ $tag ]] || tag=$("${runner[@]}" "$programs/sluiced" --version | awk '{ print $NF }')
  echo "build: $out/root$(own "$architecture"), $(du -sm "$out/root$(own "$architecture")" | cut -f1) MiB"
  architectures+=("$architecture")
done
[[ ! $root_only ]] || exit 0

# Of its own, so that this machine's images stay as they are; no layers to share: plain folders do.
store=(--root "$work/store" --runroot "$work/run" --storage-driver vfs)
export BUILDAH_ISOLATION=chroot
in_store() { buildah "${store[@]}" "$@"; }

# image_of <architecture>: commits the image of its root as $name:$tag-<architecture>.
image_of() {
  local container
  container=$(in_store from --arch "$1" scratch)
  in_store copy --quiet "$container" "$out/root$(own "$1")" / >/dev/null
  in_store config --os linux --arch "$1" \
    --env PATH=/usr/bin --entrypoint '[]' --cmd sluiced --workingdir / \
    --label org.opencontainers.image.title=sluice --label "org.opencontainers.image.version=$tag" \
    --label "org.opencontainers.image.description=Enforces NetworkPolicy beside any network plugin" \
    --label org.opencontainers.image.licenses=Apache-2.0 \
    "$container"
  in_store commit --quiet --timestamp "${SOURCE_DATE_EPOCH:-0}" --format oci "$container" "$name:$tag-$1" >/dev/null
  in_store push --quiet "$name:$tag-$1" "docker-archive:$out/sluice-docker$(own "$1").tar:$name:$tag"
  echo "build: $name:$tag for $1 in $out/sluice-docker$(own "$1").tar (docker load, kind)"
}

# Also of one machine alone: who pulls it says which it wants.
in_store manifest create "$name:$tag" >/dev/null
for each in "${architectures[@]}"; do
  image_of "$each"
  in_store manifest add "$name:$tag" "$name:$tag-$each" >/dev/null
done
in_store manifest push --quiet --all "$name:$tag" "oci-archive:$out/sluice-oci.tar:$name:$tag"
echo "build: $name:$tag for ${architectures[*]} in $out/sluice-oci.tar (OCI)"
