// Flow records as messages, and filters back from them. Pure.
#pragma once

#include "agent/observe/filter.h"
#include "sluice/v1/flow.pb.h"

namespace sluice::stream {

v1::Flow encode(const observe::FlowRecord& record);
// What makes no sense in it is left out: it comes from an agent.
observe::FlowRecord decode(const v1::Flow& flow);
// An error names the field, as an option of sluicectl does.
base::Result<observe::Filter> decode(const v1::FlowFilter& filter);

}  // namespace sluice::stream
