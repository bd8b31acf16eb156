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
  if has_tcx; then attached_by tcx; else attached_by clsact; fi
}
has_tcx() {
  IFS=.- read -r major minor _ <<VERSION
$(uname -r)
VERSION
  [ $((major * 100 + minor)) -ge 606 ]
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
    names=
    [ ! -e "$example/names.jsonl" ] || names="--names $example/names.jsonl"
    # shellcheck disable=SC2086 # an option and its value, or nothing
    sluicectl eval --engine bpf --manifests "$example/manifests" --probes "$example/expected.jsonl" $names >/tmp/answers || fail "${example##*/}: $(tail -n 3 /tmp/answers)"
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
# The folder of the present layout under an older one's name. No older build can be had for it: what was built before
# this layout does not load on these kernels.
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

# The machine's clock is set, both ways: hours follow it at once, what is open does not.
row_clock() {
  began_at=$(date -u +%s)
  pods
  clock_policies
  clock_is 2031-01-01 11:00
  starts
  real_as_reference "before its hours"
  open_stream
  for time in 12:30 11:30 12:59 15:00 12:00 09:00; do
    clock_is 2031-01-01 $time
    soon_real_as_reference "at $time"
    beats "at $time"
  done
  clock_is 2041-06-01 12:30
  soon_real_as_reference "ten years later"
  beats "ten years later"
  date -u -s "@$began_at" >/dev/null
}
# Nobody calls prometheus-0: replies to it pass as those of a connection that is remembered. The shop is closed for an hour.
clock_policies() {
  cat >$world/clock.yaml <<POLICIES
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: nobody, namespace: monitoring},
 spec: {podSelector: {}, policyTypes: [Ingress]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: noon, namespace: shop, annotations: {sluice.dev/active: "2031-01-01T12:00/2031-01-01T13:00"}}
spec: {podSelector: {}}
POLICIES
}
clock_is() { date -u -s "$1 $2" >/dev/null; }
soon_real_as_reference() { # each try waits for connections that nobody answers
  for _ in $(seq 10); do
    if (real_as_reference "$1") >/tmp/why 2>&1; then return; fi
  done
  cat /tmp/why
  fail "$1: hours do not follow the clock"
}
# From prometheus-0 to controller-0, which answers with what is said here.
open_stream() {
  rm -f /tmp/says /tmp/heard /tmp/quiet
  mkfifo /tmp/says /tmp/heard /tmp/quiet
  ip netns exec sluice-ingress-controller-0 nc -l -p 9999 </tmp/says &
  exec 4>/tmp/says 5<>/tmp/heard 6<>/tmp/quiet
  hears <&6 >/tmp/heard 2>/dev/null & # an end of its input would end the other's nc
}
hears() { # once somebody listens
  for _ in $(seq 1000); do
    if ip netns exec sluice-monitoring-prometheus-0 nc 10.244.1.10 9999; then return; fi
  done
}
beats() {
  echo "$1" >&4
  [ "$(timeout 60 head -n 1 <&5)" = "$1" ] || fail "$1: a connection that was open is cut"
}

# Debian's bandwidth plugin before sluice-cni, with clsact and as the agent attaches by itself (tests/cni).
row_bandwidth() {
  for module in ifb sch_tbf cls_u32 act_mirred; do modprobe -q $module || fail "this kernel has no $module"; done
  cni_chain --gtest_brief=1 --gtest_filter='*Bandwidth*'
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


# What `--preflight` says of this kernel and node, before any agent, with too little, and beside an agent. Comes before
# the rows that load conntrack.
row_preflight() {
  no_conntrack_to_be_had
  tells 0 "sluiced --preflight"
  row_of kernel ok "Linux $(uname -r) "
  row_of capabilities ok
  row_of bpffs ok '"follows":""'
  row_of programs ok "verified instructions: from_pod [1-9][0-9]*, to_pod [1-9]"
  row_of JIT ok
  row_of conntrack note "whoever speaks next"
  row_of nf_tables ok
  row_of namespaces note "/run/netns does not exist"
  row_of "CNI folder" note "/etc/cni/net.d does not exist"
  if counts_maps_as_locked; then row_of "memory lock" ok unlimited; else row_of "memory lock" ok "do not count"; fi
  if has_tcx; then row_of attachment ok '"TCX"'; else row_of attachment ok "clsact; no TCX (Linux 6.6)"; fi
  modprobe nf_conntrack
  tells 0 "sluicectl preflight" with_clsact
  row_of conntrack ok there
  row_of attachment ok '"clsact'
  [ ! -e $bpffs ] || fail "it left $bpffs" # programs end with a namespace of theirs, after a moment: clean_up looks
  preflight_with_capabilities
  preflight_beside_an_agent
}
preflight_with_capabilities() {
  tells 0 "sluiced --preflight" in_unit
  row_of capabilities ok
  tells 0 "sluicectl preflight" in_chart
  row_of capabilities ok
  tells 1 "sluiced --preflight" without_bpf
  row_of capabilities unfit "without SYS_ADMIN, BPF"
  row_of programs unfit "CAP_BPF and CAP_NET_ADMIN are needed"
  tells 1 "sluicectl preflight" without_bpf
  if counts_maps_as_locked; then
    tells 1 "sluiced --preflight" with_default_memlock
    row_of "memory lock" unfit "LimitMEMLOCK=infinity.*SYS_RESOURCE.*ulimit -l unlimited"
    row_of programs unfit "is 64 KiB"
  fi
}
without_bpf() {
  echo CAP_NET_ADMIN >/tmp/few.capabilities
  ulimit -l unlimited
  with_capabilities /tmp/few.capabilities "$@"
}
preflight_beside_an_agent() {
  pods
  under policies-full
  starts
  tells 0 "sluiced --preflight"
  row_of bpffs ok "maps are pinned in $bpffs"
  row_of programs ok "verified instructions"
  row_of namespaces ok
  real_as_reference "after the preflight beside it"
}
# tells <exit> <program> [command...]: what it says by way of that command (a function ends with exec), and its exit.
tells() {
  wanted=$1 program=$2 status=0
  shift 2
  ("$@" $program -o json) >/tmp/preflight 2>&1 || status=$?
  [ $status = "$wanted" ] || fail "$program $*: exit $status: $(cat /tmp/preflight)"
  grep -qF "\"fit\":$([ $status = 0 ] && echo true || echo false)" /tmp/preflight || fail "$(cat /tmp/preflight)"
}
# row_of <check> <state> [pattern]: the preflight's row.
row_of() {
  grep -o "{\"check\":\"$1\",[^}]*}" /tmp/preflight | grep "\"state\":\"$2\".*${3:-}" >/tmp/its_row ||
    fail "no row $1 $2 ${3:-}: $(cat /tmp/preflight)"
}

# ---- what the kernel is set to

row_run() { # with as many possible CPUs as the guest is to have
  wanted=$(sed -n 's/.*sluice.possible=\([0-9]*\).*/\1/p' /proc/cmdline)
  possible=$(cat /sys/devices/system/cpu/possible)
  [ $((${possible#*-} + 1)) = "${wanted:-$((${possible#*-} + 1))}" ] || fail "possible CPUs: $possible, not $wanted"
  enforces
}

row_memlock() { # its default, without the capability to raise it: 5.10 counts maps against it, later ones do not
  if counts_maps_as_locked; then
    pods
    starts with_default_memlock >/tmp/starts.log 2>&1 && fail "started"
    refused_with "the memory-lock limit (RLIMIT_MEMLOCK) is 64 KiB" LimitMEMLOCK=infinity SYS_RESOURCE "ulimit -l unlimited"
    echo "refused, with the limit and its mends named"
  else
    enforces with_default_memlock
  fi
}
counts_maps_as_locked() { uname -r | grep -q '^5\.10\.'; }
with_default_memlock() {
  ulimit -l 64
  with_capabilities /sluice/unit.capabilities "$@"
}
# refused_with <words>...: the agent ended by itself with 1, and one line has them all.
refused_with() {
  status=0
  wait $agent || status=$?
  [ $status = 1 ] || fail "the agent ended with $status"
  cp /tmp/agent.log /tmp/lines
  for words in "$@"; do
    grep -F "$words" /tmp/lines >/tmp/those || fail "no line says $words: $(cat /tmp/agent.log)"
    mv /tmp/those /tmp/lines
  done
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
row_no_conntrack() { # comes before the rows that load it
  no_conntrack_to_be_had
  enforces
}
no_conntrack_to_be_had() { # nor loaded by itself until the row ends; what else a row needs is there
  for module in veth bridge sch_ingress cls_bpf nf_tables; do modprobe -q $module || true; done
  [ ! -e /proc/sys/net/netfilter/nf_conntrack_max ] || fail "conntrack is there"
  set_to kernel.modprobe /bin/false
}
row_lockdown_integrity() {
  echo integrity >/sys/kernel/security/lockdown
  enforces
}
row_lockdown_confidentiality() {
  echo confidentiality >/sys/kernel/security/lockdown
  enforces
}
