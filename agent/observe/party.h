// Party: whom an end of a flow is compared with, as options give it: "shop/web-1", "shop/*", "shop/deployment/web",
// "shop/service/api", "node/node-1", "10.0.0.9", "10.0.0.0/8". Values; any thread.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/observe/record.h"

namespace sluice::observe {

class Party {
 public:
  // Short names of kinds are read too: deploy, sts, ds, rs, cj, rc, svc.
  static base::Result<Party> parse(std::string_view text);
  bool matches(const End& end) const;
  // A Service, a node or addresses: who sends there, or from there, it does not say.
  bool is_no_pod() const { return kind_ != Kind::kPod && kind_ != Kind::kWorkload; }

 private:
  enum class Kind : uint8_t { kPod, kWorkload, kService, kNode, kAddresses } kind_ = Kind::kPod;
  std::string ns_, name_;  // a pod's "*": any of the namespace; a workload's "deployment/web"
  net::Cidr addresses_;
};

}  // namespace sluice::observe
