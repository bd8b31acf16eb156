// RandomImage: images drawn from few addresses, prefixes and pods, so that any two overlap and differ
// everywhere. The same seed gives the same images.
#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/image/reach.h"
#include "tests/kernel/world.h"

namespace sluice::packet {

class RandomImage {
 public:
  explicit RandomImage(uint64_t seed) : random_(seed) {}
  // May a pod change its interface and its address from image to image?
  RandomImage& moving(bool moving) {
    moving_ = moving;
    return *this;
  }

  image::Image draw() {
    image_ = {};
    draw_endpoints();
    for (const auto& address : kAddresses)
      if (chance(50)) image_.addresses[testing::ip(address)] = {identity(), chance(20), chance(20)};
    for (const auto& prefix : kPrefixes)
      if (chance(50)) image_.prefixes[testing::cidr(prefix)] = chance(20) ? image::IdentityId{} : identity();
    for (unsigned i = 0; i < 6; ++i)
      if (chance(50))
        image_.services[{i % 3 == 0, testing::ip(i % 3 == 0 ? "0.0.0.0" : kAddresses[i]), net::kTcp,
                         testing::port(80 + i)}] = identity();
    for (uint64_t ruleset = 1; ruleset <= kRulesets; ++ruleset)
      for (uint64_t identity = 1; identity <= kIdentities; ++identity)
        if (chance(40))
          if (image::Ref drawn = ref(); drawn.kind != image::Ref::Kind::kNone)
            image_.rules[{{ruleset}, {identity}}] = drawn;
    draw_names();
    drop_unreached();
    return image_;
  }

  static constexpr uint32_t kPods = 5;
  static image::EndpointId id_of(uint32_t pod) { return {100 + pod}; }
  static uint32_t interface_of(uint32_t pod) { return 10 + pod; }
  static net::Ip address_of(uint32_t pod) {
    return testing::ip(("10.0.0." + std::to_string(pod + 1)).c_str());
  }
  static constexpr image::NameSlot kNames = 6;
  static constexpr const char* kAddresses[] = {"10.0.0.1",   "10.0.0.2", "10.1.0.1",    "10.1.0.2",
                                               "10.1.255.1", "10.9.9.9", "192.168.0.1", "fd00::1",
                                               "fd00:1::1",  "fd00:1::2"};
  static constexpr const char* kPrefixes[] = {"0.0.0.0/0", "10.0.0.0/8",  "10.1.0.0/16",  "10.1.0.2/32",
                                              "::/0",      "fd00:1::/32", "fd00:1::1/128"};

 private:
  static constexpr uint64_t kRulesets = 4, kIdentities = 5;
  // No identity with one of these is another one.
  static constexpr image::NameClassId kClasses[] = {{0x100}, {0x200}};

  bool chance(unsigned percent) { return random_() % 100 < percent; }
  image::IdentityId identity() { return {1 + random_() % kIdentities}; }

  // The compiler makes no rule that no packet can come by, and no port set for it.
  void drop_unreached() {
    image::Reach reach;
    reach.add(image_);
    std::set<image::PortsetId> used;
    for (const auto& [id, endpoint] : image_.endpoints)
      image::for_each_side(endpoint, [&](const image::Side& side) { used.insert(side.default_ref.portset); });
    image::Image kept = image_;
    kept.rules.clear();
    for (const auto& [key, ref] : image_.rules)
      if (reach.reaches(key)) {
        kept.rules[key] = ref;
        used.insert(ref.portset);
      }
    std::erase_if(kept.portsets, [&](const auto& entry) { return !used.contains(entry.first); });
    image_ = kept;
  }

  // And what rules say of identities, and of addresses without one, that have a name.
  void draw_names() {
    for (image::NameSlot slot = 1; slot <= kNames; ++slot)
      if (chance(50)) image_.names[slot] = kClasses[random_() % 2];
    for (uint64_t ruleset = 1; ruleset <= kRulesets; ++ruleset)
      for (uint64_t identity = 0; identity <= kIdentities; ++identity)
        for (image::NameClassId name_class : kClasses)
          if (chance(25))
            image_.rules[{{ruleset}, image::named({identity}, name_class)}] = chance(20)
                                                                                  ? image::Ref::nothing()
                                                                              : chance(40) ? image::Ref::all()
                                                                                           : ports();
  }

  void draw_endpoints() {
    for (uint32_t pod = 0; pod < kPods; ++pod) {
      if (!chance(70)) continue;
      image::Endpoint endpoint;
      endpoint.ipv4 = address_of(pod);
      if (pod % 2) endpoint.ipv6 = testing::ip(("fd00::" + std::to_string(pod + 1)).c_str());
      endpoint.ifindex = interface_of(pod);
      if (moving_ && chance(40))
        endpoint.ifindex = chance(50) ? 0 : endpoint.ifindex + SLUICE_INTERFACE_SLOTS;
      if (moving_ && chance(30)) endpoint.ipv4 = address_of(pod + kPods);
      image_.endpoints[id_of(pod)] = endpoint;
    }
    for (auto& [id, endpoint] : image_.endpoints)
      for (const auto& prefix : kPrefixes)
        if (chance(25)) {
          image_.sources[{id, testing::cidr(prefix)}] =
              chance(70) ? SLUICE_SOURCE_ALLOWED : SLUICE_SOURCE_FOREIGN;
          endpoint.has_sources = true;
        }
    for (auto& [id, endpoint] : image_.endpoints)
      for (image::Side& side : endpoint.sides)
        if (chance(70)) side = {{1 + random_() % kRulesets}, default_ref()};
    for (auto& [id, endpoint] : image_.endpoints)
      for (image::Side& side : endpoint.audited)
        if (chance(20)) side = {{1 + random_() % kRulesets}, default_ref()};
    for (auto& [id, endpoint] : image_.endpoints)
      for (image::Side* side : {&endpoint.sides[SLUICE_EGRESS], &endpoint.audited[SLUICE_EGRESS]})
        side->whole = side->ruleset && chance(30);
    for (auto& [id, endpoint] : image_.endpoints) endpoint.names = chance(50);
  }

  image::Ref default_ref() {
    if (chance(60)) return image::Ref::none();
    return chance(30) ? image::Ref::all() : ports();
  }
  image::Ref ports() {
    image::Portset set;
    set.others = chance(20);
    for (uint64_t i = 0, count = 1 + random_() % 3; i < count; ++i) {
      const unsigned first = static_cast<unsigned>(random_() % 100);
      set.add(net::kPortProtocols[random_() % 3],
              testing::ports(first, first + static_cast<unsigned>(random_() % (chance(20) ? 60000 : 3))));
    }
    image_.portsets[set.id()] = set;
    return image::Ref::ports(set.id());
  }
  image::Ref ref() {
    using Kind = image::Ref::Kind;
    if (chance(15)) return image::Ref::nothing();
    switch (random_() % 5) {
      case 0:
        return image::Ref::all();
      case 1:
        return {Kind::kPartial, {}, {}};
      case 2: {
        if (image_.endpoints.empty()) return image::Ref::all();
        auto some =
            std::next(image_.endpoints.begin(), static_cast<ptrdiff_t>(random_() % image_.endpoints.size()));
        return {chance(50) ? Kind::kSelfElseNone : Kind::kSelfElsePartial, {}, some->first};
      }
      default:
        return ports();
    }
  }

  std::mt19937_64 random_;
  bool moving_ = false;
  image::Image image_;
};

}  // namespace sluice::packet
