// The endpoints behind a Service's port: kube-proxy's choice (semantics 21, 22). Pure.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "agent/compile/pods.h"

namespace sluice::compile {

using BackendAddress = std::pair<net::Ip, net::Port>;  // where a connection is rewritten to
using Slices = std::set<const model::EndpointSlice*>;

// Which endpoints count: those of every node or, with internalTrafficPolicy: Local, those of one.
struct EndpointScope {
  net::Family family = net::Family::kIpv4;
  std::optional<std::string_view> node;  // absent: those of every node; "": of none

  bool has(const std::string& endpoint_node) const {
    return !node || (!node->empty() && *node == endpoint_node);
  }
};

// Of the slices of one Service: the ready ones or, if none is, those serving while they terminate.
std::vector<BackendAddress> endpoints_by_slices(const Slices& slices, const model::ServicePort& port,
                                                const EndpointScope& scope);
// Of a Service without slices: the pods that it selects, as the EndpointSlice controller has them.
std::vector<BackendAddress> endpoints_by_selector(PodIndex& pods, const model::Service& service,
                                                  const model::ServicePort& port, const EndpointScope& scope);
// Does the Service's selector (present and not empty) select pods with these labels?
bool selects(const model::Service& service, const model::Labels& labels);

}  // namespace sluice::compile
