// Content ids: a thing is named by the hash of its canonical bytes: 62 bits of SHA-256 (FIPS
// 180-4).
//
// Laws:
//  1. The same content has the same id in every process, whatever came before.
//  2. 0 is kept for "none".
//  3. Two contents under one id are an error, which the compiler finds; never silent.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::image {

// 62-bit hash of `bytes`, never 0.
uint64_t content_id(std::string_view bytes);

template <typename Tag>
struct Id {
  uint64_t value = 0;  // 0: none
  explicit operator bool() const { return value != 0; }
  auto operator<=>(const Id&) const = default;
  std::string to_text() const;  // 16 hex digits
};

using IdentityId = Id<struct IdentityTag>;    // 0: no policy of this node tells the address apart
using RulesetId = Id<struct RulesetTag>;      // 0: not isolated
using NameClassId = Id<struct NameClassTag>;  // of a name: the peer sets that match it; 0: none does
using PortsetId = Id<struct PortsetTag>;      // 0: no port
using EndpointId = Id<struct EndpointTag>;    // of namespace, name and uid

std::string hex(uint64_t value);

template <typename Tag>
std::string Id<Tag>::to_text() const {
  return hex(value);
}

}  // namespace sluice::image

template <typename Tag>
struct std::hash<sluice::image::Id<Tag>> {
  size_t operator()(const sluice::image::Id<Tag>& id) const noexcept { return id.value; }
};
