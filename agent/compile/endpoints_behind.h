// The endpoints behind a Service's port: kube-proxy's choice (semantics 21, 22). Pure.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "agent/compile/pods.h"

namespace sluice::compile {

using BackendAddress = std::pair<net::Ip, net::Port>;  // where a connection is rewritten to
using Slices = std::set<const model::EndpointSlice*>;

// Of the slices of one Service: the ready ones or, if none is, those serving while they terminate.
std::vector<BackendAddress> endpoints_by_slices(const Slices& slices, const model::ServicePort& port,
                                                net::Family family);
// Of a Service without slices: the pods that it selects.
std::vector<BackendAddress> endpoints_by_selector(PodIndex& pods, const model::Service& service,
                                                  const model::ServicePort& port, net::Family family);
// Does the Service's selector (present and not empty) select pods with these labels?
bool selects(const model::Service& service, const model::Labels& labels);

}  // namespace sluice::compile
