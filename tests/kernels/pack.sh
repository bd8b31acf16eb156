#!/usr/bin/env bash
# Packs what a guest boots: build/kernels/<name>/initrd (busybox, iproute2, the kernel's modules, guest/) with the
# programs that were built here, their libraries and examples/. Prints the kernel's file, then the initrd's.
#  1 The guest has this machine's programs and nothing else of it: what is missing there is missing in the list here.
#  2 Modules come with what they depend on; one that this kernel has built in or lacks is passed over.
# usage: pack.sh <name> <folder of the build, e.g. build/release>
set -euo pipefail
name=${1:?usage: pack.sh <name> <build>} build=$(realpath "${2:?usage: pack.sh <name> <build>}")
source=$(cd "$(dirname "$0")/../.." && pwd)
folder=$source/build/kernels/$name

modules=(veth bridge br_netfilter dummy sch_ingress cls_bpf act_bpf nf_conntrack nf_tables nft_ct tun ipv6
  ifb sch_tbf cls_u32 act_mirred)
programs=(agent/apps/sluiced agent/apps/sluicectl agent/apps/sluice-cni tests/kernel/kernel_scenarios
  tests/cni/cni_chain tests/guard/guard_kernel_facts)
tools=(dash ip tc bpftool setpriv)
plugins=/usr/lib/cni # Debian's, where tests/cni has them from

fail() {
  echo "kernels: $name: $*" >&2
  exit 1
}

kernel=$(find "$folder/root" -name 'vmlinuz*' -type f | head -n 1)
version=$(find "$folder/root" -path '*/modules/*' -name modules.builtin -printf '%h\n' | head -n 1)
[[ -n $kernel && -n $version ]] || fail "no kernel below ${folder#"$source"/}/root: run tests/kernels/fetch.sh"
version=${version##*/}
busybox=$(command -v busybox) || fail "no busybox: deploy/install-deps.sh kernels"

guest=$folder/guest
rm -rf "$guest"
mkdir -p "$guest"/{bin,dev,etc,lib/modules,proc,root,run,sluice,sys,tmp,usr,var}
ln -s ../bin "$guest/usr/bin"
ln -s bin "$guest/sbin"
ln -s ../lib "$guest/usr/lib"
ln -s lib "$guest/lib64"

# add <file> [folder]: a program, stripped, and the libraries it asks for.
add() {
  local to=$guest/${2:-bin}/${1##*/} library
  install -D -m 755 "$1" "$to"
  strip --strip-unneeded "$to" 2>/dev/null || true
  { ldd "$1" 2>/dev/null || true; } | { grep -oE '/[^ ]+' || true; } | while read -r library; do
    [[ -e $guest/lib/${library##*/} ]] || cp -L "$library" "$guest/lib/"
  done
}
for applet in $("$busybox" --list); do ln -sf busybox "$guest/bin/$applet"; done
cp --remove-destination "$busybox" "$guest/bin/busybox"
for tool in "${tools[@]}"; do
  path=$(PATH=$PATH:/usr/sbin:/sbin command -v "$tool") || fail "no $tool here: deploy/install-deps.sh kernels"
  rm -f "$guest/bin/$tool"
  add "$path"
done
ln -sf dash "$guest/bin/sh" # busybox's shell takes its own applets where a program of that name is there
for program in "${programs[@]}"; do
  [[ -x $build/$program ]] || fail "no ${program##*/} in $build: build it first"
  add "$build/$program"
done
# Tests name the programs by where they were built.
mkdir -p "$guest$build/agent"
ln -s /bin "$guest$build/agent/apps"
for plugin in ptp host-local bandwidth; do
  [[ -x $plugins/$plugin ]] || fail "no $plugins/$plugin: deploy/install-deps.sh"
  add "$plugins/$plugin" "lib/cni"
done

# The modules, as plain files: the guest's modprobe need not know how a distribution compresses them.
tree=$(find "$folder/root" -maxdepth 4 -type d -path '*lib/modules' | head -n 1)
base=${tree%/lib/modules}
[[ -s $tree/$version/modules.dep ]] || depmod -b "$base" "$version"
for module in "${modules[@]}"; do
  modprobe -d "$base" -S "$version" --show-depends "$module" 2>/dev/null | sed -n 's/^insmod //p' || true
done | sort -u | while read -r file; do
  file=${file%% *}
  to=$guest/lib/modules/$version/${file##*/}
  mkdir -p "${to%/*}"
  case $file in
    *.xz) xz -dc "$file" >"${to%.xz}" ;;
    *.zst) zstd -dcq "$file" >"${to%.zst}" ;;
    *) cp "$file" "$to" ;;
  esac
done
cp "$tree/$version"/modules.{builtin,builtin.modinfo,order} "$guest/lib/modules/$version/"
depmod -b "$guest" "$version"

cp -r "$source/tests/kernels/guest/." "$guest/sluice/"
cp -r "$source/examples" "$guest/sluice/examples"
mv "$guest/sluice/init" "$guest/init"
# The capabilities that the agent is given, as they stand there.
sed -n 's/^CapabilityBoundingSet=//p' "$source/deploy/sluiced.service" >"$guest/sluice/unit.capabilities"
sed -n '/command: \[sluiced\]/,/add:/ s/.*add: \[\(.*\)\]$/\1/p' "$source/deploy/sluice.yaml" | head -n 1 |
  tr -d , >"$guest/sluice/chart.capabilities"
[[ -s $guest/sluice/unit.capabilities && -s $guest/sluice/chart.capabilities ]] ||
  fail "no capabilities found in deploy/sluiced.service or deploy/sluice.yaml"
(cd "$guest" && find . -print0 | cpio --null --create --format=newc --quiet) >"$folder/initrd"
rm -rf "$guest"
printf '%s\n%s\n' "$kernel" "$folder/initrd"
