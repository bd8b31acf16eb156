// Scenarios: what the packet path does, as rows that can be read aloud. Each is a world, packets in order,
// and what happens to each; each holds for both targets (engine.h). A description makes a row for every
// family and hook, so that IPv4 and IPv6, ingress and egress are data.
//
// Laws: every (feature x hook x family) cell has a row or says why it has none. `hook` is the direction in
// which a row's connection is opened: from_pod is SLUICE_EGRESS. Values; any thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/packet/build.h"
#include "sluice/reasons.h"
#include "tests/kernel/attacks.h"
#include "tests/kernel/world.h"

namespace sluice::testing {

using packet::Bytes;
using packet::Spec;

// X(Name, what it is)
#define SLUICE_TEST_FEATURES(X)                                                    \
  X(NotIsolated, "a pod that no policy isolates")                                  \
  X(Isolated, "an isolated pod without a rule")                                    \
  X(IdentityAndPort, "a rule for an identity and a port")                          \
  X(PortRange, "the borders of port ranges")                                       \
  X(PortPages, "the borders of port pages")                                        \
  X(ScatteredPorts, "300 scattered ports")                                         \
  X(Protocols, "the same port of another protocol")                                \
  X(Portless, "protocols without ports")                                           \
  X(Everyone, "a rule without peers")                                              \
  X(Others, "a port set of all protocols without ports")                           \
  X(LessThanEveryone, "an identity that may less than everyone")                   \
  X(Whole, "a side of which rules say all: its node and Services too")             \
  X(Prefix, "the longest prefix, and holes")                                       \
  X(PrefixBorders, "prefixes of no and of every bit")                              \
  X(ExactOverPrefix, "an exact address over the prefixes")                         \
  X(OwnNode, "the pod's own node")                                                 \
  X(Self, "the pod itself")                                                        \
  X(ServiceAddress, "a service address that a rule allows as it stands")           \
  X(ServiceEndpoints, "a service of which every endpoint is allowed")              \
  X(ServicePartial, "a service of which some endpoints are allowed")               \
  X(ServiceSelf, "a service whose endpoint is the pod itself")                     \
  X(NodePort, "a node port")                                                       \
  X(NodeNoService, "a node's address at a port that is no service's")              \
  X(Reply, "replies of an allowed connection")                                     \
  X(NoConnection, "a packet of no known connection")                               \
  X(StaleAllowed, "an open connection that a change still allows")                 \
  X(StaleDenied, "an open connection that a change denies, then allows again")     \
  X(StaleReply, "replies of a connection that a change denies")                    \
  X(NewSyn, "a new SYN on an old tuple")                                           \
  X(UdpTimeouts, "UDP, unanswered and answered")                                   \
  X(TcpTimeouts, "TCP, unanswered and answered")                                   \
  X(TcpClosing, "TCP after FIN from both sides, and after RST")                    \
  X(OtherTimeouts, "other protocols, unanswered and answered")                     \
  X(FullTable, "more flows than fit")                                              \
  X(NotReady, "a pod whose policies are not known yet")                            \
  X(UnknownInterface, "an interface of no pod")                                    \
  X(FarInterface, "interfaces that share a slot")                                  \
  X(Audit, "an agent that only audits")                                            \
  X(SourceNotOwn, "a source address that is not the pod's")                        \
  X(SourceUnspecified, "a source address of none")                                 \
  X(LinkLocal, "link-local addresses")                                             \
  X(SourcePrefix, "a source prefix that the pod was given")                        \
  X(Ipv4Options, "IPv4 options")                                                   \
  X(ExtensionHeaders, "IPv6 extension headers")                                    \
  X(ExtensionChain, "chains of IPv6 extension headers up to the bound and beyond") \
  X(Truncated, "packets cut off at every byte")                                    \
  X(Malformed, "headers that contradict each other")                               \
  X(Fragments, "a first fragment, then later ones")                                \
  X(FragmentNoFirst, "a later fragment before its first")                          \
  X(FragmentDenied, "a later fragment of a denied first")                          \
  X(FragmentOpen, "fragments of a pod that no policy isolates")                    \
  X(AtomicFragment, "a fragment that is whole")                                    \
  X(TinyFragment, "a first fragment too small for its ports")                      \
  X(Echo, "echo request and reply")                                                \
  X(EchoIdentifier, "echoes of other identifiers, and the other way")              \
  X(EchoStray, "an echo reply to no request")                                      \
  X(IcmpError, "an ICMP error about an allowed connection")                        \
  X(IcmpErrorUnknown, "an ICMP error about no known connection")                   \
  X(IcmpErrorForeign, "an ICMP error that quotes someone else's packet")           \
  X(IcmpErrorCut, "an ICMP error whose quote is cut off")                          \
  X(IcmpErrorStale, "an ICMP error about a connection of an earlier state")        \
  X(Neighbour, "neighbour and router discovery")                                   \
  X(Multicast, "multicast listener discovery")                                     \
  X(Arp, "ARP")                                                                    \
  X(NotIp, "neither IP nor ARP")                                                   \
  X(Events, "what is reported of a denied packet")                                 \
  X(ReportRate, "a burst of denied packets")                                       \
  X(Names, "an address that was learnt for names that rules name")                 \
  X(NameMeetsRules, "a name beside what rules say of its address")                 \
  X(NameOfService, "a name of a Service's address")                                \
  X(NameAudit, "names where policies, or the agent, only audit")                   \
  X(NameExpires, "a name whose time is over")                                      \
  X(NameOfFlow, "an open connection that a name allowed")                          \
  X(NameOfError, "an ICMP error about a connection that a name allowed")           \
  X(DnsHeld, "DNS of a believed server while an agent listens")                    \
  X(DnsUnheld, "DNS of a believed server while none does")                         \
  X(DnsLength, "DNS of a believed server, short and long")                         \
  X(DnsUnheard, "what is no DNS of a believed server's")                           \
  X(Observed, "a pod whose new allowed connections are reported")                  \
  X(PolicyAudit, "policies in audit beside those in force")                        \
  X(Attacked, "an attack")

enum class Feature {
#define SLUICE_ENUM(Name, text) k##Name,
  SLUICE_TEST_FEATURES(SLUICE_ENUM)
#undef SLUICE_ENUM
};
const char* text_of(Feature feature);
std::vector<Feature> all_features();
const char* text_of(sluice_direction hook);  // "from_pod", "to_pod"

// Who takes part, in one family, seen from one hook.
struct Ends {
  net::Family family;
  sluice_direction hook;
  net::Ip pod, peer, other, node, service, router, foreign;
  net::Protocol icmp;

  sluice_direction back() const { return opposite(hook); }
  bool v4() const { return family == net::Family::kIpv4; }
  bool from_pod() const { return hook == SLUICE_EGRESS; }
  World open() const { return World(pod); }
  // Isolated in the direction of the hook; `everyone` is what every address may do.
  World isolated(image::Ref everyone = {}) const { return World(pod).isolate(hook, everyone); }
  // The first packet of a connection between the pod and the peer (or another) through the hook.
  Spec opening(net::Protocol protocol, unsigned destination_port) const;
  Spec opening(net::Protocol protocol, unsigned destination_port, const net::Ip& remote) const;
  Spec syn(unsigned destination_port = 80) const { return opening(net::kTcp, destination_port); }
  Spec udp(unsigned destination_port = 53) const { return opening(net::kUdp, destination_port); }
};

enum TcpFlags : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kAck = 16 };
Spec reply(Spec spec, uint8_t tcp_flags = kSyn | kAck);
Spec with_flags(Spec spec, uint8_t tcp_flags);

// What the agent that learns names gets of a packet.
enum class Hearing {
  kNothing,
  kCopy,    // and it passes
  kHeld,    // it is the agent's to send on
  kUnheld,  // a copy of what should have been held
};

struct Step {
  std::string aloud;
  sluice_direction hook = SLUICE_INGRESS;
  Bytes frame;
  uint8_t reason = SLUICE_ALLOWED_FLOW;
  bool against = false;      // a denied packet that answers a connection opened the other way
  std::optional<Spec> spec;  // the event must say the same
  uint32_t ifindex = kPodInterface;
  uint32_t mark = 0;
  Hearing hearing = Hearing::kNothing;
  // What happens before the packet.
  std::optional<World> change;
  uint32_t wait = 0;  // seconds
  std::optional<uint64_t> flags;
  std::optional<bool> observed;  // what is reported of what is allowed
  std::vector<std::pair<net::Ip, std::vector<HasName>>> learnt{};
  bool agent_leaves = false;  // it is no longer heard of
  bool ready = false;         // a scenario that is half_way: its world comes into force
  bool attempt = false;       // it is what the attacker sends
};

struct Scenario {
  Feature feature;
  Ends ends;
  std::string aloud;
  World world;
  std::optional<World> world_before{};                       // in force before `world`
  bool half_way = false;                                     // `world` is written, but not in force yet
  uint32_t endpoint = SLUICE_FIRST_ENDPOINT;                 // whose statistics count
  std::vector<std::pair<net::Ip, net::Port>> dns_servers{};  // believed
  std::optional<uint32_t> agent_mark{};  // of what it sends on; absent: no agent was heard of, ever
  std::vector<Step> steps{};
  std::optional<Attack> attack{};

  // What the attacker sends.
  template <typename Packet>
  Scenario& attempt(uint8_t reason, sluice_direction hook, const Packet& packet, std::string said = "") {
    send(reason, hook, packet, std::move(said));
    steps.back().attempt = true;
    return *this;
  }
  Scenario& send(uint8_t reason, sluice_direction hook, const Spec& spec, std::string aloud = "");
  Scenario& send(uint8_t reason, sluice_direction hook, const Bytes& frame, std::string aloud = "");
  // The last packet sent: through another interface; judged as its connection was opened, the other way.
  Scenario& at(uint32_t ifindex);
  Scenario& against();
  Scenario& heard(Hearing hearing);
  Scenario& marked(uint32_t mark);
  // Of the whole row: an agent listens, and this server is believed.
  Scenario& agent(uint32_t mark);
  Scenario& believe(const net::Ip& server, unsigned number = SLUICE_DNS_PORT);
  // Before the next packet:
  Scenario& change(const World& world);
  Scenario& wait(uint32_t seconds);
  Scenario& flags(uint64_t agent_flags);
  Scenario& observed(bool on);
  // The address has these names and no others.
  Scenario& learn(const net::Ip& ip, std::vector<HasName> names);
  Scenario& agent_leaves();
  Scenario& ready();
  std::string title() const;

 private:
  Step next_;
};

// Rows stay where they are while more are added.
class Rows {
 public:
  Scenario& add(Feature feature, const Ends& ends, std::string aloud, const World& world);
  Scenario& add(Attack attack, const Ends& ends, std::string aloud, const World& world);
  // No packet of this kind exists in this cell.
  void not_applicable(Feature feature, const Ends& ends, std::string because);

  struct Hole {
    Feature feature;
    Ends ends;
    std::string because;
  };
  const std::deque<Scenario>& scenarios() const { return scenarios_; }
  const std::vector<Hole>& holes() const { return holes_; }

 private:
  std::deque<Scenario> scenarios_;
  std::vector<Hole> holes_;
};

std::vector<Ends> all_ends();  // every family and hook

// The descriptions, by topic; each adds its rows of one family and hook.
void add_policy_rows(const Ends& ends, Rows& rows);
void add_prefix_rows(const Ends& ends, Rows& rows);
void add_service_rows(const Ends& ends, Rows& rows);
void add_tier_rows(const Ends& ends, Rows& rows);
void add_name_rows(const Ends& ends, Rows& rows);
void add_named_flow_rows(const Ends& ends, Rows& rows);
void add_listen_rows(const Ends& ends, Rows& rows);
void add_flow_rows(const Ends& ends, Rows& rows);
void add_timeout_rows(const Ends& ends, Rows& rows);
void add_pod_rows(const Ends& ends, Rows& rows);
void add_source_rows(const Ends& ends, Rows& rows);
void add_header_rows(const Ends& ends, Rows& rows);
void add_malformed_rows(const Ends& ends, Rows& rows);
void add_fragment_rows(const Ends& ends, Rows& rows);
void add_icmp_rows(const Ends& ends, Rows& rows);
void add_link_rows(const Ends& ends, Rows& rows);
void add_attack_rows(const Ends& ends, Rows& rows);
void add_attack_fragment_rows(const Ends& ends, Rows& rows);
void add_attack_header_rows(const Ends& ends, Rows& rows);

const Rows& all_rows();

}  // namespace sluice::testing
