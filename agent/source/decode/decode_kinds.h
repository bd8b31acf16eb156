// One decoder a kind, from the root of a Kubernetes object. Faults are left in the Field's Decoding (see
// field.h); the metadata that all kinds share is read in decode.cc. For agent/source and agent/convert.
#pragma once

#include <optional>
#include <vector>

#include "agent/model/workloads.h"
#include "agent/source/decode/addresses.h"
#include "agent/source/decode/decode.h"
#include "agent/source/decode/field.h"
#include "agent/source/decode/kinds.h"

namespace sluice::source::decode {

model::Pod decode_pod(const Field& root, model::ObjectName name);
model::Namespace decode_namespace(const Field& root, model::ObjectName name);
model::Node decode_node(const Field& root, model::ObjectName name);
model::Service decode_service(const Field& root, model::ObjectName name);
// None: a slice of host names (addressType FQDN), which routes nothing.
std::optional<model::EndpointSlice> decode_endpoint_slice(const Field& root, model::ObjectName name);
// Where it leaves a fault, what holds in spite of it (see decode.h).
ClosedPolicy decode_policy(const Field& root, model::ObjectName name);
// Where it leaves a fault, what holds in spite of it (semantics 62 to 64); none where the subject cannot be read (65).
std::optional<ClosedPolicy> decode_cluster_policy(const Field& root, model::ObjectName name);

// Shared by several kinds.
model::Labels decode_labels(const Field& labels);
model::LabelSelector decode_selector(const Field& selector);  // of a policy
std::string decode_domain_name(const Field& field);           // of a ClusterNetworkPolicy (semantics 73)
// Fails where a policy holds other fields than all objects do, and in `spec` than these.
void allow_only_policy_fields(const Field& root, std::initializer_list<std::string_view> spec);
net::Protocol decode_protocol(const Field& protocol);  // absent: TCP
// Of a container or a Service, where the API server takes an empty one for an absent one as well.
net::Protocol decode_protocol_or_empty(const Field& protocol);
net::Port decode_port(const Field& port);  // must be there
// Of metadata: the annotation sluice.dev/allowed-source-prefixes (semantics 38). What is wrong in it gives
// nothing and is warned of; the object stands.
std::vector<net::Cidr> decode_source_prefixes(const Field& metadata);
// Of a Pod's metadata: the annotation sluice.dev/flows; 0 where it is absent, or wrong and warned of.
uint32_t decode_flows(const Field& metadata);
// Of metadata: "replicaset/web-5d8b", of the ownerReference with `controller: true`; empty: none.
std::string decode_controller(const Field& metadata);
// Of a kind of model::kWorkloadKinds.
model::Workload decode_workload(const Field& root, const model::WorkloadKind& kind, model::ObjectName name);
// Of an object of any kind, taken or passed over; what is wrong in it is left out.
WrittenObject decode_written(const Tree& root, const TypeMeta& type, model::ObjectName name, Place place);
// Of a Pod's or a Namespace's metadata: whether the annotation sluice.dev/observe says "allowed". Anything else is
// warned of.
bool decode_observe_allowed(const Field& metadata);
// Of a NetworkPolicy's or a Namespace's metadata: whether sluice.dev/mode says "audit". What it says otherwise than
// "audit" and "enforce" is warned of, and enforced.
bool decode_audit(const Field& metadata);
// Of a ClusterNetworkPolicy's metadata, which has no audit.
void warn_of_audit(const Field& metadata);
// Of a policy's metadata: the annotation sluice.dev/active; empty where it is absent, or wrong and warned of.
std::string decode_active(const Field& metadata);
// Its audit, hours, log level and metrics, of a NetworkPolicy's metadata; what is wrong is warned of and left at its default.
void decode_policy_settings(const Field& metadata, model::NetworkPolicy& policy);
// Sorted, each once.
template <typename T>
void make_set(std::vector<T>& values);

}  // namespace sluice::source::decode

#include <algorithm>

template <typename T>
void sluice::source::decode::make_set(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}
