/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Flow state: what a connection's packets make of its bits (enum sluice_flow_bit), and how long it stands.
 *
 * Laws:
 *  1 ANSWERED is earned. TCP: the opener acknowledges the other's SYN,ACK by its number, or the other goes on
 *    after a first packet without a SYN. Everything else: two packets of the other end, or one, and a second
 *    later the opener still sends.
 *  2 A reset ends nothing by itself, for anybody can forge one: the flow stands as long as it did, until a
 *    SYN; it gives way to others once it has been idle for SLUICE_TIMEOUT_TCP_CLOSING. A later packet takes the
 *    reset back.
 *  3 After a FIN of both ends it stands for SLUICE_TIMEOUT_TCP_CLOSING.
 *  4 A lone packet of the other end gives an unanswered TCP connection no longer life.
 * Sources: RFC 9293 3.5, 3.10.7; RFC 5961 3. */
#ifndef SLUICE_FLOW_STATE_H
#define SLUICE_FLOW_STATE_H

#include "packet.h"

/* Of a TCP header, from the fourth byte on. */
struct sluice_tcp_numbers {
  __be32 sequence, acknowledged;
};

SLUICE_STAGE enum sluice_direction sluice_flow_opener(__u8 bits) {
  return bits & SLUICE_FLOW_BY_POD ? SLUICE_EGRESS : SLUICE_INGRESS;
}

SLUICE_STAGE bool sluice_is_from_opener(__u8 bits, const struct sluice_packet* packet) {
  return packet->direction == sluice_flow_opener(bits);
}

SLUICE_STAGE bool sluice_opens(const struct sluice_packet* packet) {
  return packet->protocol == SLUICE_TCP &&
         (packet->tcp_flags & (SLUICE_TCP_SYN | SLUICE_TCP_ACK)) == SLUICE_TCP_SYN;
}

SLUICE_STAGE bool sluice_is_closed(__u8 bits) {
  const __u8 both = SLUICE_FLOW_FIN_OPENER | SLUICE_FLOW_FIN_OTHER;
  return (bits & both) == both;
}

/* Which of the timeouts applies to a flow with these bits. */
SLUICE_STAGE enum sluice_timeout sluice_flow_timeout(__u8 protocol, __u8 bits) {
  if (protocol == SLUICE_TCP) {
    if (sluice_is_closed(bits)) return SLUICE_TIMEOUT_TCP_CLOSING;
    return bits & SLUICE_FLOW_ANSWERED ? SLUICE_TIMEOUT_TCP_ANSWERED : SLUICE_TIMEOUT_TCP_UNANSWERED;
  }
  if (protocol == SLUICE_UDP)
    return bits & SLUICE_FLOW_REPLIED ? SLUICE_TIMEOUT_UDP_ANSWERED : SLUICE_TIMEOUT_UDP_UNANSWERED;
  return bits & SLUICE_FLOW_REPLIED ? SLUICE_TIMEOUT_OTHER_ANSWERED : SLUICE_TIMEOUT_OTHER_UNANSWERED;
}

/* Jiffies since the last packet, and a second. Another CPU may have written `seen` a tick after this packet
 * read its clock: without the second, a flow in use would seem idle since the clock last wrapped. */
SLUICE_STAGE __u32 sluice_idle_and_second(sluice_ctx* ctx, __u64 state, __u32 now) {
  return now + sluice_second(ctx) - SLUICE_FLOW_SEEN(state);
}

/* `seen` is older than a second: it is to be written again. */
SLUICE_STAGE bool sluice_is_seen_late(sluice_ctx* ctx, __u64 state, __u32 now) {
  return sluice_idle_and_second(ctx, state, now) >= 2 * sluice_second(ctx);
}

/* Idle for too long to be remembered. */
SLUICE_STAGE bool sluice_is_forgotten(sluice_ctx* ctx, __u64 state, __u32 now) {
  return sluice_idle_and_second(ctx, state, now) >
         sluice_timeout(ctx, (enum sluice_timeout)SLUICE_FLOW_TIMEOUT(state)) + sluice_second(ctx);
}

/* 1 for a flow that is forgotten, or reset and silent since: nobody loses anything if its entry goes to
 * another. Else 0. Numbers rather than branches: the verifier would follow each combination of them. */
SLUICE_STAGE __u64 sluice_vacancy(sluice_ctx* ctx, __u64 state, __u32 now) {
  __u32 reset = SLUICE_FLOW_BITS(state) / SLUICE_FLOW_RESET & 1, timeout = SLUICE_FLOW_TIMEOUT(state);
  timeout += reset * (SLUICE_TIMEOUT_TCP_CLOSING - timeout);
  __u64 left = sluice_timeout(ctx, (enum sluice_timeout)(timeout & 7));
  left += sluice_second(ctx);
  left -= sluice_idle_and_second(ctx, state, now);
  SLUICE_OPAQUE(left);
  return left >> 63;
}

/* Might the packet change the bits? Of nearly every packet the answer is no. */
SLUICE_STAGE bool sluice_adds_to_flow(__u8 bits, const struct sluice_packet* packet) {
  if (packet->tcp_flags & (SLUICE_TCP_SYN | SLUICE_TCP_FIN | SLUICE_TCP_RST)) return true;
  if ((bits & (SLUICE_FLOW_ANSWERED | SLUICE_FLOW_RESET)) == SLUICE_FLOW_ANSWERED) return false;
  return (bits & (SLUICE_FLOW_REPLIED | SLUICE_FLOW_RESET)) || !sluice_is_from_opener(bits, packet);
}

/* `acknowledges`: the packet has the number that the other's SYN,ACK asked for. */
SLUICE_STAGE __u8 sluice_tcp_bits_after(__u8 bits, const struct sluice_packet* packet, bool acknowledges) {
  bool from_opener = sluice_is_from_opener(bits, packet);
  __u8 flags = packet->tcp_flags;
  if (flags & SLUICE_TCP_FIN) bits |= from_opener ? SLUICE_FLOW_FIN_OPENER : SLUICE_FLOW_FIN_OTHER;
  if (flags & SLUICE_TCP_RST) return bits | SLUICE_FLOW_RESET;
  if (!(flags & SLUICE_TCP_SYN)) bits &= (__u8)~SLUICE_FLOW_RESET;
  if (from_opener)
    return (bits & SLUICE_FLOW_REPLIED) && acknowledges && !(flags & SLUICE_TCP_SYN)
               ? bits | SLUICE_FLOW_ANSWERED
               : bits;
  if ((bits & SLUICE_FLOW_REPLIED) && !(flags & SLUICE_TCP_SYN)) bits |= SLUICE_FLOW_ANSWERED;
  return bits | SLUICE_FLOW_REPLIED;
}

/* `later`: a second or more after the packet before. */
SLUICE_STAGE __u8 sluice_datagram_bits_after(__u8 bits, const struct sluice_packet* packet, bool later) {
  bool replied = bits & SLUICE_FLOW_REPLIED;
  if (sluice_is_from_opener(bits, packet)) return replied && later ? bits | SLUICE_FLOW_ANSWERED : bits;
  return replied ? bits | SLUICE_FLOW_ANSWERED : bits | SLUICE_FLOW_REPLIED;
}

#endif
