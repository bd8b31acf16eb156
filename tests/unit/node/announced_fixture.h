// A announced endpoint: pod prod/web on veth7, in short ways.
#pragma once

#include "agent/node/announced.h"
#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {

inline constexpr char kUid[] = "11111111-2222-3333-4444-555555555555",
                      kOtherUid[] = "66666666-2222-3333-4444-555555555555";
inline constexpr char kStaticUid[] = "0123456789abcdef0123456789abcdef";

inline Announcement announcement(const std::string& uid = kUid) {
  return {{"c1", "eth0"}, {{"prod", "web"}, uid, "/run/netns/cni-1", "veth7", {ip("10.0.0.1")}}};
}
inline Announced announced_of(const Announcement& request) {
  return {{request.key, request.endpoint}};
}
inline Announced announced_web(const std::string& uid = kUid) {
  return announced_of(announcement(uid));
}

}  // namespace sluice::node
