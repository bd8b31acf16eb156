#include "bench/wire/rule_scripts.h"

#include <algorithm>
#include <functional>

namespace sluice::bench::wire {
namespace {

using model::Direction;

// One isolated side of one pod, and what its chain and sets are called.
struct Chain {
  std::string name;  // "in-1", "out-0"
  std::string interface;
  bool ingress;
  const FlatSide* side;
};

std::vector<Chain> chains_of(const std::vector<FlatPod>& pods) {
  std::vector<Chain> chains;
  // Egress first: a packet meets its source's chain before its destination's.
  for (const Direction direction : {Direction::kEgress, Direction::kIngress})
    for (size_t i = 0; i < pods.size(); ++i) {
      const bool ingress = direction == Direction::kIngress;
      const FlatSide& side = pods[i].side(direction);
      if (side.isolated)
        chains.push_back(
            {(ingress ? "in-" : "out-") + std::to_string(i), router_interface(i), ingress, &side});
    }
  return chains;
}

std::string protocol_name(net::Protocol protocol) {
  std::string name = protocol.to_text();
  std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  return name;
}

bool every_port(const FlatRule& rule) {
  return rule.ports == net::PortRange::all();
}

std::string ports_text(const FlatRule& rule, const char* between) {
  const std::string first = std::to_string(rule.ports.first.host());
  return rule.ports.first == rule.ports.last ? first
                                             : first + between + std::to_string(rule.ports.last.host());
}

// ---- nftables

std::string nft_element(const FlatRule& rule) {
  const std::string peer = rule.peer.length() == 32 ? rule.peer.base().to_text() : rule.peer.to_text();
  return peer + " . " + protocol_name(rule.protocol) + " . " + ports_text(rule, "-");
}

// A set, and the line that looks it up.
struct NftSet {
  std::string set, lookup;
};

// Of the side's rules that are exact, or of the others; nothing where there are none.
NftSet nft_set(const Chain& chain, bool exact) {
  std::string elements;
  size_t count = 0;
  for (const FlatRule& rule : chain.side->allowed) {
    if (rule.exact() != exact) continue;
    if (count++ > 0) elements += ", ";
    elements += nft_element(rule);
  }
  if (count == 0) return {};
  const std::string name = chain.name + (exact ? "-exact" : "-ranges");
  return {"  set " + name + " {\n    type ipv4_addr . inet_proto . inet_service\n" +
              (exact ? "" : "    flags interval\n") + "    size " + std::to_string(count) +
              "\n    elements = { " + elements + " }\n  }\n",
          std::string("    ip ") + (chain.ingress ? "saddr" : "daddr") + " . meta l4proto . th dport @" +
              name + " return\n"};
}

std::string nft_map(const std::vector<Chain>& chains, bool ingress) {
  std::string jumps;
  for (const Chain& chain : chains)
    if (chain.ingress == ingress)
      jumps += (jumps.empty() ? "" : ", ") + ("\"" + chain.interface + "\" : jump " + chain.name);
  if (jumps.empty()) return "";
  return std::string("    ") + (ingress ? "oif" : "iif") + " vmap { " + jumps + " }\n";
}

// ---- iptables

std::string iptables_match(const Chain& chain, const FlatRule& rule) {
  std::string text = "-A " + chain.name + (chain.ingress ? " -s " : " -d ") + rule.peer.to_text() + " -p " +
                     protocol_name(rule.protocol);
  if (!every_port(rule)) text += " --dport " + ports_text(rule, ":");
  return text + " -j RETURN\n";
}

// The table around each chain's own rules.
std::string iptables_table(const std::vector<Chain>& chains,
                           const std::function<std::string(const Chain&)>& rules_of) {
  std::string text = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n";
  for (const Chain& chain : chains) text += ":" + chain.name + " - [0:0]\n";
  text += "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
  for (const Chain& chain : chains)
    text += std::string("-A FORWARD ") + (chain.ingress ? "-o " : "-i ") + chain.interface + " -j " +
            chain.name + "\n";
  for (const Chain& chain : chains) text += rules_of(chain) + "-A " + chain.name + " -j DROP\n";
  return text + "COMMIT\n";
}

// ---- ipset

struct IpsetKind {
  const char* suffix;
  const char* type;
  bool exact;
};
constexpr IpsetKind kIpsetKinds[] = {{"-exact", "hash:ip,port", true}, {"-ranges", "hash:net,port", false}};

// What `ipset restore` is told for one side and kind; empty where the side has no such rule.
std::string ipset_set(const Chain& chain, const IpsetKind& kind) {
  std::string entries;
  size_t count = 0;
  const std::string name = chain.name + kind.suffix;
  for (const FlatRule& rule : chain.side->allowed) {
    if (every_port(rule) || rule.exact() != kind.exact) continue;
    const std::string peer = kind.exact ? rule.peer.base().to_text() : rule.peer.to_text();
    entries.append("add ").append(name).append(" ").append(peer).append(",");
    entries.append(protocol_name(rule.protocol)).append(":").append(ports_text(rule, "-")).append("\n");
    count += static_cast<size_t>(rule.ports.last.host() - rule.ports.first.host()) + 1;
  }
  if (count == 0) return "";
  const std::string size = std::to_string(std::max<size_t>(count, 64));
  return "create " + name + " " + kind.type + " family inet hashsize " + size + " maxelem " + size + "\n" +
         entries;
}

std::string ipset_rules(const Chain& chain) {
  std::string text;
  for (const IpsetKind& kind : kIpsetKinds)
    if (!ipset_set(chain, kind).empty())
      text += "-A " + chain.name + " -m set --match-set " + chain.name + kind.suffix +
              (chain.ingress ? " src,dst" : " dst,dst") + " -j RETURN\n";
  for (const FlatRule& rule : chain.side->allowed)
    if (every_port(rule)) text += iptables_match(chain, rule);
  return text;
}

}  // namespace

std::string router_interface(size_t pod) {
  return "pod" + std::to_string(pod);
}

std::string nftables_script(const std::vector<FlatPod>& pods) {
  const std::vector<Chain> chains = chains_of(pods);
  std::string sets, bodies;
  for (const Chain& chain : chains) {
    const NftSet exact = nft_set(chain, true), ranges = nft_set(chain, false);
    sets += exact.set + ranges.set;
    bodies += "  chain " + chain.name + " {\n" + exact.lookup + ranges.lookup + "    drop\n  }\n";
  }
  return "table ip bench {\n" + sets + bodies +
         "  chain forward {\n    type filter hook forward priority filter; policy accept;\n"
         "    ct state established,related accept\n" +
         nft_map(chains, false) + nft_map(chains, true) + "  }\n}\n";
}

std::string iptables_script(const std::vector<FlatPod>& pods) {
  return iptables_table(chains_of(pods), [](const Chain& chain) {
    std::string rules;
    for (const FlatRule& rule : chain.side->allowed) rules += iptables_match(chain, rule);
    return rules;
  });
}

IpsetScripts ipset_scripts(const std::vector<FlatPod>& pods) {
  const std::vector<Chain> chains = chains_of(pods);
  std::string sets;
  for (const Chain& chain : chains)
    for (const IpsetKind& kind : kIpsetKinds) sets += ipset_set(chain, kind);
  return {sets, iptables_table(chains, ipset_rules)};
}

}  // namespace sluice::bench::wire
