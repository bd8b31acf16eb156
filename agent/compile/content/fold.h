// Fold: what a rule set with tiers allows, for many identities. The ports that its rules tell apart are cut into pieces, a
// set of ports is a row of bits over these, and each row that comes of a fold becomes a port set once.
//
// Law: of(identity) is folded(ruleset, identity) (content.h).
//
// Not thread-safe.
#pragma once

#include <absl/container/node_hash_map.h>

#include <map>
#include <span>
#include <vector>

#include "agent/compile/content/content.h"

namespace sluice::compile::content {

class Fold {
 public:
  // `identities`: all that of() will be asked of. What is given must outlive this.
  Fold(const RulesetContent& ruleset, std::span<const IdentityContent* const> identities);

  struct Answer {
    image::Portset allowed;
    image::Ref ref;  // none where it is empty
  };
  // Valid as long as this is.
  const Answer& of(const IdentityContent& identity);

 private:
  using Bits = std::vector<uint64_t>;
  struct Ports {
    Bits numbers;
    const std::set<PortName>* names;
  };

  // Where the pieces of a protocol's ports begin, and behind the last of them its end: 0 to 65536.
  class Cuts {
   public:
    Cuts();
    void add(uint32_t at) { marks_[at / 64] |= uint64_t{1} << (at % 64); }
    void done();  // after which nothing is added, and before which nothing is asked
    size_t below(uint32_t at) const;
    const std::vector<uint32_t>& all() const { return all_; }

   private:
    std::vector<uint64_t> marks_;    // a bit for each place
    std::vector<uint32_t> all_;      // ascending
    std::vector<uint32_t> earlier_;  // how many are in the words of marks_ before this one
  };

  void cut(const image::Portset& ports);
  size_t piece_at(size_t protocol, uint32_t port) const {
    return first_piece_[protocol] + cuts_[protocol].below(port);
  }
  Bits bits_of(const PortSpec& ports) const;
  Ports ports_of(const PortSpec& ports) const { return {bits_of(ports), &ports.names}; }
  // Adds the spec's numbers, its names as they are for the identity.
  void add(const Ports& ports, const IdentityContent& identity, Bits& to) const;
  void find_places(const IdentityContent& identity);
  void go_through(std::span<const uint32_t> places, const IdentityContent& identity);
  image::Portset portset_of(const Bits& bits) const;

  const RulesetContent& ruleset_;
  std::array<Cuts, SLUICE_PORT_PROTOCOLS> cuts_;
  std::array<size_t, SLUICE_PORT_PROTOCOLS> first_piece_{};
  size_t pieces_ = 0;  // the last: every protocol without ports
  Bits everything_;
  std::vector<Ports> of_tier_rule_;  // by place
  std::map<PeerSetId, Ports> of_rule_;
  absl::node_hash_map<Bits, Answer> answers_;
  // What one call of of() works with, kept for the next one: the places of rules that concern the identity, as bits and as
  // a list; what no rule has decided yet, what of it passes on to the next tier, and what is allowed.
  Bits concerning_;
  std::vector<uint32_t> places_;
  Bits open_, passed_, allowed_, by_names_;
};

}  // namespace sluice::compile::content
