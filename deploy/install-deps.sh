#!/usr/bin/env bash
# Installs what building and testing Sluice takes on Debian 12. Run it as often as you like: where everything is
# there already it asks dpkg once and is done. Not as root it uses sudo.
# usage: install-deps.sh [arm64|bench|browser|image|kernels|--libraries]
#   arm64   also what builds for arm64 here, and boots it (docs/building.md)
#   bench   also what the benchmarks compare Sluice with, and what draws their report
#   browser also the browser that the pages of sluicectl are tested in
#   image   also what the image is built with
#   kernels also what boots other kernels (tests/kernels)
#   --libraries  installs nothing: prints what a program of ours is linked with, for another architecture's
#                (deploy/sysroot.sh)
set -euo pipefail

# What programs and their tests are linked with: wanted of each architecture that is built for.
libraries=(
  # kernel side of the agent
  linux-libc-dev libbpf-dev libnl-3-dev libnl-route-3-dev libseccomp-dev
  # objects, control API, metrics, logs, options
  libyaml-dev libyaml-cpp-dev libboost1.81-dev libboost-json1.81-dev libssl-dev libabsl-dev
  libgrpc++-dev libprotobuf-dev
  prometheus-cpp-dev libspdlog-dev libcli11-dev
  # captures, for sluicectl replay
  libpcap-dev
  # the archive of sluicectl bugreport; linked as an archive itself
  libarchive-dev zlib1g-dev
  # tests, benchmarks
  libgtest-dev libgmock-dev libbenchmark-dev
  # a second reader of DNS, which the fuzzer holds ours against
  libldns-dev
)
packages=(
  # the build; clang-14 compiles the BPF side, bpftool makes its skeleton
  make cmake ninja-build g++ clang-14 bpftool pkg-config protobuf-compiler protobuf-compiler-grpc
  "${libraries[@]}"
  # time zones, for policies with hours
  tzdata
  # what sluicectl graph draws with, loaded when it is asked to
  libgvc6
  # fuzzers (sanitizer run-times; llvm-14 has the symbolizer for their reports)
  libclang-rt-14-dev llvm-14
  # the strict parser of OpenMetrics
  python3-prometheus-client
  # the models of tests/model: spin writes a search in C, tcc compiles it at once
  spin tcc
  # make check
  git python3 python3-yaml python3-jsonschema clang-format-14 clang-tidy-14 shellcheck
  # the lab, the demo and the live tests: ip, tc, pgrep
  iproute2 procps
  # the live tests of names: the DNS server, and what rewrites a Service's address as kube-proxy does
  dnsmasq-base nftables
  # the plugins that sluice-cni is tested behind
  containernetworking-plugins
  # what judges the unit: systemd-analyze
  systemd
  # Debian packages, and their test: installed into a root of their own
  dpkg-dev binutils lintian debootstrap
)
bench_packages=(
  # the others on the wire
  iptables ipset
  # the plots of the report and of long runs; munkres for scipy, which fonttools takes as well and whose own needs bring
  # another Boost than ours, which it conflicts with
  python3-matplotlib python3-munkres
)
arm64_packages=(
  # programs that say something about themselves while they are built (manual pages) run in qemu-user
  crossbuild-essential-arm64 qemu-user-static debian-archive-keyring
  # and what boots their kernels
  qemu-system-arm
)
browser_packages=(chromium chromium-driver fonts-dejavu-core)
kernels_packages=(qemu-system-x86 busybox-static cpio kmod xz-utils zstd dash util-linux debian-archive-keyring)
image_packages=(buildah binutils ca-certificates)

fail() {
  echo "install-deps: $*" >&2
  exit 1
}

missing() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null |
    awk '$1 == "ii" { print $2 }') || true
  comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) <(sort -u <<<"$installed")
}

case ${1:-} in
  "") ;;
  --libraries)
    printf '%s\n' "${libraries[@]}"
    exit 0
    ;;
  arm64) packages+=("${arm64_packages[@]}" "${kernels_packages[@]}") ;;
  bench) packages+=("${bench_packages[@]}") ;;
  browser) packages+=("${browser_packages[@]}") ;;
  image) packages+=("${image_packages[@]}") ;;
  kernels) packages+=("${kernels_packages[@]}") ;;
  *) fail "'$1' is nothing to install for: nothing, arm64, bench, browser, image or kernels" ;;
esac
command -v dpkg-query >/dev/null ||
  fail "this is no Debian: install the equivalents of '${packages[*]}' and build with cmake --preset release"
mapfile -t wanted < <(missing)
if ((${#wanted[@]} == 0)); then
  echo "install-deps: all ${#packages[@]} packages are installed"
  exit 0
fi

# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${ID:-?} ${VERSION_ID:-?}")
[[ $release == "debian 12" ]] ||
  fail "made for Debian 12, this is $release, and it lacks: ${wanted[*]}; install their equivalents by hand"
sudo=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || fail "needs root to install ${wanted[*]}: run it as root or install sudo"
  sudo=(sudo)
fi

# quietly <step> <command...>: one line a step; the command's own output only where it fails.
quietly() {
  local log
  log=$(mktemp)
  echo "install-deps: $1"
  if ! "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive "${@:2}" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    fail "$1: failed, see above"
  fi
  rm -f "$log"
}

quietly "refresh the package lists" apt-get -o Acquire::Retries=3 update
quietly "install ${wanted[*]}" apt-get -o Acquire::Retries=3 install -y --no-install-recommends "${wanted[@]}"
mapfile -t wanted < <(missing)
((${#wanted[@]} == 0)) || fail "still missing after the installation: ${wanted[*]}"
echo "install-deps: done"
