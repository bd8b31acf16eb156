#include "agent/base/result.h"

#include <cstring>

namespace sluice::base {

Error Error::from_errno(int code, std::string_view what) {
  Error error(std::string(what) + ": " + std::strerror(code));
  error.code_ = code;
  return error;
}

Error Error::within(std::string_view context) const {
  Error error(std::string(context) + ": " + message_);
  error.code_ = code_;
  return error;
}

}  // namespace sluice::base
