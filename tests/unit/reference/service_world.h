// The world in which Services are asked for (semantics 21, 22): the source is prod/web on node n1; prod/a and
// prod/b on n2 serve.
#pragma once

#include "tests/unit/reference/rows.h"

namespace sluice::reference {

using namespace oracle::build;
using model::Direction;
using model::PodPhase;

inline PodBuilder web() {
  return pod("prod/web", {"10.0.0.1", "fd00::1"}).label("app", "web").on("n1");
}
inline PodBuilder server(const char* name, Texts addresses) {
  return pod(name, addresses).label("app", "api").on("n2").port("http", 8080);
}
inline PodBuilder a() {
  return server("prod/a", {"10.0.0.11", "fd00::11"}).label("name", "a");
}
inline PodBuilder b() {
  return server("prod/b", {"10.0.0.12", "fd00::12"}).label("name", "b");
}
inline ServiceBuilder api() {
  return service("prod/api", "10.96.0.1").selects({{"app", "api"}});
}
inline PolicyBuilder may() {
  return policy("prod/p").selects({{"app", "web"}}).types({Direction::kEgress});
}
inline RuleBuilder to_api() {
  return rule().to(pods({{"app", "api"}}));
}

template <typename... Objects>
model::Cluster world(const Objects&... more) {
  return cluster(web(), a(), b(), node("n1", {"192.168.1.1", "fd01::1"}), node("n2", {"192.168.1.2"}),
                 more...);
}
inline Probe to(const char* address, uint16_t port = 80) {
  return tcp("prod/web", address, port);
}

}  // namespace sluice::reference
