// Records as a line for people. Pure.
#pragma once

#include <string>

#include "agent/observe/record.h"

namespace sluice::observe {

// "shop/web-1", "shop/deployment/web" of a pod without a name, "service shop/api", "node node-1", "10.0.0.9", "?".
std::string name_of(const End& end);
// Text from outside: what is no printable ASCII as \xNN, so that no terminal takes it for a command.
std::string printable(std::string_view text);

struct LineStyle {
  bool colour = false;
  std::string today = {};  // "2026-11-29": records of that day (UTC) have the time alone
};
// Without its newline:
// 08:00:00.123 DENIED  ingress shop/web-1:40122 -> shop/api-1:8080 TCP SYN no_rule, isolated by shop/a, shop/b x3 [1f-12]
std::string line_of(const FlowRecord& record, const LineStyle& style);

}  // namespace sluice::observe
