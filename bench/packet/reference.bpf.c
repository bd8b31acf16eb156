// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The reference programs: what the least that could be done costs on this machine. bench_f0 does nothing; the
 * others parse Ethernet, IPv4 and TCP and ask one map. Keys are as wide and maps as large as Sluice's. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench/packet/reference_flow.h"
#include "sluice/layout.h"

struct reference_key {
  __be32 source, destination;
  __be16 source_port, destination_port;
  __u8 protocol, zero[3];
};

#define REFERENCE_FLOWS(name, kind)           \
  struct {                                    \
    __uint(type, BPF_MAP_TYPE_##kind);        \
    __type(key, struct reference_key);        \
    __type(value, struct reference_flow);     \
    __uint(max_entries, REFERENCE_FLOWS_MAX); \
  } name SEC(".maps")
REFERENCE_FLOWS(bench_f1_flows, LRU_HASH);
REFERENCE_FLOWS(bench_f2_flows, LRU_HASH);
REFERENCE_FLOWS(bench_f3_flows, HASH);

struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __type(key, struct sluice_prefix4);
  __type(value, struct sluice_cell);
  __uint(max_entries, SLUICE_MAX_PREFIXES);
  __uint(map_flags, BPF_F_NO_PREALLOC);
} bench_trie SEC(".maps");

static __always_inline int parse(struct __sk_buff* skb, struct reference_key* key) {
  struct ethhdr* ethernet = (void*)(long)skb->data;
  void* end = (void*)(long)skb->data_end;
  struct iphdr* ip = (void*)(ethernet + 1);
  if ((void*)(ip + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP)) return 0;
  if (ip->ihl < 5 || ip->protocol != IPPROTO_TCP) return 0;
  struct tcphdr* tcp = (void*)ip + ip->ihl * 4;
  if ((void*)(tcp + 1) > end) return 0;
  key->source = ip->saddr;
  key->destination = ip->daddr;
  key->source_port = tcp->source;
  key->destination_port = tcp->dest;
  key->protocol = ip->protocol;
  return 1;
}

SEC("tc")
int bench_f0(struct __sk_buff* skb) {
  (void)skb;
  return TC_ACT_UNSPEC;
}

SEC("tc")
int bench_f1(struct __sk_buff* skb) {
  struct reference_key key = {};
  if (!parse(skb, &key)) return TC_ACT_SHOT;
  return bpf_map_lookup_elem(&bench_f1_flows, &key) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int bench_f2(struct __sk_buff* skb) {
  struct reference_key key = {};
  if (!parse(skb, &key)) return TC_ACT_SHOT;
  if (bpf_map_lookup_elem(&bench_f2_flows, &key)) return TC_ACT_SHOT; /* it should not be there yet */
  struct reference_flow flow = {.epoch = 1};
  return bpf_map_update_elem(&bench_f2_flows, &key, &flow, BPF_ANY) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int bench_f3(struct __sk_buff* skb) {
  struct reference_key key = {};
  if (!parse(skb, &key)) return TC_ACT_SHOT;
  return bpf_map_lookup_elem(&bench_f3_flows, &key) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int bench_lpm(struct __sk_buff* skb) {
  struct reference_key key = {};
  if (!parse(skb, &key)) return TC_ACT_SHOT;
  struct sluice_prefix4 prefix = {32, key.destination};
  return bpf_map_lookup_elem(&bench_trie, &prefix) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
