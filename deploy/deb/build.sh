#!/usr/bin/env bash
# Builds the Debian packages: sluice (agent, watcher, command line, unit, documents, examples) and sluice-cni (the static
# plugin), for the machine that the programs are for. The same programs and the same commit give the same bytes. Needs no
# root.
# usage: build.sh --programs DIR [--out DIR]
#   --programs  where sluiced, sluice-watcher, sluicectl, sluice-cni and kubectl-sluice are (build/release/agent/apps)
#   --out       where the packages go (build/deb)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=deploy/machine.sh
source "$root/deploy/machine.sh"

fail() {
  echo "deb: $*" >&2
  exit 2
}

programs='' out=build/deb
while (($# > 0)); do
  case $1 in
    --programs) programs=${2:-}; shift 2 ;;
    --out) out=${2:-}; shift 2 ;;
    --help) sed -n '2,/^set/{/^set/d;s/^# //p}' "$0"; exit 0 ;;
    *) fail "'$1' is no option: see --help" ;;
  esac
done
[[ $programs ]] || fail "--programs DIR is needed: where make programs left them"
for program in sluiced sluice-watcher sluicectl sluice-cni kubectl-sluice; do
  [[ -x $programs/$program ]] || fail "--programs $programs: has no $program: build it (make programs)"
done
command -v dpkg-shlibdeps >/dev/null || fail "needs dpkg-shlibdeps: deploy/install-deps.sh"

# The time of what is packed: of the commit; of LICENSE, where this is no clone.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/LICENSE")}
export SOURCE_DATE_EPOCH
machine_of "$programs/sluiced" || fail "--programs $programs: neither amd64's nor arm64's"
version=$("${runner[@]}" "$programs/sluiced" --version)
version=${version##* }-1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# put <mode> <file> <folder of the package, made if need be>
put() { install -D -m "$1" "$2" "$3/$(basename "$2")"; }

# program <name> <folder>: stripped, as Debian wants it.
program() {
  put 0755 "$programs/$1" "$2"
  "${tools}strip" --strip-unneeded --remove-section=.comment --remove-section=.note "$2/$1"
}

# manual <package> <program> <section>: its own page.
manual() {
  mkdir -p "$work/$1/usr/share/man/man$3"
  "${runner[@]}" "$programs/$2" --man | gzip -9n >"$work/$1/usr/share/man/man$3/$2.$3.gz"
}

# completion <shell> <file>
completion() {
  mkdir -p "$(dirname "$work/sluice/usr/share/$2")"
  "${runner[@]}" "$programs/sluicectl" completion "$1" >"$work/sluice/usr/share/$2"
}

# papers <package>: copyright, changelog, and what lintian is to overlook, with its reason.
papers() {
  local package=$1 doc=$work/$1/usr/share/doc/$1
  mkdir -p "$doc"
  { cat "$here/copyright"; sed 's/^$/./; s/^/ /' "$root/bpf/LICENSE"; } >"$doc/copyright"
  {
    echo "sluice ($version) bookworm; urgency=medium"
    printf '\n  * %s\n\n' "Built from the project's sources."
    echo " -- The Sluice authors <maintainers@sluice.example>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
  } | gzip -9n >"$doc/changelog.Debian.gz"
  if [[ -e $here/$package.lintian-overrides ]]; then
    install -D -m 0644 "$here/$package.lintian-overrides" "$work/$package/usr/share/lintian/overrides/$package"
  fi
}

# libraries <program...>: what they need of Debian's packages, as Depends has it.
libraries() {
  local theirs=()
  [[ $their_root == / ]] || theirs=(--admindir="$their_root/var/lib/dpkg" -l"$their_root/usr/lib/$machine-linux-gnu")
  mkdir -p "$work/debian"
  printf 'Source: sluice\n\nPackage: sluice\nArchitecture: any\n' >"$work/debian/control"
  (cd "$work" && DEB_HOST_ARCH=$architecture dpkg-shlibdeps "${theirs[@]}" -O "$@" 2>"$work/shlibdeps.log") | sed 's/^shlibs:Depends=//' ||
    fail "dpkg-shlibdeps: $(cat "$work/shlibdeps.log")"
}

# materials <package> <folder of its programs> <program...>: what they are made of.
materials() {
  mkdir -p "$work/$1/usr/share/doc/$1"
  "$root/deploy/sbom.py" --programs "$programs" --shipped "$2" --name "$1" --linked-in "$their_root" "${@:3}" >"$work/$1/usr/share/doc/$1/sbom.cdx.json"
}

# pack <package> <Depends>: control file, maintainer scripts and checksums beside what was put; then the package.
pack() {
  local package=$1 folder=$work/$1 script
  mkdir -p "$folder/DEBIAN"
  papers "$package"
  for script in preinst postinst prerm postrm conffiles; do
    [[ ! -e $here/$package.$script ]] ||
      install -m "$([[ $script == conffiles ]] && echo 0644 || echo 0755)" "$here/$package.$script" "$folder/DEBIAN/$script"
  done
  (cd "$folder" && find . -path ./DEBIAN -prune -o -type f -printf '%P\n' | grep -v '^etc/' | LC_ALL=C sort |
    xargs -d '\n' md5sum) >"$folder/DEBIAN/md5sums"
  {
    echo "Package: $package"
    echo "Source: sluice"
    echo "Version: $version"
    echo "Architecture: $architecture"
    echo "Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$folder" | cut -f1)"
    [[ ! $2 ]] || echo "Depends: $2"
    cat "$here/$package.control"
  } >"$folder/DEBIAN/control"
  chmod -R u=rwX,go=rX "$folder"
  dpkg-deb --root-owner-group -Zxz --build "$folder" "$out/${package}_${version}_$architecture.deb" >/dev/null
  echo "deb: $out/${package}_${version}_$architecture.deb"
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out"/*_"$architecture".deb

for name in sluiced sluicectl sluice-watcher kubectl-sluice; do program $name "$work/sluice/usr/bin"; done
for unit in sluiced sluice-hold; do put 0644 "$root/deploy/$unit.service" "$work/sluice/lib/systemd/system"; done
sed -i 's|/usr/local/|/usr/|' "$work/sluice/lib/systemd/system/sluiced.service"
install -D -m 0644 "$here/sluiced.default" "$work/sluice/etc/default/sluiced"
mkdir -p "$work/sluice/usr/share/doc/sluice"
cp -r "$root/README.md" "$root/SECURITY.md" "$root/NOTICE" "$root/docs" "$root/examples" "$work/sluice/usr/share/doc/sluice"
manual sluice sluiced 8
manual sluice sluicectl 1
manual sluice sluice-watcher 8
manual sluice kubectl-sluice 1
manual sluice-cni sluice-cni 8
completion bash bash-completion/completions/sluicectl
completion zsh zsh/vendor-completions/_sluicectl
completion fish fish/vendor_completions.d/sluicectl.fish
needed=$(libraries "$work"/sluice/usr/bin/sluice*) # kubectl-sluice is static
materials sluice "$work/sluice/usr/bin" sluiced sluicectl sluice-watcher kubectl-sluice
pack sluice "$needed, ca-certificates"

program sluice-cni "$work/sluice-cni/usr/lib/cni"
materials sluice-cni "$work/sluice-cni/usr/lib/cni" sluice-cni
pack sluice-cni ''
