// A told endpoint: pod prod/web on veth7, in short ways.
#pragma once

#include "agent/control/told.h"
#include "tests/unit/control/node_fixture.h"

namespace sluice::control {

inline constexpr char kUid[] = "11111111-2222-3333-4444-555555555555",
                      kOtherUid[] = "66666666-2222-3333-4444-555555555555";
inline constexpr char kStaticUid[] = "0123456789abcdef0123456789abcdef";

inline v1::AddEndpointRequest request(const std::string& uid = kUid) {
  v1::AddEndpointRequest request;
  request.set_container_id("c1");
  request.set_interface_name("eth0");
  request.set_namespace_("prod");
  request.set_pod("web");
  request.set_uid(uid);
  request.set_netns("/run/netns/cni-1");
  request.set_host_interface("veth7");
  request.add_addresses("10.0.0.1");
  return request;
}
inline Told told_of(const v1::AddEndpointRequest& request) {
  auto read = read_told(request).value();
  return {{read.key, read.endpoint}};
}
inline Told told_web(const std::string& uid = kUid) {
  return told_of(request(uid));
}

}  // namespace sluice::control
