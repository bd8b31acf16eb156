# shellcheck shell=dash disable=SC2086,SC2119,SC2120 # paths without spaces
# What the rows are written in: an agent, its pods, and what stands in the kernel. The demo's cluster; its pods are
# network namespaces, its connections real.
demo=/sluice/examples/demo
world=/tmp/world # the folder of manifests that the agent reads
bpffs=/sys/fs/bpf/sluice

fail() {
  echo "$*"
  return 1
}

# starts [command...]: the agent, by way of that command (a function ends with exec), until its first state is in
# force; fails at once where it ends before.
starts() {
  rm -f /tmp/lives
  mkfifo /tmp/lives # the agent has it open for as long as it lives
  "$@" sluiced --node-name node-1 --manifests $world --log-level warn >/tmp/agent.log 2>&1 3>/tmp/lives &
  agent=$!
  sluicectl sync --timeout 120s 2>/tmp/sync.log &
  sync=$!
  {
    cat /tmp/lives
    kill $sync # nobody would answer it
  } &
  watch=$!
  if wait $sync; then
    kill $watch
    return
  fi
  cat /tmp/sync.log /tmp/agent.log
  fail "the agent does not start"
}
in_force() { sluicectl sync --timeout 30s; }
ends() { # ends <signal>
  kill "-$1" $agent
  wait $agent || true
}

# pods [topology]: up, in a world of which nothing is isolated.
pods() {
  rm -rf $world
  mkdir -p $world
  cp -r $demo/manifests/base $world/
  sluicectl lab up --manifests $world --topology "${1:-routed}" >/tmp/up.log || fail "$(cat /tmp/up.log)"
}
under() { cp -r "$demo/manifests/$1" $world/; }

# Every real connection is what the reference says.
real_as_reference() { # real_as_reference <when> [protocol] [port]
  sluicectl lab probe --manifests $world --protocol "${2:-TCP}" --port "${3:-8080}" --timeout 2s >/tmp/real
  sluicectl matrix --manifests $world --engine reference --protocol "${2:-TCP}" --port "${3:-8080}" >/tmp/right
  cmp -s /tmp/real /tmp/right || { diff /tmp/right /tmp/real || true; fail "$1: real connections differ"; }
}
# The short form of it: the full set allows some and denies others.
enforces() {
  pods
  under policies-full
  starts "$@"
  real_as_reference "under the full set"
  ends TERM
  real_as_reference "after the agent ended"
}

# Nothing of Sluice in the kernel, which lets go of programs, of their maps, and of the arrays in these, one after the
# other in the background.
nothing_left() {
  [ ! -e $bpffs ] || fail "$bpffs is still there: $(ls $bpffs)"
  for _ in $(seq 200); do
    bpftool prog show | grep -q sluice_ || bpftool map show | grep -q sluice_ || break
  done
  bpftool prog show | grep sluice_ && fail "programs are left"
  bpftool map show | grep sluice_ && fail "maps are left"
  for link in $(ip -o link show | sed 's/^[0-9]*: //; s/[@:].*//'); do
    tc filter show dev "$link" ingress 2>/dev/null | grep sluice && fail "a filter is left on $link"
    tc filter show dev "$link" egress 2>/dev/null | grep sluice && fail "a filter is left on $link"
  done
  return 0
}

# set_to <key> <value>: until the row ends.
set_to() {
  echo "$1=$(sysctl -n "$1")" >>/tmp/settings
  sysctl -qw "$1=$2"
  [ "$(sysctl -n "$1")" = "$2" ] || fail "$1 is not $2"
}

clean_up() {
  touch /tmp/settings
  while read -r setting; do sysctl -qw "$setting"; done </tmp/settings
  rm /tmp/settings
  if grep -q " /sys/kernel/btf " /proc/mounts; then umount /sys/kernel/btf; fi
  for process in $(pidof sluiced); do kill -9 "$process"; done
  sluiced --detach >/dev/null || fail "--detach failed"
  sluicectl lab down >/dev/null || fail "lab down failed"
  nothing_left
}
