# shellcheck shell=bash
# To be sourced: what it takes to handle programs of another machine than this one.
# `machine_of PROGRAM` sets, from what the program says of itself:
#   machine       x86_64 or aarch64, as uname has it
#   architecture  amd64 or arm64, as Debian has it
#   their_root    the root whose libraries it was linked with: /, or what deploy/sysroot.sh made
#   runner        an array: what runs it here; nothing for this machine's own
#   tools         what stands before the names of binutils: aarch64-linux-gnu-
machine_of() {
  case $(readelf --file-header "$1" 2>/dev/null | sed -n 's/^ *Machine: *//p') in
    *X86-64) machine=x86_64 architecture=amd64 ;;
    AArch64) machine=aarch64 architecture=arm64 ;;
    *) echo "$1: is no program for amd64 or arm64" >&2; return 1 ;;
  esac
  their_root=/ runner=() tools=
  [[ $machine != "$(uname -m)" ]] || return 0
  their_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/sysroots/$architecture/root
  runner=("qemu-$machine-static" -L "$their_root")
  # shellcheck disable=SC2034 # who sourced it reads it
  tools=$machine-linux-gnu-
}

# The loader that a program names; empty: it is linked statically.
interpreter_of() { readelf --program-headers "$1" | sed -n 's/.*interpreter: \(.*\)\]/\1/p'; }

# libraries_of PROGRAM [ROOT]: what the loader of a Debian root (the one it was linked with) finds for it there, one path a
# line. After machine_of. Fails where one is missing.
libraries_of() {
  local loader base=${2:-$their_root}
  base=${base%/}
  loader=$(interpreter_of "$1")
  [[ $loader ]] || return 0
  "${runner[@]}" "$base$loader" --inhibit-cache \
    --library-path "$base/usr/lib/$machine-linux-gnu:$base/lib/$machine-linux-gnu:$base/usr/lib:$base/lib" --list "$1" |
    awk -v program="$1" '
      $2 == "=>" && $3 == "not" { print program ": " $1 ": is not in that root" > "/dev/stderr"; missing = 1 }
      $2 == "=>" && $3 != "not" { print $3 }
      END { exit missing }'
}
