// Fold: what a rule set with tiers allows, for many identities. The ports that its rules tell apart are cut into pieces, a
// set of ports is a row of bits over these, and each row that comes of a fold becomes a port set once.
//
// Law: of(identity) is folded(ruleset, identity) (content.h).
//
// Not thread-safe.
#pragma once

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

  void cut(const image::Portset& ports);
  size_t piece_at(size_t protocol, uint32_t port) const;
  Bits bits_of(const PortSpec& ports) const;
  Ports ports_of(const PortSpec& ports) const { return {bits_of(ports), &ports.names}; }
  // Adds the spec's numbers, its names as they are for the identity.
  void add(const Ports& ports, const IdentityContent& identity, Bits& to) const;
  void go_through(std::span<const uint32_t> places, const IdentityContent& identity, Bits& open,
                  Bits& allowed) const;
  image::Portset portset_of(const Bits& bits) const;

  const RulesetContent& ruleset_;
  std::array<std::vector<uint32_t>, SLUICE_PORT_PROTOCOLS> cuts_;  // where pieces begin, in each protocol
  std::array<size_t, SLUICE_PORT_PROTOCOLS> first_piece_{};
  size_t pieces_ = 0;  // the last: every protocol without ports
  Bits everything_;
  std::vector<Ports> of_tier_rule_;  // by place
  std::map<PeerSetId, Ports> of_rule_;
  std::map<Bits, Answer> answers_;
};

}  // namespace sluice::compile::content
