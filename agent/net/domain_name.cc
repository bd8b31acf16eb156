#include "agent/net/domain_name.h"

#include <algorithm>

#include "agent/base/excerpt.h"

namespace sluice::net {
namespace {

constexpr size_t kLongestLabel = 63, kLongestName = 253;  // RFC 1035 2.3.4

base::Error wrong_name(std::string_view name, const char* what) {
  return base::Error(base::excerpt(name) + " " + what);
}

bool is_letter_of_names(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

base::Result<std::string> parse_domain_name(std::string_view text) {
  std::string name(text);
  if (name.ends_with('.')) name.pop_back();
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (name.find('*') != name.npos)
    return wrong_name(text, "is a pattern: give the names that were looked up, each by itself");
  if (name.size() > kLongestName) return wrong_name(text, "is longer than 253 characters");
  size_t labels = 0;
  for (std::string_view rest = name;; ++labels) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    if (label.empty() || label.size() > kLongestLabel || !std::ranges::all_of(label, is_letter_of_names))
      return wrong_name(text, "is no domain name: its labels are 1 to 63 letters, digits, \"-\" or \"_\"");
    if (label.size() == rest.size()) break;
    rest.remove_prefix(label.size() + 1);
  }
  if (labels == 0)
    return wrong_name(text, "has one label: no pattern names it; give two or more, as www.example.com");
  return name;
}

}  // namespace sluice::net
