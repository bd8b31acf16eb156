// An Answer as the control API carries it, and back.
//
// Laws:
//  1. answer_of(reply_of(a)) prints as a.
//  2. What an agent says is not believed: a policy that is no valid one is left out.
//
// Pure; any thread.
#pragma once

#include "agent/explain/answer.h"
#include "sluice/v1/control.pb.h"

namespace sluice::explain::wire {

v1::CheckReply reply_of(const Answer& answer);
Answer answer_of(const v1::CheckReply& reply);

// Of a name: as that of the answer that decides, and `name` and `addresses` beside.
v1::CheckReply reply_of(const NameAnswer& answer);
// Of a reply with addresses.
NameAnswer name_answer_of(const v1::CheckReply& reply);

}  // namespace sluice::explain::wire
