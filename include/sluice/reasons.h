/* Why a packet passed or was dropped. One list gives the enum, the metric label, the text for people and the
 * names of tests. X(NAME, label, text); the ALLOW list first, so that a reason's verdict is a comparison.
 * Valid C11 and C++20. */
#ifndef SLUICE_REASONS_H
#define SLUICE_REASONS_H

#ifndef __cplusplus
#include <stdbool.h>
#endif

#define SLUICE_ALLOW_REASONS(X)                                                                   \
  X(FLOW, "flow", "belongs to an allowed connection")                                             \
  X(NOT_ISOLATED, "not_isolated", "no policy isolates the pod in this direction")                 \
  X(POLICY, "policy", "a policy rule allows it")                                                  \
  X(OWN_NODE, "own_node", "between the pod and its own node")                                     \
  X(SELF, "self", "the pod talks to itself")                                                      \
  X(NEIGHBOUR, "neighbour", "ARP, neighbour discovery or MLD")                                    \
  X(ICMP_ERROR, "icmp_error", "ICMP error about an allowed connection")                           \
  X(FRAGMENT, "fragment", "later fragment of an allowed packet")                                  \
  X(PERMISSIVE, "permissive", "the pod's policies are not known yet and the agent is permissive") \
  X(AUDIT, "audit", "allowed, and policies in audit would deny it")

#define SLUICE_DENY_REASONS(X)                                                              \
  X(NO_RULE, "no_rule", "isolated, and no policy rule allows it")                           \
  X(SERVICE_PARTIAL, "service_partial", "policy allows only some endpoints of the Service") \
  X(SOURCE_NOT_OWN, "source_not_own", "the source address is not the pod's own")            \
  X(FRAGMENT_WITHOUT_FIRST, "fragment_without_first",                                       \
    "fragment whose first fragment was not seen or not allowed")                            \
  X(TRUNCATED, "truncated", "the packet ends before its headers do")                        \
  X(MALFORMED, "malformed", "the packet's headers contradict each other")                   \
  X(EXTENSION_CHAIN, "extension_chain", "too many IPv6 extension headers")                  \
  X(NOT_IP, "not_ip", "neither IPv4, IPv6 nor ARP")                                         \
  X(NOT_READY, "not_ready", "the pod's policies are not known yet and the agent is strict")

#define SLUICE_REASONS(X) SLUICE_ALLOW_REASONS(X) SLUICE_DENY_REASONS(X)

enum sluice_reason {
#define SLUICE_ENUM(NAME, label, text) SLUICE_ALLOWED_##NAME,
  SLUICE_ALLOW_REASONS(SLUICE_ENUM)
#undef SLUICE_ENUM
#define SLUICE_ENUM(NAME, label, text) SLUICE_DENIED_##NAME,
      SLUICE_DENY_REASONS(SLUICE_ENUM)
#undef SLUICE_ENUM
          SLUICE_REASON_COUNT
};

#define SLUICE_FIRST_DENIED SLUICE_DENIED_NO_RULE

static inline bool sluice_is_denied(enum sluice_reason reason) {
  return reason >= SLUICE_FIRST_DENIED;
}

#endif
