#!/usr/bin/env bash
# Packs what a guest boots: <folder>/initrd (busybox, iproute2, the kernel's modules, guest/) with the programs that were
# built here, their libraries and examples/. Prints the kernel's file, then the initrd's.
#  1 The guest has the programs of the machine that was built for and nothing else of it: what is missing there is missing
#    in the list here. They are this machine's own, or those of deploy/sysroot.sh.
#  2 Modules come with what they depend on; one that this kernel has built in or lacks is passed over.
# usage: pack.sh <folder of fetch.sh, e.g. build/kernels/6.1> <folder of the build, e.g. build/release>
set -euo pipefail
folder=$(realpath "${1:?usage: pack.sh <folder> <build>}") build=$(realpath "${2:?usage: pack.sh <folder> <build>}")
source=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=deploy/machine.sh
source "$source/deploy/machine.sh"
name=${folder#"$source"/build/kernels/}

modules=(veth bridge br_netfilter dummy sch_ingress cls_bpf act_bpf nf_conntrack nf_tables nft_ct tun ipv6
  ifb sch_tbf cls_u32 act_mirred)
programs=(agent/apps/sluiced agent/apps/sluicectl agent/apps/sluice-cni tests/kernel/kernel_scenarios
  tests/cni/cni_chain tests/guard/guard_kernel_facts)
wanted=(dash ip tc bpftool setpriv)
plugins=usr/lib/cni # Debian's, where tests/cni has them from

fail() {
  echo "kernels: $name: $*" >&2
  exit 1
}

kernel=$(find "$folder/root" -name 'vmlinuz*' -type f | head -n 1)
version=$(find "$folder/root" -path '*/modules/*' -name modules.builtin -printf '%h\n' | head -n 1)
[[ -n $kernel && -n $version ]] || fail "no kernel below ${folder#"$source"/}/root: run tests/kernels/fetch.sh"
version=${version##*/}
[[ -x $build/${programs[0]} ]] || fail "no ${programs[0]##*/} in $build: build it first"
machine_of "$build/${programs[0]}" || fail "not built for a machine that is known here"
their_root=${their_root%/}
# tool <name>: where the machine that was built for has it.
tool() {
  local folder
  for folder in bin usr/bin sbin usr/sbin; do
    [[ ! -x $their_root/$folder/$1 ]] || { echo "$their_root/$folder/$1"; return; }
  done
  fail "no $1 for $architecture here: deploy/install-deps.sh kernels, deploy/sysroot.sh"
}
busybox=$(tool busybox)

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
  "${tools}strip" --strip-unneeded "$to" 2>/dev/null || true
  [[ -z $(interpreter_of "$1") ]] || { echo "$their_root$(interpreter_of "$1")"; libraries_of "$1"; } | while read -r library; do
    [[ -e $guest/lib/${library##*/} ]] || cp -L "$library" "$guest/lib/"
  done
}
for applet in $("${runner[@]}" "$busybox" --list); do ln -sf busybox "$guest/bin/$applet"; done
cp --remove-destination "$busybox" "$guest/bin/busybox"
for tool in "${wanted[@]}"; do
  path=$(tool "$tool")
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
  [[ -x $their_root/$plugins/$plugin ]] || fail "no $their_root/$plugins/$plugin: deploy/install-deps.sh"
  add "$their_root/$plugins/$plugin" "lib/cni"
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
