// A dialect a function; private to the room, convert.h has the laws.
#pragma once

#include "agent/convert/addresses.h"
#include "agent/convert/output.h"

namespace sluice::convert {

void convert_v1alpha1(const Input& input, Output& output);
void convert_calico(const Input& input, const Cluster& cluster, Output& output);
void convert_cilium(const Input& input, const Cluster& cluster, Output& output);

}  // namespace sluice::convert
