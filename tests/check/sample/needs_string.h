// A header that does not compile alone: what check_headers_can_fail gives to the headers-alone check.
#pragma once

inline std::string text() {
  return "the include of <string> is missing, on purpose";
}
