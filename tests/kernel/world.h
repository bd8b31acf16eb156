// World: an image::Image built by hand, one fact a call, so that tests of the packet path depend on no
// compiler. Its pod stands at interface kPodInterface. A value; any thread.
#pragma once

#include <utility>
#include <vector>

#include "agent/image/image.h"
#include "agent/net/ip.h"

namespace sluice::testing {

inline constexpr uint32_t kPodInterface = 1;  // lo: what BPF_PROG_TEST_RUN runs on
inline constexpr image::EndpointId kPod{0x70d};
inline constexpr image::EndpointId kOtherPod{0x70e};
// Identities and rule sets: any numbers but 0.
inline constexpr image::IdentityId kFriend{0xf1}, kStranger{0xf2}, kEndpoints{0xe1};
inline constexpr image::RulesetId ruleset_of(sluice_direction direction) {
  return {0xa0u + direction};
}

inline constexpr image::RulesetId audited_of(sluice_direction direction) {
  return {0xb0u + direction};
}

inline net::Ip ip(const char* text) {
  return net::Ip::parse(text).value();
}
inline net::Cidr cidr(const char* text) {
  return net::Cidr::parse(text).value();
}
inline net::Port port(unsigned number) {
  return net::Port::from_host(static_cast<uint16_t>(number));
}
inline net::PortRange ports(unsigned first, unsigned last) {
  return {port(first), port(last)};
}
inline net::PortRange ports(unsigned one) {
  return ports(one, one);
}
inline sluice_direction opposite(sluice_direction direction) {
  return direction == SLUICE_EGRESS ? SLUICE_INGRESS : SLUICE_EGRESS;
}

// A name that an address has, and the seconds until that expires.
struct HasName {
  image::NameSlot slot = 0;
  int64_t seconds = 600;
};

class World {
 public:
  World() = default;
  // A pod that no policy isolates.
  World(const net::Ip& address, uint32_t ifindex = kPodInterface) { pod(kPod, address, ifindex); }

  World& pod(image::EndpointId id, const net::Ip& address, uint32_t ifindex) {
    image::Endpoint endpoint;
    (address.family() == net::Family::kIpv4 ? endpoint.ipv4 : endpoint.ipv6) = address;
    endpoint.ifindex = ifindex;
    image_.endpoints[id] = endpoint;
    return *this;
  }
  // An address of the other family for the pod.
  World& dual_stack(const net::Ip& address) {
    image::Endpoint& endpoint = image_.endpoints.at(kPod);
    (address.family() == net::Family::kIpv4 ? endpoint.ipv4 : endpoint.ipv6) = address;
    return *this;
  }
  World& isolate(sluice_direction direction, image::Ref everyone = {}) {
    image_.endpoints[kPod].sides[direction] = {ruleset_of(direction), everyone};
    return *this;
  }
  // Were the policies in audit in force.
  World& audit(sluice_direction direction, image::Ref everyone = {}) {
    image_.endpoints[kPod].audited[direction] = {audited_of(direction), everyone};
    return *this;
  }
  World& allow_in_audit(sluice_direction direction, image::IdentityId identity, image::Ref ref) {
    image_.rules[{audited_of(direction), identity}] = ref;
    return *this;
  }
  // Of the direction's side rules say all.
  World& whole(sluice_direction direction) {
    image_.endpoints[kPod].sides[direction].whole = true;
    return *this;
  }
  World& whole_in_audit(sluice_direction direction) {
    image_.endpoints[kPod].audited[direction].whole = true;
    return *this;
  }
  // A port set that is allowed; refers to it in allow() or isolate().
  image::Ref portset(net::Protocol protocol, const std::vector<net::PortRange>& ranges) {
    image::Portset set;
    for (const net::PortRange& range : ranges) set.add(protocol, range);
    return portset(set);
  }
  image::Ref portset(const image::Portset& set) {
    image_.portsets[set.id()] = set;
    return image::Ref::ports(set.id());
  }
  World& allow(sluice_direction direction, image::IdentityId identity, image::Ref ref) {
    image_.rules[{ruleset_of(direction), identity}] = ref;
    return *this;
  }
  // Rules of egress name domains. The slot stands for a name of that class, and what has such a name may do this.
  World& names() {
    image_.endpoints.at(kPod).names = true;
    return *this;
  }
  World& name(image::NameSlot slot, image::NameClassId name_class) {
    image_.names[slot] = name_class;
    return *this;
  }
  World& allow_named(image::IdentityId identity, image::NameClassId name_class, image::Ref ref) {
    return allow(SLUICE_EGRESS, image::named(identity, name_class), ref);
  }
  World& address(const net::Ip& address, const image::Address& stands_for) {
    image_.addresses[address] = stands_for;
    return *this;
  }
  World& peer(const net::Ip& ip, image::IdentityId identity = kFriend) {
    return address(ip, {identity, false, false});
  }
  World& prefix(const net::Cidr& cidr, image::IdentityId identity) {
    image_.prefixes[cidr] = identity;
    return *this;
  }
  // What the pod may send from, or may not within what it may.
  World& source(const net::Cidr& cidr, sluice_source_value value = SLUICE_SOURCE_ALLOWED) {
    image_.sources[{kPod, cidr}] = value;
    image_.endpoints.at(kPod).has_sources = true;
    return *this;
  }
  World& service(const net::Ip& ip, net::Protocol protocol, net::Port port,
                 image::IdentityId endpoints = kEndpoints) {
    image_.addresses[ip].service = true;
    image_.services[{false, ip, protocol, port}] = endpoints;
    return *this;
  }
  World& node_port(net::Family family, net::Protocol protocol, net::Port port,
                   image::IdentityId endpoints = kEndpoints) {
    image_.services[{true, net::Cidr::everything(family).base(), protocol, port}] = endpoints;
    return *this;
  }

  const image::Image& image() const { return image_; }

 private:
  image::Image image_;
};

}  // namespace sluice::testing
