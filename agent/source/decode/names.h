// The syntax of Kubernetes names, labels and port names (k8s.io/apimachinery/pkg/util/validation).
#pragma once

#include <string_view>

namespace sluice::source::decode {

// Each returns what is wrong, to be read after the quoted text, or empty where the text is right.
using Fault = std::string_view;

Fault dns_label_fault(std::string_view text);      // RFC 1123: a-z 0-9 -, at most 63
Fault dns_subdomain_fault(std::string_view text);  // dns labels joined by dots, at most 253
Fault label_key_fault(std::string_view text);      // [dns subdomain/]name
Fault label_value_fault(std::string_view text);    // may be empty; at most 63
Fault port_name_fault(std::string_view text);      // IANA_SVC_NAME, RFC 6335 section 5.1

}  // namespace sluice::source::decode
