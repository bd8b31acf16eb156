# shellcheck shell=dash disable=SC2086,SC2119,SC2120,SC2154 # paths without spaces; node.sh has them
# One function a row of docs/kernels.md. Rows that cannot be undone in a guest (lockdown) come last.

# ---- what it is

row_load() { # verified instructions, time and memory
  guard_kernel_facts --measured >/tmp/facts
  tr '\n' ' ' </tmp/facts
  echo
}
row_attach() { # TCX from 6.6 on
  pods
  starts
  IFS=.- read -r major minor _ <<VERSION
$(uname -r)
VERSION
  if [ $((major * 100 + minor)) -ge 606 ]; then attached_by tcx; else attached_by clsact; fi
}
row_clsact() {
  pods
  under policies-default-deny
  starts with_clsact
  attached_by clsact
  real_as_reference "under default deny"
  attached_by clsact
}
# Two programs on each pod's interface, the way it says; nothing the other way. (This bpftool knows no TCX by name.)
attached_by() {
  links=$(bpftool link show | grep -c "prog" || true)
  filters=0
  for link in $(ip -o link show type veth | sed 's/^[0-9]*: //; s/[@:].*//'); do
    for side in ingress egress; do
      filters=$((filters + $(tc filter show dev "$link" $side 2>/dev/null | grep -c sluice_ || true)))
    done
  done
  wanted=$(($(find /run/netns -type f | wc -l) * 2))
  case $1 in
    tcx) [ "$links $filters" = "$wanted 0" ] ;;
    clsact) [ "$links $filters" = "0 $wanted" ] ;;
  esac || fail "wanted $wanted by $1, there are $links links and $filters filters"
  echo "$1"
}
with_clsact() { exec "$@" --attach clsact; }

# ---- what it does

row_scenarios() {
  kernel_scenarios --gtest_brief=1
}
row_examples() {
  count=0
  for example in /sluice/examples/[0-9]*; do
    sluicectl eval --engine bpf --manifests "$example/manifests" --probes "$example/expected.jsonl" >/tmp/answers || fail "${example##*/}: $(tail -n 3 /tmp/answers)"
    count=$((count + $(wc -l <"$example/expected.jsonl")))
  done
  echo "$count"
}
lab_before_under_and_after() {
  pods "$1"
  starts
  real_as_reference "$1: before any policy"
  under policies-default-deny
  in_force
  real_as_reference "$1: under default deny"
  under policies-full
  in_force
  real_as_reference "$1: under the full set"
  real_as_reference "$1: under the full set, UDP" UDP 53
  cp $demo/relabel.yaml $world/base/frontend-2.yaml
  in_force
  real_as_reference "$1: after a label changed"
  rm -r $world/policies-full $world/policies-default-deny
  in_force
  real_as_reference "$1: after all policies went"
}
row_lab_routed() { lab_before_under_and_after routed; }
row_lab_bridge() { lab_before_under_and_after bridge; }

row_stop_kill_restart() {
  pods
  under policies-full
  starts
  ends TERM
  real_as_reference "stopped"
  starts
  ends KILL
  real_as_reference "killed"
  starts
  real_as_reference "started again"
  rm -r $world/policies-full
  under policies-default-deny
  in_force
  real_as_reference "changed by the one started again"
}
row_upgrade() {
  pods
  under policies-full
  starts
  ends TERM
  mv $bpffs/v[0-9]* $bpffs/v0
  real_as_reference "the older layout"
  starts
  real_as_reference "the new one"
  [ ! -e $bpffs/v0 ] || fail "the older layout is still there"
}
row_detach() {
  pods
  under policies-default-deny
  starts
  ends TERM
  sluiced --detach
  nothing_left
  rm -r $world/policies-default-deny
  real_as_reference "after --detach"
}

# ---- what it may

# with_capabilities <file> <command...>: root as a service or a container is: with these, and no others.
with_capabilities() {
  names=$(tr 'A-Z ' 'a-z,' <"$1" | sed 's/cap_//g; s/,/,+/g')
  shift
  exec setpriv --no-new-privs --bounding-set "-all,+$names" --inh-caps "-all,+$names" "$@"
}
row_unit() { enforces in_unit; }
in_unit() {
  ulimit -l unlimited # LimitMEMLOCK=
  with_capabilities /sluice/unit.capabilities "$@"
}
row_chart() { enforces in_chart; }
in_chart() {
  cp /sluice/chart.capabilities /tmp/chart
  counts_maps_as_locked && echo SYS_RESOURCE >>/tmp/chart # docs/kubernetes.md: agent.extraCapabilities
  tr '\n' ' ' </tmp/chart | sed 's/ $//' >/tmp/chart.all
  ulimit -l 64
  with_capabilities /tmp/chart.all "$@"
}

# ---- what the kernel is set to

row_run() { enforces; }

row_memlock() { # its default, without the capability to raise it: 5.10 counts maps against it, later ones do not
  if counts_maps_as_locked; then
    pods
    starts with_default_memlock >/tmp/starts.log 2>&1 && fail "started"
    refused_for "memory.lock\|memlock"
    echo "refused, with the limit named"
  else
    enforces with_default_memlock
  fi
}
counts_maps_as_locked() { uname -r | grep -q '^5\.10\.'; }
with_default_memlock() {
  ulimit -l 64
  with_capabilities /sluice/unit.capabilities "$@"
}
# The agent ended by itself with 1, one line says why, and that names <word>.
refused_for() {
  status=0
  wait $agent || status=$?
  [ $status = 1 ] || fail "the agent ended with $status"
  grep -qi "$1" /tmp/agent.log || fail "no line names $1: $(cat /tmp/agent.log)"
}

row_jit_harden() {
  set_to net.core.bpf_jit_harden 2
  enforces
}
row_no_jit() {
  set_to net.core.bpf_jit_enable 0
  enforces
  bpftool prog show name sluice_from_pod | grep -q "not jited" || fail "it was compiled all the same"
}
row_no_btf() {
  mount -t tmpfs none /sys/kernel/btf
  enforces
}
row_unprivileged_bpf_disabled() {
  set_to kernel.unprivileged_bpf_disabled 2
  enforces
}
row_no_conntrack() { # nor can it be loaded; comes before the rows that load it
  for module in veth bridge sch_ingress cls_bpf; do modprobe -q $module || true; done
  [ ! -e /proc/sys/net/netfilter/nf_conntrack_max ] || fail "conntrack is there"
  set_to kernel.modprobe /bin/false
  enforces
}
row_lockdown_integrity() {
  echo integrity >/sys/kernel/security/lockdown
  enforces
}
row_lockdown_confidentiality() {
  echo confidentiality >/sys/kernel/security/lockdown
  enforces
}
