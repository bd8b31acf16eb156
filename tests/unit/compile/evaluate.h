// What the packet path does with an Image (agent/image/image.h, semantics.md), in a page: so that the
// compiler can be tested against the oracle without a packet. Pure.
#pragma once

#include "agent/image/image.h"
#include "agent/model/probe.h"

namespace sluice::compile {

// One side of a local endpoint: `remote` as seen from it, `port` the destination's.
struct Probe {
  image::EndpointId endpoint;
  model::Direction direction = model::Direction::kIngress;
  net::Ip remote;
  net::Protocol protocol;
  net::Port port;
};

inline bool ref_allows(const image::Image& image, const image::Ref& ref, const Probe& q) {
  if (ref.kind == image::Ref::Kind::kPorts)
    return image.portsets.at(ref.portset).contains(q.protocol, q.port);
  return ref.kind == image::Ref::Kind::kAll;
}

inline image::Ref ref_of(const image::Image& image, const image::Side& side, image::IdentityId identity) {
  auto rule = image.rules.find({side.ruleset, identity});
  return identity && rule != image.rules.end() ? rule->second : side.default_ref;
}

inline std::optional<image::IdentityId> frontend(const image::Image& image, const image::Address& entry,
                                                 const Probe& q) {
  if (q.direction == model::Direction::kIngress || !q.protocol.has_ports()) return std::nullopt;
  auto own = image.services.find({false, q.remote, q.protocol, q.port});
  if (entry.service && own != image.services.end()) return own->second;
  const net::Ip any = net::Cidr::everything(q.remote.family()).base();
  auto node_port = image.services.find({true, any, q.protocol, q.port});
  if (entry.node && node_port != image.services.end()) return node_port->second;
  return std::nullopt;
}

inline bool frontend_allows(const image::Image& image, const image::Side& side, image::IdentityId service,
                            const Probe& q) {
  // A Service's address is judged as it stands (semantics 21): also where a pod has it, only ipBlocks count.
  const bool as_written =
      ref_allows(image, ref_of(image, side, image::identity_by_prefix(image, q.remote)), q);
  if (as_written && !side.whole) return true;
  auto rule = image.rules.find({side.ruleset, service});
  if (rule == image.rules.end()) return as_written;
  const image::Ref& ref = rule->second;
  bool self = ref.kind == image::Ref::Kind::kSelfElsePartial || ref.kind == image::Ref::Kind::kSelfElseNone;
  return ref.kind == image::Ref::Kind::kAll || (self && ref.endpoint == q.endpoint);
}

// Because of a name of its address? `asked`: the Service's identity, else the address's.
inline bool name_allows(const image::Image& image, const image::Side& side, image::IdentityId asked,
                        const Probe& q, const std::vector<image::NameSlot>& names) {
  for (image::NameSlot slot : names) {
    auto name_class = image.names.find(slot);
    if (name_class == image.names.end()) continue;
    auto rule = image.rules.find({side.ruleset, image::named(asked, name_class->second)});
    if (rule != image.rules.end() && ref_allows(image, rule->second, q)) return true;
  }
  return false;
}

// `names`: those of the address.
inline model::Side evaluate(const image::Image& image, const Probe& q,
                            const std::vector<image::NameSlot>& names = {}) {
  const image::Endpoint& endpoint = image.endpoints.at(q.endpoint);
  const image::Side& side = endpoint.sides[static_cast<size_t>(q.direction)];
  if (!side.ruleset) return model::Side::kNone;
  if (q.remote.family() == net::Family::kIpv6 && q.protocol.is_ipv6_extension()) return model::Side::kDeny;
  auto found = image.addresses.find(q.remote);
  const image::Address entry = found != image.addresses.end()
                                   ? found->second
                                   : image::Address{image::identity_by_prefix(image, q.remote), false, false};
  bool allowed = false;
  const auto service_found = frontend(image, entry, q);
  if (auto service = frontend(image, entry, q))
    allowed = frontend_allows(image, side, *service, q);
  else
    allowed = (entry.node && !side.whole) || q.remote == endpoint.ipv4 || q.remote == endpoint.ipv6 ||
              ref_allows(image, ref_of(image, side, entry.identity), q);
  if (!allowed && endpoint.names && q.direction == model::Direction::kEgress)
    allowed = name_allows(image, side, service_found.value_or(entry.identity), q, names);
  return allowed ? model::Side::kAllow : model::Side::kDeny;
}

}  // namespace sluice::compile
