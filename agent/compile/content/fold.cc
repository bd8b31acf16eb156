#include "agent/compile/content/fold.h"

#include <algorithm>
#include <bit>

namespace sluice::compile::content {
namespace {

constexpr size_t kWordBits = 64;
constexpr uint32_t kPortsEnd = 65536;

void set(std::vector<uint64_t>& bits, size_t first, size_t end) {
  for (size_t i = first; i < end; ++i) bits[i / kWordBits] |= uint64_t{1} << (i % kWordBits);
}

// Calls visit(place of the bit) for each of a word, ascending.
template <typename Visit>
void for_each_set(uint64_t word, Visit visit) {
  for (; word != 0; word &= word - 1) visit(static_cast<size_t>(std::countr_zero(word)));
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

Fold::Cuts::Cuts() : marks_(kPortsEnd / kWordBits + 1) {
  add(0);
  add(kPortsEnd);
}

void Fold::Cuts::done() {
  for (size_t word = 0; word < marks_.size(); ++word) {
    earlier_.push_back(static_cast<uint32_t>(all_.size()));
    for_each_set(marks_[word],
                 [&](size_t bit) { all_.push_back(static_cast<uint32_t>(word * kWordBits + bit)); });
  }
}

size_t Fold::Cuts::below(uint32_t at) const {
  const uint64_t before = (uint64_t{1} << (at % kWordBits)) - 1;
  return earlier_[at / kWordBits] + static_cast<size_t>(std::popcount(marks_[at / kWordBits] & before));
}

Fold::Fold(const RulesetContent& ruleset, std::span<const IdentityContent* const> identities)
    : ruleset_(ruleset) {
  bool any_names = false;
  ruleset.for_each([&](PeerSetId, const auto&, const PortSpec& ports) {
    cut(ports.numbers);
    any_names |= !ports.names.empty();
  });
  for (const IdentityContent* identity : identities)
    for (const model::ContainerPort& port : identity->ports)
      if (const size_t protocol = index_of(port.protocol); any_names && protocol < cuts_.size()) {
        cuts_[protocol].add(port.port.host());
        cuts_[protocol].add(port.port.host() + 1u);
      }
  for (size_t protocol = 0; protocol < cuts_.size(); ++protocol) {
    cuts_[protocol].done();
    first_piece_[protocol] = pieces_;
    pieces_ += cuts_[protocol].all().size() - 1;
  }
  ++pieces_;
  everything_ = bits_of({true, {}, {}});
  for (const TierRules& tier : ruleset.tiers->rules)
    for (const auto& rule : tier) of_tier_rule_.push_back(ports_of(rule->ports));
  for (const auto& [peers, entry] : ruleset.rules) of_rule_.emplace(peers, ports_of(entry.ports));
  concerning_.resize((of_tier_rule_.size() + kWordBits - 1) / kWordBits);
}

void Fold::cut(const image::Portset& ports) {
  for (size_t protocol = 0; protocol < cuts_.size(); ++protocol)
    for (const net::PortRange& range : ports.ranges[protocol]) {
      cuts_[protocol].add(range.first.host());
      cuts_[protocol].add(range.last.host() + 1u);
    }
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

// As Tiers::places_of(), into places_.
void Fold::find_places(const IdentityContent& identity) {
  const auto add_those_of = [&](PeerSetId peers) {
    if (auto at = ruleset_.tiers->standing.find(peers); at != ruleset_.tiers->standing.end())
      for (const uint32_t place : at->second) set(concerning_, place, place + 1);
  };
  add_those_of({});
  for (const PeerSetId peers : identity.peers) add_those_of(peers);
  places_.clear();
  for (size_t word = 0; word < concerning_.size(); ++word)
    for_each_set(std::exchange(concerning_[word], 0),
                 [&](size_t bit) { places_.push_back(static_cast<uint32_t>(word * kWordBits + bit)); });
}

// One tier: what a rule passes on is open again behind it.
void Fold::go_through(std::span<const uint32_t> places, const IdentityContent& identity) {
  passed_.assign(open_.size(), 0);
  for (const uint32_t place : places) {
    const model::Action action = ruleset_.tiers->rule(place).action;
    const Ports& ports = of_tier_rule_[place];
    const Bits* numbers = &ports.numbers;
    if (!ports.names->empty()) {
      by_names_.assign(open_.size(), 0);
      add(ports, identity, by_names_);
      numbers = &by_names_;
    }
    uint64_t left = 0;
    for (size_t i = 0; i < open_.size(); ++i) {
      const uint64_t matched = (*numbers)[i] & open_[i];
      left |= open_[i] &= ~matched;
      if (action == model::Action::kAccept) allowed_[i] |= matched;
      if (action == model::Action::kPass) passed_[i] |= matched;
    }
    if (left == 0) break;
  }
  for (size_t i = 0; i < open_.size(); ++i) open_[i] |= passed_[i];
}

const Fold::Answer& Fold::of(const IdentityContent& identity) {
  find_places(identity);
  const std::span<const uint32_t> all(places_);
  const auto in_admin = static_cast<size_t>(
      std::lower_bound(all.begin(), all.end(), static_cast<uint32_t>(ruleset_.tiers->rules[0].size())) -
      all.begin());
  open_ = everything_;
  allowed_.assign(open_.size(), 0);
  go_through(all.first(in_admin), identity);
  if (ruleset_.isolated) {
    Bits by_rules(open_.size());
    const auto add_of = [&](PeerSetId peers) {
      if (const auto found = of_rule_.find(peers); found != of_rule_.end())
        add(found->second, identity, by_rules);
    };
    add_of({});
    for (const PeerSetId peers : identity.peers) add_of(peers);
    for (size_t i = 0; i < open_.size(); ++i) allowed_[i] |= by_rules[i] & open_[i];
  } else {
    go_through(all.subspan(in_admin), identity);
    for (size_t i = 0; i < open_.size(); ++i) allowed_[i] |= open_[i];
  }
  auto [answer, is_new] = answers_.try_emplace(allowed_);
  if (is_new) {
    answer->second.allowed = portset_of(answer->first);
    answer->second.ref = ref_of(answer->second.allowed);
  }
  return answer->second;
}

image::Portset Fold::portset_of(const Bits& bits) const {
  image::Portset ports;
  for (size_t protocol = 0; protocol < cuts_.size(); ++protocol) {
    const std::vector<uint32_t>& cuts = cuts_[protocol].all();
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
