// Attacks: what somebody sends who wants past a policy. Each has a name, rows (attack_*_rows.cc) that run on both
// targets and on every kernel, and, where a machine is needed to see it, tests with real interfaces.
//
// Laws: an attack without a row and without a test does not compile or does not pass (attacks_test.cc). What each row
// expects is written to docs/reliability.md by the run itself (tests/reliability).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sluice::testing {

// X(Name, "what the attacker does", "who holds it where the packet passes, and what is not held",
//   "tests with real interfaces: Suite.Name, in tests/live unless they say where")
#define SLUICE_ATTACKS(X)                                                                                    \
  X(ForgedReply, "answers what the pod never asked: SYN,ACK and ACK, UDP from port 53, SCTP, GRE", "",       \
    "LiveAttacks.ForgedReplies")                                                                             \
  X(ForgedReplyBesideFlow, "answers from another port, address or protocol than what the pod asked", "",     \
    "LiveAttacks.ForgedReplies")                                                                             \
  X(TcpWithoutSyn, "sends TCP of no connection: ACK, FIN, RST, no flag, all flags", "",                      \
    "LiveAttacks.TcpWithoutSyn")                                                                             \
  X(OddSyn, "opens with a SYN that has FIN, RST, PSH, URG, ECE or CWR beside it", "",                        \
    "LiveAttacks.TcpWithoutSyn")                                                                             \
  X(SimultaneousOpen, "answers the pod's SYN with a SYN of its own", "", "")                                 \
  X(SplitHandshake, "answers the pod's SYN with an ACK, and opens with a SYN then",                          \
    "the ACK is the connection's; the SYN is judged as the other end's", "")                                 \
  X(ReusedTuple, "opens on the addresses and ports of a connection that the pod opened and closed", "", "")  \
  X(ForgedReset, "sends a reset whose checksum is wrong, so that the policy forgets what the pod has open",  \
    "it passes as the connection's and ends nothing; the pod's kernel drops it", "")                         \
  X(ForgedError, "sends an ICMP error about a packet that the pod never sent, or that somebody else sent",   \
    "", "LiveAttacks.ForgedErrors")                                                                          \
  X(ForgedErrorTurned, "sends an ICMP error that quotes what the pod received", "", "")                      \
  X(ForgedErrorCut, "sends an ICMP error whose quote ends before its ports", "", "")                         \
  X(ForgedErrorInFragments, "sends an ICMP error about an open connection, in fragments", "", "")            \
  X(UnaskedEcho, "sends echo replies to nobody's request, or with another identifier", "",                   \
    "LiveSource.AnAllowedPingLetsNobodyPingBack")                                                            \
  X(Redirect, "sends an ICMP redirect about an open connection",                                             \
    "of IPv6 what has hop limit 255 is the link's: the pod believes its router alone (RFC 4861 8.1)", "")    \
  X(OverlappingFragments, "writes over the ports or flags of an allowed first fragment with a later one",    \
    "it follows its first; the pod's kernel throws the whole datagram away (RFC 5722)",                      \
    "LiveAttacks.Fragments")                                                                                 \
  X(SecondFirstFragment, "sends a first fragment of another port with the identification of an allowed one", \
    "", "LiveAttacks.Fragments")                                                                             \
  X(TinyFragment, "ends the first fragment before its ports or flags, and sends them in the next", "",       \
    "LiveAttacks.Fragments")                                                                                 \
  X(FragmentsOutOfOrder, "sends later fragments before their first", "", "LiveAttacks.Fragments")            \
  X(FragmentOfAnother, "sends later fragments under another identification, address or direction", "", "")   \
  X(DuplicateFragment, "sends one fragment again and again",                                                 \
    "it is the datagram's; the pod's kernel drops it", "LiveAttacks.Fragments")                              \
  X(AtomicFragment, "hides a port behind a fragment header of a packet that is whole", "", "")               \
  X(FragmentedDiscovery, "sends neighbour discovery in fragments",                                           \
    "its later fragments do not pass, and the pod's kernel ignores it (RFC 6980)", "")                       \
  X(ExtensionChain, "hides a port behind extension headers: too many, out of order, twice, without an end",  \
    "", "")                                                                                                  \
  X(HomeAddress, "names a friend in a home address option (RFC 6275)", "judged by the header's source", "")  \
  X(SourceRouting,                                                                                           \
    "names a friend in a source route, of IPv4 options or a routing header, or goes on from one",            \
    "judged by the header's addresses; the node goes on from none (accept_source_route, seg6_enabled)",      \
    "LiveAttacks.SourceRouting")                                                                             \
  X(WrongLengths, "lies about lengths: of the IP header, the packet, TCP's header, UDP", "", "")             \
  X(WrongChecksums, "sends packets that the pod will drop, so that the policy remembers them",               \
    "no checksum is read: they open what right ones open, and nothing else", "")                             \
  X(WrongVersion, "says one version of IP in Ethernet's header and another one in IP's", "", "")             \
  X(Jumbogram, "says a length of 0 (RFC 2675)", "", "")                                                      \
  X(OtherFamily,                                                                                             \
    "writes a friend's IPv4 address in IPv6's words (mapped, NAT64, 6to4, the same bytes), or IPv6's "       \
    "in IPv4's",                                                                                             \
    "", "")                                                                                                  \
  X(OwnNodeSpoofing, "sends in the name of the pod's own node",                                              \
    "of no pod; from elsewhere it is the node's: the kernel drops IPv4's (a martian), the network has "      \
    "to IPv6's",                                                                                             \
    "LiveAttacks.NobodyElsesSource LiveSource.NobodySendsInTheNameOfOthers")                                 \
  X(OthersSource, "sends in the name of another pod, of nobody, of multicast", "",                           \
    "LiveAttacks.NobodyElsesSource LiveSource.NobodySendsInTheNameOfOthers")                                 \
  X(Martian, "sends from loopback, broadcast, no address, the pod's own address",                            \
    "the pod's own address is the pod's (18), but no pod of a node with Sluice can send it",                 \
    "LiveAttacks.NobodyElsesSource")                                                                         \
  X(Inside, "packs what is denied into IPIP, 6in4, GRE, VXLAN or Geneve",                                    \
    "judged by what is outside; a rule that allows that allows what is inside", "LiveAttacks.Tunnels")       \
  X(TunnelOfOwnNode, "packs it into what the pod's own node unpacks: VXLAN to the node's address",           \
    "NOT HELD by itself, as 17 allows the own node: a ClusterNetworkPolicy of tier Admin can deny the "      \
    "port",                                                                                                  \
    "LiveAttacks.Tunnels")                                                                                   \
  X(VlanTag, "puts one or two VLAN tags before the packet",                                                  \
    "a tag that the kernel takes off before tc is no way round: what is behind it is judged",                \
    "LiveAttacks.VlanTags")                                                                                  \
  X(NotIp, "sends IEEE 802.3, MPLS, PPPoE, LLDP, or no type at all", "", "LiveAttacks.VlanTags")             \
  X(ArpSpoofing, "says by ARP, or by neighbour discovery, that another pod's address is its own",            \
    "it passes, and frames go where the bridge thinks; what is sent in the other's name does not",           \
    "LiveAttacks.SpoofedNeighbours")                                                                         \
  X(DistantDiscovery, "sends neighbour or router discovery from off the link", "", "")                       \
  X(ForgedName, "plays the DNS server that a pod's rules rely on, or answers what nobody asked", "",         \
    "LiveNamesAttack.OnlyWhatWasAskedTeaches LiveNamesAttack.OnlyWhoIsBelievedTeaches "                      \
    "LiveNamesAttack.NoPodPlaysTheServer")                                                                   \
  X(LargePackets, "has the kernel join segments before the policy sees them (GSO, GRO)",                     \
    "one verdict for all that are joined: they are one connection's", "LiveAttacks.LargePackets")            \
  X(OtherPrograms, "relies on another tc or XDP program that says pass",                                     \
    "ours is first, and what it drops nobody passes; a pod's own are behind its own interface",              \
    "Attach.ForeignProgramsRunBehindOursAndStay Clsact.AFilterOfTheFirstPriorityMovesBehindOurs")

enum class Attack {
#define SLUICE_ENUM(Name, does, held, live) k##Name,
  SLUICE_ATTACKS(SLUICE_ENUM)
#undef SLUICE_ENUM
};

struct AttackText {
  std::string name;  // "forged_reply"
  std::string does, held, live;
};
const AttackText& text_of(Attack attack);
std::vector<Attack> all_attacks();

}  // namespace sluice::testing
