#include "agent/compile/content/fold.h"

#include <algorithm>

namespace sluice::compile::content {
namespace {

constexpr size_t kWordBits = 64;
constexpr uint32_t kPortsEnd = 65536;

void set(std::vector<uint64_t>& bits, size_t first, size_t end) {
  for (size_t i = first; i < end; ++i) bits[i / kWordBits] |= uint64_t{1} << (i % kWordBits);
}

bool is_set(const std::vector<uint64_t>& bits, size_t i) {
  return bits[i / kWordBits] >> (i % kWordBits) & 1;
}

size_t index_of(net::Protocol protocol) {
  return static_cast<size_t>(
      std::find(std::begin(net::kPortProtocols), std::end(net::kPortProtocols), protocol) -
      std::begin(net::kPortProtocols));
}

}  // namespace

Fold::Fold(const RulesetContent& ruleset, std::span<const IdentityContent* const> identities)
    : ruleset_(ruleset) {
  for (auto& cuts : cuts_) cuts = {0, kPortsEnd};
  bool any_names = false;
  ruleset.for_each([&](PeerSetId, const auto&, const PortSpec& ports) {
    cut(ports.numbers);
    any_names |= !ports.names.empty();
  });
  for (const IdentityContent* identity : identities)
    for (const model::ContainerPort& port : identity->ports)
      if (const size_t protocol = index_of(port.protocol); any_names && protocol < cuts_.size()) {
        cuts_[protocol].push_back(port.port.host());
        cuts_[protocol].push_back(port.port.host() + 1u);
      }
  for (size_t protocol = 0; protocol < cuts_.size(); ++protocol) {
    auto& cuts = cuts_[protocol];
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    first_piece_[protocol] = pieces_;
    pieces_ += cuts.size() - 1;
  }
  ++pieces_;
  everything_ = bits_of({true, {}, {}});
  for (const TierRules& tier : ruleset.tiers)
    for (const auto& rule : tier) of_tier_rule_.push_back(ports_of(rule->ports));
  for (const auto& [peers, entry] : ruleset.rules) of_rule_.emplace(peers, ports_of(entry.ports));
}

void Fold::cut(const image::Portset& ports) {
  for (size_t protocol = 0; protocol < cuts_.size(); ++protocol)
    for (const net::PortRange& range : ports.ranges[protocol]) {
      cuts_[protocol].push_back(range.first.host());
      cuts_[protocol].push_back(range.last.host() + 1u);
    }
}

size_t Fold::piece_at(size_t protocol, uint32_t port) const {
  const auto& cuts = cuts_[protocol];
  return first_piece_[protocol] +
         static_cast<size_t>(std::lower_bound(cuts.begin(), cuts.end(), port) - cuts.begin());
}

Fold::Bits Fold::bits_of(const PortSpec& ports) const {
  Bits bits((pieces_ + kWordBits - 1) / kWordBits);
  if (ports.all) set(bits, 0, pieces_);
  for (size_t protocol = 0; protocol < cuts_.size(); ++protocol)
    for (const net::PortRange& range : ports.numbers.ranges[protocol])
      set(bits, piece_at(protocol, range.first.host()), piece_at(protocol, range.last.host() + 1u));
  if (ports.numbers.others) set(bits, pieces_ - 1, pieces_);
  return bits;
}

void Fold::add(const Ports& ports, const IdentityContent& identity, Bits& to) const {
  for (size_t i = 0; i < to.size(); ++i) to[i] |= ports.numbers[i];
  if (ports.names->empty()) return;
  for (const model::ContainerPort& port : identity.ports)
    if (const size_t protocol = index_of(port.protocol);
        protocol < cuts_.size() && ports.names->contains({port.name, port.protocol}))
      set(to, piece_at(protocol, port.port.host()), piece_at(protocol, port.port.host() + 1u));
}

// One tier: what a rule passes on is open again behind it.
void Fold::go_through(std::span<const uint32_t> places, const IdentityContent& identity, Bits& open,
                      Bits& allowed) const {
  Bits passed(open.size()), matched;
  for (const uint32_t place : places) {
    const model::Action action = ruleset_.tier_rule(place).action;
    matched.assign(open.size(), 0);
    add(of_tier_rule_[place], identity, matched);
    for (size_t i = 0; i < open.size(); ++i) {
      matched[i] &= open[i];
      open[i] &= ~matched[i];
      if (action == model::Action::kAccept) allowed[i] |= matched[i];
      if (action == model::Action::kPass) passed[i] |= matched[i];
    }
  }
  for (size_t i = 0; i < open.size(); ++i) open[i] |= passed[i];
}

const Fold::Answer& Fold::of(const IdentityContent& identity) {
  const std::vector<uint32_t> places = ruleset_.places_of({&identity});
  const auto admin = static_cast<uint32_t>(ruleset_.tiers[0].size());
  const std::span all(places);
  const auto in_admin =
      static_cast<size_t>(std::lower_bound(places.begin(), places.end(), admin) - places.begin());
  Bits open = everything_, allowed(open.size());
  go_through(all.first(in_admin), identity, open, allowed);
  if (ruleset_.isolated) {
    Bits by_rules(open.size());
    const auto add_of = [&](PeerSetId peers) {
      if (const auto found = of_rule_.find(peers); found != of_rule_.end())
        add(found->second, identity, by_rules);
    };
    add_of({});
    for (const PeerSetId peers : identity.peers) add_of(peers);
    for (size_t i = 0; i < open.size(); ++i) allowed[i] |= by_rules[i] & open[i];
  } else {
    go_through(all.subspan(in_admin), identity, open, allowed);
    for (size_t i = 0; i < open.size(); ++i) allowed[i] |= open[i];
  }
  auto [answer, is_new] = answers_.try_emplace(std::move(allowed));
  if (is_new) {
    answer->second.allowed = portset_of(answer->first);
    answer->second.ref = ref_of(answer->second.allowed);
  }
  return answer->second;
}

image::Portset Fold::portset_of(const Bits& bits) const {
  image::Portset ports;
  for (size_t protocol = 0; protocol < cuts_.size(); ++protocol) {
    const auto& cuts = cuts_[protocol];
    for (size_t i = 0; i + 1 < cuts.size(); ++i)
      if (is_set(bits, first_piece_[protocol] + i))
        ports.add(net::kPortProtocols[protocol],
                  {net::Port::from_host(static_cast<uint16_t>(cuts[i])),
                   net::Port::from_host(static_cast<uint16_t>(cuts[i + 1] - 1))});
  }
  ports.others = is_set(bits, pieces_ - 1);
  return ports;
}

}  // namespace sluice::compile::content
