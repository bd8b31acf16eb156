// to_json_object(): values of agent/model as the Kubernetes objects that they were read from, with the fields that
// policy depends on and no other. agent/source/decode is the other way.
//
// Laws:
//  1. decode(to_json_object(x)) is x, for every x that decode could have made. A rule of a ClusterNetworkPolicy that
//     closes (model/cluster_policy.h) is written without peers: it cannot be read, and closes again.
//  2. What the model does not keep is made up in the plainest way: a container for the ports, which of a Service's
//     addresses are cluster IPs (the first of each family), when a pod that is going was deleted.
//
// Pure; any thread.
#pragma once

#include <boost/json/object.hpp>

#include "agent/model/cluster.h"

namespace sluice::source::encode {

// apiVersion, kind, metadata, spec, status, in that order.
boost::json::object to_json_object(const model::Object& object);
boost::json::object to_json_object(const model::NetworkPolicy& policy);
boost::json::object to_json_object(const model::ClusterNetworkPolicy& policy);

}  // namespace sluice::source::encode
