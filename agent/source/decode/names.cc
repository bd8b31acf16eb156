#include "agent/source/decode/names.h"

#include <algorithm>

namespace sluice::source::decode {
namespace {

bool is_lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alnum(char c) {
  return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}
bool is_label_inner(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

bool is_dns_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_lower_alnum(text.front()) && is_lower_alnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_alnum(c) || c == '-'; });
}

// The name part of a label key, and a label value that is not empty.
bool is_label_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 && is_alnum(text.front()) && is_alnum(text.back()) &&
         std::all_of(text.begin(), text.end(), is_label_inner);
}

bool is_dns_subdomain(std::string_view text) {
  if (text.size() > 253) return false;
  while (true) {
    size_t dot = text.find('.');
    std::string_view part = text.substr(0, dot);
    // A part may be as long as the whole (the API checks one expression and one total length).
    if (part.empty() || !is_lower_alnum(part.front()) || !is_lower_alnum(part.back())) return false;
    if (!std::all_of(part.begin(), part.end(), [](char c) { return is_lower_alnum(c) || c == '-'; }))
      return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

Fault dns_label_fault(std::string_view text) {
  if (is_dns_label(text)) return {};
  return "is not a DNS label: use a-z, 0-9 and - inside, at most 63 characters";
}

Fault dns_subdomain_fault(std::string_view text) {
  if (is_dns_subdomain(text)) return {};
  return "is not a DNS name: use a-z, 0-9, and - or . inside, at most 253 characters";
}

Fault label_key_fault(std::string_view text) {
  size_t slash = text.find('/');
  bool prefixed = slash != text.npos;
  if (prefixed && !is_dns_subdomain(text.substr(0, slash)))
    return "is not a label key: what stands before / must be a DNS name";
  if (is_label_name(prefixed ? text.substr(slash + 1) : text)) return {};
  return "is not a label key: use letters, digits, and - _ . inside, at most 63 characters after an optional "
         "DNS-NAME/";
}

Fault label_value_fault(std::string_view text) {
  if (text.empty() || is_label_name(text)) return {};
  return "is not a label value: use letters, digits, and - _ . inside, at most 63 characters";
}

Fault port_name_fault(std::string_view text) {
  bool digits_only =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits_only)
    return "is a string, so it names a port, and a name needs a letter: write the number without quotes";
  bool letter = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (letter && text.size() <= 15 && is_dns_label(text) && text.find("--") == text.npos) return {};
  return "is not a port name: use a-z, 0-9 and single - inside, at least one letter, at most 15 characters";
}

}  // namespace sluice::source::decode
