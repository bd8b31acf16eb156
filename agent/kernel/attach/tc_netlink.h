// Requests to tc over rtnetlink (rtnetlink(7), linux/rtnetlink.h): a dump, a change, and the attributes of a
// message. Concerns the network namespace of the calling thread. Any thread; waits at most ten seconds.
#pragma once

#include <linux/rtnetlink.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::kernel::attach {

// Of interface `ifindex`, at `parent` (linux/pkt_sched.h).
tcmsg tc_at(uint32_t ifindex, uint32_t parent);
const tcmsg& tc_message(const nlmsghdr& header);

// Calls `visit` with each message of the answer.
base::Status tc_dump(uint16_t type, const tcmsg& message, const std::function<void(const nlmsghdr&)>& visit);
// `flags` beside NLM_F_REQUEST and NLM_F_ACK; the attributes' bytes follow the message as they are.
base::Status tc_change(uint16_t type, uint16_t flags, const tcmsg& message,
                       const std::vector<char>& attributes);

using VisitAttribute = std::function<void(const rtattr*)>;
void for_each_attribute(const rtattr* first, size_t bytes, const VisitAttribute& visit);
// Of a tc message.
void for_each_attribute(const nlmsghdr& header, const VisitAttribute& visit);
std::string text_of(const rtattr* attribute);

void append_attribute(std::vector<char>& attributes, uint16_t type, const void* value, size_t bytes);

}  // namespace sluice::kernel::attach
