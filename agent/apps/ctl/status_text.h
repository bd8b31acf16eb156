// The agent's answers as people read them. Pure: same reply, same text.
#pragma once

#include <string>

#include "sluice/v1/control.pb.h"

namespace sluice::apps::ctl {

// One glance: what runs, whether all is well, what changed last, what fills up, what is dropped. `now` in
// milliseconds since the epoch.
std::string status_text(const v1::StatusReply& status, int64_t now, bool colour);
std::string endpoints_text(const v1::EndpointsReply& reply, bool colour);
std::string policies_text(const v1::PoliciesReply& reply, bool colour);
std::string identities_text(const v1::IdentitiesReply& reply, bool colour);
std::string names_text(const v1::NamesReply& reply, bool colour);
std::string maps_text(const v1::MapsReply& reply, bool colour);

// "3 s", "5 min", "2 h", "4 d".
std::string age_text(double seconds);

}  // namespace sluice::apps::ctl
