// Policies as messages of the feed, and what all kinds share of it. Private to encode*.cc of this folder.
#pragma once

#include "agent/model/cluster.h"
#include "sluice/v1/objects.pb.h"

namespace sluice::source::feed {

inline v1::ObjectName encode_name(const model::ObjectName& name) {
  v1::ObjectName to;
  to.set_namespace_(name.ns);
  to.set_name(name.name);
  return to;
}

template <typename Values, typename List>
void encode_texts(const Values& values, List& to) {
  for (const auto& value : values) *to.Add() = value.to_text();
}

void fill(const model::NetworkPolicy& policy, v1::Object& object);
void fill(const model::ClusterNetworkPolicy& policy, v1::Object& object);

}  // namespace sluice::source::feed
