// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The programs on a pod's host-side veth. What leaves the pod arrives at tc ingress of that interface and is
 * judged as the pod's egress; what is sent to the pod leaves by tc egress and is judged as its ingress. A
 * packet that may pass goes on to whatever else is attached there (TC_ACT_UNSPEC, which is TCX_NEXT too);
 * sluice_path() in path.h tells the story from here. */
#include "edit.h"
#include "path.h"

static __always_inline int act(enum sluice_action action) {
  return action == SLUICE_PASS ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int sluice_from_pod(struct __sk_buff* skb) {
  return act(sluice_path(skb, SLUICE_EGRESS));
}

SEC("tc")
int sluice_to_pod(struct __sk_buff* skb) {
  return act(sluice_path(skb, SLUICE_INGRESS));
}

/* Not attached anywhere: the agent runs it (agent/kernel/flows.cc). */
SEC("tc")
int sluice_edit_flow(struct __sk_buff* skb) {
  struct sluice_flow_edit edit;
  if (bpf_skb_load_bytes(skb, SLUICE_ETHERNET_BYTES, &edit, sizeof(edit)) == 0) sluice_edit(skb, &edit);
  return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
