/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Flow table: the open connections of every pod of the node, in two arrays (IPv4, IPv6) of buckets of four
 * entries. A key has two buckets, home and alternate, and stands in one of them.
 *
 * Laws of reading:
 *  1 A look-up takes no lock. An entry counts if its key is the one asked for, both its other words carry
 *    the key's tags, and both say the same end opened the connection: so no key is ever read with another's
 *    state, and no connection with another's judgement, in whatever order a machine's stores are seen. What is
 *    being written is a miss.
 *  2 Nobody can aim at a bucket: the hash is NH (RFC 4418 5.2) with a seed drawn when the maps are made. Any
 *    two keys meet in it with a probability of 2^-32.
 * Laws of writing:
 *  3 Whoever changes a state word, or whose entry it is, holds the lock of the bucket, and finds under it
 *    that the entry is still what it was taken for. The judged word alone is stored without: it says of itself
 *    what was judged, and at worst a flow that began in that very moment is a miss.
 *  4 `held` of an endpoint is changed by who changes the entry, once.
 *  5 Nothing goes through more than the two buckets.
 * Laws of displacing. A new connection takes, of the eight entries of its buckets, the first of these that
 * there is, and among equals the one idle for longest:
 *  6 a free one or one that is vacant (sluice_vacancy()): in the emptier bucket once home has two in use;
 *  7 an unanswered one of its own pod, where the pod is over its share of unanswered ones;
 *  8 an unanswered one of another pod that is over its share;
 *  9 an answered one of a pod that is over its share of answered ones: its own pod's, else, unless its own pod
 *    is over a share, another's;
 * 10 any unanswered one, unless its own pod is over a share.
 * 11 Else it is refused: allowed, counted, not remembered. An answered connection of a pod within its share
 *    gives way to nobody. */
#ifndef SLUICE_FLOW_TABLE_H
#define SLUICE_FLOW_TABLE_H

#include "flow_key.h"
#include "flow_state.h"

/* An entry as it was found. */
struct sluice_flow {
  __u64* bucket; /* NULL: there is none */
  __u64 way;
  __u64 state, judged;
  __u64 family; /* of the bucket. Eight bytes: of fewer, older verifiers do not know what was stored. */
  __u32 index;  /* of the bucket */
};

/* The state word of an entry, and the others: judged, then the key. */
SLUICE_STAGE __u64* sluice_flow_state_at(__u64* bucket, __u64 way) {
  return bucket + (way & (SLUICE_FLOW_WAYS - 1));
}
SLUICE_STAGE __u64* sluice_flow_judged_at(__u64* bucket, __u64 way, __u32 words) {
  return bucket + SLUICE_FLOW_WAYS + (way & (SLUICE_FLOW_WAYS - 1)) * (1 + words);
}
SLUICE_STAGE __u64* sluice_flow_key_at(__u64* bucket, __u64 way, __u32 words) {
  return sluice_flow_judged_at(bucket, way, words) + 1;
}

/* ---- look-up */

/* 0 where the entry is the key's. */
SLUICE_STAGE __u64 sluice_flow_differs(__u64* bucket, __u64 way, const struct sluice_flow_key* key,
                                       __u32 words) {
  const __u64* word = sluice_flow_key_at(bucket, way, words);
  __u64 differs = SLUICE_FLOW_MARK(sluice_read(sluice_flow_state_at(bucket, way))) ^ key->mark;
  for (__u32 i = 0; i + 1 < words; ++i) differs |= sluice_read(word + i) ^ key->word[i];
  return differs | (sluice_read(word + words - 1) ^ key->word[words - 1]) >> SLUICE_FLOW_PROOF_BITS;
}

/* How many of four bits are set. */
SLUICE_STAGE __u64 sluice_bits_set(__u64 bits) {
  bits = (bits & 5) + (bits >> 1 & 5);
  return (bits & 3) + (bits >> 2);
}

/* The number of the lowest of four bits that is set, of which one is. */
SLUICE_STAGE __u64 sluice_lowest_bit(__u64 bits) {
  bits &= -bits;
  __u64 number = (bits >> 1) - (bits >> 3);
  SLUICE_OPAQUE(number);
  return number & (SLUICE_FLOW_WAYS - 1);
}

/* Which entries of a bucket bear the key's mark, a bit each. Without a branch for each way: which one it is
 * cannot be foreseen, and to the verifier all four are one. */
SLUICE_STAGE __u64 sluice_marked_in(const __u64* bucket, const struct sluice_flow_key* key) {
  __u64 marked = 0;
  SLUICE_UNROLL
  for (__u32 way = 0; way < SLUICE_FLOW_WAYS; ++way) {
    __u64 differs = SLUICE_FLOW_MARK(sluice_read(bucket + way)) ^ key->mark;
    SLUICE_OPAQUE(differs);
    marked |= ((differs - 1) >> 63) << way; /* it has but 22 bits */
  }
  return marked;
}

/* Finds the key among the entries of a bucket that bear its mark. That two others bear it too happens once in
 * 2^42: then the key counts as not there. */
SLUICE_STAGE bool sluice_find_in_bucket(__u64* bucket, const struct sluice_flow_key* key, __u32 words,
                                        __u64* way) {
  __u64 marked = sluice_marked_in(bucket, key);
  if (!marked) return false;
  *way = sluice_lowest_bit(marked);
  if (!sluice_flow_differs(bucket, *way, key, words)) return true;
  marked &= marked - 1;
  if (!marked) return false;
  *way = sluice_lowest_bit(marked);
  return !sluice_flow_differs(bucket, *way, key, words);
}

SLUICE_STAGE __u64* sluice_flow_bucket(sluice_ctx* ctx, __u32 family, __u32 index) {
  if (family == SLUICE_IPV4) return (__u64*)sluice_lookup(ctx, flows4, &index);
  return (__u64*)sluice_lookup(ctx, flows6, &index);
}

/* Bucket and way of the key's entry, into `flow`. */
SLUICE_STAGE void sluice_find_entry(sluice_ctx* ctx, const struct sluice_flow_key* key, __u32 family,
                                    struct sluice_flow* flow) {
  const __u32 words = sluice_flow_key_words(family);
  flow->family = family;
  SLUICE_OPAQUE(flow->family);
  flow->index = key->home;
  flow->bucket = sluice_flow_bucket(ctx, family, key->home);
  if (!flow->bucket || sluice_find_in_bucket(flow->bucket, key, words, &flow->way)) return;
  flow->index = key->alternate;
  flow->bucket = sluice_flow_bucket(ctx, family, key->alternate);
  if (flow->bucket && !sluice_find_in_bucket(flow->bucket, key, words, &flow->way)) flow->bucket = 0;
}

/* The tag that both words together carry: no key's where different ends opened the connections that they are of. */
SLUICE_STAGE __u32 sluice_flow_tag(__u64 state, __u64 judged) {
  __u32 opener = SLUICE_FLOW_BITS(state) & SLUICE_FLOW_BY_POD;
  return ((__u32)(judged >> 32) ^ opener) & ~(__u32)(SLUICE_NAME_MASK << 1);
}

SLUICE_STAGE void sluice_read_entry(const struct sluice_flow_key* key, struct sluice_flow* flow,
                                    __u32 words) {
  if (!flow->bucket) return;
  flow->state = sluice_read(sluice_flow_state_at(flow->bucket, flow->way));
  flow->judged = sluice_read(sluice_flow_judged_at(flow->bucket, flow->way, words));
  if (sluice_flow_tag(flow->state, flow->judged) != key->tag || SLUICE_FLOW_MARK(flow->state) != key->mark)
    flow->bucket = 0;
}

/* The flow of a packet whose key was made. */
SLUICE_STAGE struct sluice_flow sluice_find_flow(sluice_ctx* ctx, const struct sluice_packet* packet) {
  struct sluice_flow flow = {0};
  if (packet->family == SLUICE_IPV4) {
    sluice_find_entry(ctx, &packet->flow, SLUICE_IPV4, &flow);
    sluice_read_entry(&packet->flow, &flow, SLUICE_FLOW4_KEY_WORDS);
  } else {
    sluice_find_entry(ctx, &packet->flow, SLUICE_IPV6, &flow);
    sluice_read_entry(&packet->flow, &flow, SLUICE_FLOW6_KEY_WORDS);
  }
  return flow;
}

/* The epoch under which it was last judged, its low 32 bits; 0: an audit let it pass. */
SLUICE_STAGE __u32 sluice_flow_epoch(const struct sluice_flow* flow) {
  return (__u32)flow->judged;
}

/* Notes that the connection of the packet's flow, as it was found, was judged and is allowed. */
SLUICE_STAGE void sluice_set_judged(const struct sluice_flow* flow, const struct sluice_flow_key* key,
                                    __u32 epoch) {
  __u64 judged = SLUICE_FLOW_JUDGED(key->tag, key->found, key->name, epoch), way = flow->way;
  SLUICE_OPAQUE(way); /* its bounds are looked at here: older verifiers forget them meanwhile */
  if (flow->family == SLUICE_IPV4)
    sluice_write(sluice_flow_judged_at(flow->bucket, way, SLUICE_FLOW4_KEY_WORDS), judged);
  else
    sluice_write(sluice_flow_judged_at(flow->bucket, way, SLUICE_FLOW6_KEY_WORDS), judged);
}

/* ---- counts and locks */

SLUICE_STAGE struct sluice_flow_counts* sluice_flow_counts_of(sluice_ctx* ctx, __u32 endpoint) {
  __u32 index = SLUICE_ENDPOINT_INDEX(endpoint);
  return sluice_lookup(ctx, flow_counts, &index);
}

/* enum sluice_flow_class */
SLUICE_STAGE __u32 sluice_flow_class_of(__u64 state) {
  return SLUICE_FLOW_BITS(state) / SLUICE_FLOW_ANSWERED & 1;
}

SLUICE_STAGE void sluice_count_held(sluice_ctx* ctx, __u32 endpoint, __u64 state, __s64 more) {
  struct sluice_flow_counts* counts = sluice_flow_counts_of(ctx, endpoint);
  if (counts) sluice_add_shared(&counts->held[sluice_flow_class_of(state)], more);
}

/* An entry's state became another; 0: the entry was or is free. */
SLUICE_STAGE void sluice_count_change(sluice_ctx* ctx, __u32 endpoint, __u64 before, __u64 after) {
  if (before && after && sluice_flow_class_of(before) == sluice_flow_class_of(after)) return;
  if (before) sluice_count_held(ctx, endpoint, before, -1);
  if (after) sluice_count_held(ctx, endpoint, after, 1);
}

SLUICE_STAGE struct sluice_flow_lock* sluice_lock_of(sluice_ctx* ctx, __u32 bucket) {
  __u32 index = bucket & (SLUICE_FLOW_LOCKS - 1);
  return sluice_lookup(ctx, flow_locks, &index);
}

/* The state word of `bits` and `seen`. */
SLUICE_STAGE void sluice_spell_state(struct sluice_packet* packet) {
  struct sluice_flow_key* key = &packet->flow;
  key->timeout = sluice_flow_timeout(packet->protocol, (__u8)key->bits);
  key->state = SLUICE_FLOW_STATE(key->mark, key->timeout, key->bits, key->seen);
}

/* ---- change of an entry that is there */

enum sluice_flow_change {
  SLUICE_FLOW_TOUCH,  /* a packet of the connection */
  SLUICE_FLOW_REOPEN, /* a packet that opens it anew */
  SLUICE_FLOW_FREE,
  SLUICE_FLOW_LEAVE,  /* nothing */
  SLUICE_FLOW_COPIED, /* nothing; and where it is not there, it is counted already, in another table */
};

/* The bits after a packet of the connection. `last` is the last word of its key, where it belongs. */
SLUICE_STAGE __u8 sluice_bits_after(__u8 bits, const struct sluice_packet* packet, __u64* last,
                                    const struct sluice_tcp_numbers* numbers, bool later) {
  const __u32 mask = (1U << SLUICE_FLOW_PROOF_BITS) - 1;
  if (packet->protocol != SLUICE_TCP) return sluice_datagram_bits_after(bits, packet, later);
  __u64 word = sluice_read(last);
  __u32 acknowledged = sluice_ntohl(numbers->acknowledged) & mask;
  if (!sluice_is_from_opener(bits, packet) && (packet->tcp_flags & SLUICE_TCP_SYN))
    sluice_write(last, (word & ~(__u64)mask) | ((sluice_ntohl(numbers->sequence) + 1) & mask));
  bool acknowledges = (packet->tcp_flags & SLUICE_TCP_ACK) && acknowledged == (word & mask);
  return sluice_tcp_bits_after(bits, packet, acknowledges);
}

/* A connection that is opened anew is as answered as the tuple was, where that had not ended: a forged SYN
 * takes nothing from it. */
SLUICE_STAGE __u8 sluice_bits_reopened(sluice_ctx* ctx, __u64 state, const struct sluice_packet* packet,
                                       __u32 now) {
  __u8 bits = SLUICE_FLOW_BITS(state);
  bool over = sluice_is_closed(bits) || (bits & SLUICE_FLOW_RESET) || sluice_is_forgotten(ctx, state, now);
  return (sluice_leaves_pod(packet) ? SLUICE_FLOW_BY_POD : 0) | (over ? 0 : bits & SLUICE_FLOW_ANSWERED);
}

/* Does what `packet->flow` says to an entry, if it is still the key's. */
SLUICE_STAGE void sluice_change_entry(sluice_ctx* ctx, struct sluice_packet* packet, __u64* bucket, __u64 way,
                                      __u32 family) {
  struct sluice_flow_key* key = &packet->flow;
  const __u32 words = sluice_flow_key_words(family);
  struct sluice_flow_lock* lock = sluice_lock_of(ctx, key->place.bucket);
  __u64* state_at = sluice_flow_state_at(bucket, way);
  struct sluice_tcp_numbers numbers = {0};
  __u32 change = key->change;
  __u64 before = 0, after = 0;
  if (!lock) return;
  if (change == SLUICE_FLOW_TOUCH && packet->protocol == SLUICE_TCP &&
      sluice_load(ctx, packet->upper + sizeof(__u32), &numbers))
    return;
  sluice_lock(&lock->lock);
  if (!sluice_flow_differs(bucket, way, key, words)) {
    before = sluice_read(state_at);
    bool late = sluice_is_seen_late(ctx, before, key->now);
    if (change == SLUICE_FLOW_TOUCH) {
      key->bits = sluice_bits_after(SLUICE_FLOW_BITS(before), packet,
                                    sluice_flow_key_at(bucket, way, words) + words - 1, &numbers, late);
    } else if (change == SLUICE_FLOW_REOPEN) {
      key->bits = sluice_bits_reopened(ctx, before, packet, key->now);
      sluice_write(sluice_flow_judged_at(bucket, way, words),
                   SLUICE_FLOW_JUDGED(key->tag, key->bits, key->name, key->epoch));
    }
    key->seen = late ? key->now : SLUICE_FLOW_SEEN(before);
    if (change != SLUICE_FLOW_FREE) sluice_spell_state(packet);
    after = change == SLUICE_FLOW_FREE ? 0 : key->state;
    sluice_write(state_at, after);
  }
  sluice_unlock(&lock->lock);
  sluice_count_change(ctx, key->endpoint, before, after);
}

SLUICE_COLD void sluice_change_flow4(sluice_ctx* ctx, struct sluice_packet* packet, __u64* bucket,
                                     __u64 way) {
  sluice_change_entry(ctx, packet, bucket, way, SLUICE_IPV4);
}

SLUICE_COLD void sluice_change_flow6(sluice_ctx* ctx, struct sluice_packet* packet, __u64* bucket,
                                     __u64 way) {
  sluice_change_entry(ctx, packet, bucket, way, SLUICE_IPV6);
}

SLUICE_STAGE void sluice_change_flow(sluice_ctx* ctx, struct sluice_packet* packet,
                                     const struct sluice_flow* flow, enum sluice_flow_change change) {
  packet->flow.change = change;
  packet->flow.place.bucket = flow->index;
  if (flow->family == SLUICE_IPV4)
    sluice_change_flow4(ctx, packet, flow->bucket, flow->way);
  else
    sluice_change_flow6(ctx, packet, flow->bucket, flow->way);
}

/* Notes an allowed packet. Writes only what changed, the time once a second: a busy line stays clean. */
SLUICE_STAGE void sluice_touch_flow(sluice_ctx* ctx, const struct sluice_flow* flow,
                                    struct sluice_packet* packet, __u32 now) {
  if (!sluice_is_seen_late(ctx, flow->state, now) &&
      !sluice_adds_to_flow(SLUICE_FLOW_BITS(flow->state), packet))
    return;
  packet->flow.now = now;
  sluice_change_flow(ctx, packet, flow, SLUICE_FLOW_TOUCH);
}

#endif
