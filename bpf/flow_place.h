/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Flow place: where in the flow tables a new flow is kept, and which other one gives way to it. flow_table.h
 * has the laws, those of displacing among them. */
#ifndef SLUICE_FLOW_PLACE_H
#define SLUICE_FLOW_PLACE_H

#include "flow_table.h"

SLUICE_STAGE __u32 sluice_flow_endpoint(__u64* bucket, __u64 way, __u32 words) {
  return (__u32)(sluice_read(sluice_flow_key_at(bucket, way, words) +
                             (words == SLUICE_FLOW4_KEY_WORDS ? 0 : 2)) >>
                 32);
}

/* Which entries of a bucket are free or vacant, a bit each. */
SLUICE_STAGE __u64 sluice_room_in(sluice_ctx* ctx, const __u64* bucket, __u32 now) {
  __u64 room = 0;
  SLUICE_UNROLL
  for (__u32 way = 0; way < SLUICE_FLOW_WAYS; ++way) {
    __u64 state = sluice_read(bucket + way), held = state | -state;
    SLUICE_OPAQUE(held);
    room |= (sluice_vacancy(ctx, state, now) | ~held >> 63) << way;
  }
  return room;
}

SLUICE_STAGE bool sluice_is_over(sluice_ctx* ctx, const struct sluice_flow_counts* counts, __u32 class_of) {
  __u64 share = counts->share ? counts->share : sluice_flow_share(ctx);
  return sluice_read_count(&counts->held[class_of]) > (__s64)share;
}

/* How gladly an entry is given to a new flow of `key`'s pod, which is over a share or not: 0 for never. By
 * the laws of displacing, then by the time that it was idle. */
SLUICE_STAGE __u64 sluice_rank(sluice_ctx* ctx, __u64 state, __u32 endpoint,
                               const struct sluice_flow_key* key, bool over) {
  __u32 class_of = sluice_flow_class_of(state);
  const struct sluice_flow_counts* counts = sluice_flow_counts_of(ctx, endpoint);
  bool answered = class_of == SLUICE_FLOWS_ANSWERED, own = endpoint == key->endpoint;
  __u32 gladly;
  if (!counts || !sluice_is_over(ctx, counts, class_of))
    gladly = answered || over ? 0 : 1;
  else if (answered)
    gladly = own ? 3 : over ? 0 : 2;
  else
    gladly = own ? 5 : 4;
  return gladly ? sluice_pair(gladly, sluice_idle_and_second(ctx, state, key->now)) : 0;
}

/* The entry of both buckets that law 7 to 10 name. */
SLUICE_STAGE void sluice_choose_victim(sluice_ctx* ctx, struct sluice_flow_key* key, __u64* home,
                                       __u64* alternate, __u32 words) {
  struct sluice_flow_place* place = &key->place;
  const struct sluice_flow_counts* counts = sluice_flow_counts_of(ctx, key->endpoint);
  bool over = counts && (sluice_is_over(ctx, counts, SLUICE_FLOWS_UNANSWERED) ||
                         sluice_is_over(ctx, counts, SLUICE_FLOWS_ANSWERED));
  place->rank = 0;
  SLUICE_UNROLL
  for (__u32 i = 0; i < 2 * SLUICE_FLOW_WAYS; ++i) {
    __u32 way = i & (SLUICE_FLOW_WAYS - 1);
    __u64* bucket = i < SLUICE_FLOW_WAYS ? home : alternate;
    __u64 state = sluice_read(bucket + way);
    __u32 endpoint = sluice_flow_endpoint(bucket, way, words);
    __u64 rank = sluice_rank(ctx, state, endpoint, key, over);
    if (rank <= place->rank) continue;
    place->rank = rank;
    place->state = state;
    place->bucket = i < SLUICE_FLOW_WAYS ? key->home : key->alternate;
    place->way = way;
  }
  place->displaces = true;
}

/* Which entry a new flow takes, into `key->place`. */
SLUICE_STAGE void sluice_choose_place(sluice_ctx* ctx, struct sluice_flow_key* key, __u32 family) {
  const __u32 words = sluice_flow_key_words(family);
  struct sluice_flow_place* place = &key->place;
  __u64* home = sluice_flow_bucket(ctx, family, key->home);
  __u64* alternate = sluice_flow_bucket(ctx, family, key->alternate);
  place->way = SLUICE_FLOW_WAYS;
  place->displaces = false;
  if (!home || !alternate) return;
  __u64* chosen = home;
  place->bucket = key->home;
  __u64 room = sluice_room_in(ctx, home, key->now);
  if (sluice_bits_set(room) < SLUICE_FLOW_WAYS - 1) {
    __u64 other = sluice_room_in(ctx, alternate, key->now);
    if (sluice_bits_set(other) > sluice_bits_set(room)) {
      chosen = alternate;
      place->bucket = key->alternate;
      room = other;
    }
  }
  if (!room) {
    sluice_choose_victim(ctx, key, home, alternate, words);
    return;
  }
  __u64 way = sluice_lowest_bit(room);
  place->way = (__u32)way;
  place->state = sluice_read(sluice_flow_state_at(chosen, way));
}

SLUICE_STAGE void sluice_fill_entry(__u64* bucket, __u64 way, const struct sluice_flow_key* key,
                                    __u32 words) {
  __u64* word = sluice_flow_key_at(bucket, way, words);
  sluice_write(sluice_flow_state_at(bucket, way), 0);
  for (__u32 i = 0; i < words; ++i) sluice_write(word + i, key->word[i]);
  sluice_write(sluice_flow_judged_at(bucket, way, words),
               SLUICE_FLOW_JUDGED(key->tag, key->bits, key->name, key->epoch));
  sluice_write(sluice_flow_state_at(bucket, way), key->state);
}

/* False where the place has become another's since it was chosen. */
SLUICE_STAGE bool sluice_take_place(sluice_ctx* ctx, struct sluice_flow_key* key, __u32 family) {
  struct sluice_flow_place* place = &key->place;
  const __u32 words = sluice_flow_key_words(family);
  __u64* bucket = sluice_flow_bucket(ctx, family, place->bucket);
  struct sluice_flow_lock* lock = sluice_lock_of(ctx, place->bucket);
  __u64 way = place->way;
  if (!bucket || !lock) return true;
  sluice_lock(&lock->lock);
  bool still = sluice_read(sluice_flow_state_at(bucket, way)) == place->state;
  if (still) {
    place->endpoint = sluice_flow_endpoint(bucket, way, words);
    sluice_fill_entry(bucket, way, key, words);
  }
  sluice_unlock(&lock->lock);
  return still;
}

SLUICE_STAGE void sluice_count_refused(sluice_ctx* ctx, __u32 endpoint) {
  struct sluice_flow_counts *own = sluice_flow_counts_of(ctx, endpoint),
                            *all = sluice_flow_counts_of(ctx, SLUICE_NO_ENDPOINT);
  if (own) sluice_add_shared((__s64*)&own->refused, 1);
  if (all) sluice_add_shared((__s64*)&all->refused, 1);
}

/* The place's flow is gone. */
SLUICE_STAGE void sluice_count_gone(sluice_ctx* ctx, const struct sluice_flow_place* place) {
  if (!place->state) return;
  __u32 class_of = sluice_flow_class_of(place->state);
  struct sluice_flow_counts* own = sluice_flow_counts_of(ctx, place->endpoint);
  if (own) sluice_add_shared(&own->held[class_of], -1);
  if (!place->displaces) return;
  struct sluice_flow_counts* all = sluice_flow_counts_of(ctx, SLUICE_NO_ENDPOINT);
  if (own) sluice_add_shared((__s64*)&own->displaced[class_of], 1);
  if (all) sluice_add_shared((__s64*)&all->displaced[class_of], 1);
}

/* A connection that is allowed, whether it finds a place or not; a repeated SYN again. */
SLUICE_STAGE void sluice_count_opened(sluice_ctx* ctx, const struct sluice_packet* packet) {
  struct sluice_flow_counts* counts = sluice_flow_counts_of(ctx, packet->flow.endpoint);
  if (counts) sluice_add_shared((__s64*)&counts->opened[sluice_side_of(packet->direction)], 1);
}

/* Keeps the flow of `packet->flow`; where the table has it, does what is to be changed. Where another CPU
 * takes the place that was chosen, another one is. */
SLUICE_STAGE void sluice_keep_entry(sluice_ctx* ctx, struct sluice_packet* packet, __u32 family) {
  struct sluice_flow_key* key = &packet->flow;
  struct sluice_flow flow = {0};
  if (key->change == SLUICE_FLOW_REOPEN && key->epoch) sluice_count_opened(ctx, packet);
  sluice_find_entry(ctx, key, family, &flow);
  if (flow.bucket) {
    key->place.bucket = flow.index;
    if (key->change >= SLUICE_FLOW_LEAVE)
      return;
    else if (family == SLUICE_IPV4)
      sluice_change_flow4(ctx, packet, flow.bucket, flow.way);
    else
      sluice_change_flow6(ctx, packet, flow.bucket, flow.way);
    return;
  }
  sluice_spell_state(packet);
  for (int attempt = 0; attempt < 2; ++attempt) {
    sluice_choose_place(ctx, key, family);
    if (key->place.way >= SLUICE_FLOW_WAYS) break;
    if (!sluice_take_place(ctx, key, family)) continue;
    sluice_count_gone(ctx, &key->place);
    if (key->change != SLUICE_FLOW_COPIED) sluice_count_held(ctx, key->endpoint, key->state, 1);
    return;
  }
  sluice_count_refused(ctx, key->endpoint);
}

SLUICE_COLD void sluice_keep_flow4(sluice_ctx* ctx, struct sluice_packet* packet) {
  sluice_keep_entry(ctx, packet, SLUICE_IPV4);
}

SLUICE_COLD void sluice_keep_flow6(sluice_ctx* ctx, struct sluice_packet* packet) {
  sluice_keep_entry(ctx, packet, SLUICE_IPV6);
}

SLUICE_STAGE void sluice_keep_flow(sluice_ctx* ctx, struct sluice_packet* packet) {
  if (packet->family == SLUICE_IPV4)
    sluice_keep_flow4(ctx, packet);
  else
    sluice_keep_flow6(ctx, packet);
}

#endif
