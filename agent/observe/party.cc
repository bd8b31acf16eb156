#include "agent/observe/party.h"

#include "agent/base/excerpt.h"
#include "agent/model/workloads.h"

namespace sluice::observe {
namespace {

base::Error no_party(std::string_view text) {
  return base::Error(
      base::excerpt(text) +
      " is nobody: give NAMESPACE/POD, NAMESPACE/KIND/NAME of a workload or a service, node/NAME, "
      "an IP address or a CIDR");
}

}  // namespace

base::Result<Party> Party::parse(std::string_view text) {
  Party party;
  const size_t slash = text.find('/');
  if (auto ip = net::Ip::parse(text.substr(0, slash))) {
    party.kind_ = Kind::kAddresses;
    party.addresses_ = net::Cidr::host(*ip);
    if (slash == text.npos) return party;
    auto cidr = net::Cidr::parse(text);
    if (!cidr) return cidr.error();
    party.addresses_ = *cidr;
    return party;
  }
  if (slash == text.npos || slash == 0 || slash + 1 == text.size()) return no_party(text);
  party.ns_ = text.substr(0, slash);
  party.name_ = text.substr(slash + 1);
  const size_t second = party.name_.find('/');
  if (second == std::string::npos) {
    party.kind_ = party.ns_ == "node" ? Kind::kNode : Kind::kPod;
    return party;
  }
  const std::string kind = party.name_.substr(0, second), name = party.name_.substr(second + 1);
  if (name.empty() || name.find('/') != std::string::npos) return no_party(text);
  if (kind == "service" || kind == "svc") {
    party.kind_ = Kind::kService;
    party.name_ = name;
    return party;
  }
  const std::string_view workload = model::workload_kind_named(kind);
  if (workload.empty()) return no_party(text);
  party.kind_ = Kind::kWorkload;
  party.name_ = std::string(workload) + "/" + name;
  return party;
}

bool Party::matches(const End& end) const {
  switch (kind_) {
    case Kind::kPod:
      return !end.pod.empty() && end.ns == ns_ && (name_ == "*" || end.pod == name_);
    case Kind::kWorkload:
      return end.ns == ns_ && end.workload == name_;
    case Kind::kService:
      return end.service == ns_ + "/" + name_;
    case Kind::kNode:
      return end.node == name_;
    case Kind::kAddresses:
      return end.ip && addresses_.contains(*end.ip);
  }
  return false;
}

}  // namespace sluice::observe
