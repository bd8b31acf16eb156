// Values of the model from parts that dialects share. Private to the room.
#pragma once

#include "agent/convert/addresses.h"

namespace sluice::convert {

// Of a policy in this namespace.
model::SelectorPeer selector_peer(const model::PodsPeer& pods, const std::string& ns);
model::PodsPeer every_pod();
std::vector<model::ClusterPeer> every_address();  // of both families
// The namespaces that are known, by their objects, by pods in them or by the selector's own words, and match. None: the
// selector may match others, and no Namespace is known; or it asks for labels of one that is not known. Of a cluster that
// is whole there is always an answer.
std::optional<std::vector<std::string>> namespaces_of(const Cluster& cluster,
                                                      const model::LabelSelector& selector);
// What is said by numbers; those named are left out.
std::vector<model::ClusterProtocol> numbered(const std::vector<model::PolicyPort>& ports);
// Names that stand for a port of each protocol: ClusterNetworkPolicy knows no others.
std::vector<std::string> names_of_every_protocol(const std::vector<model::PolicyPort>& ports);
bool has_other_names(const std::vector<model::PolicyPort>& ports);

}  // namespace sluice::convert
