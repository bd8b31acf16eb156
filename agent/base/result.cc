#include "agent/base/result.h"

#include <cstring>

namespace sluice::base {

Error Error::from_errno(int code, std::string_view what) {
  Error error(std::string(what) + ": " + std::strerror(code));
  error.code_ = code;
  return error;
}

Error Error::full(std::string message) {
  Error error(std::move(message));
  error.code_ = ENOSPC;
  return error;
}

Error Error::reworded(std::string message) const {
  Error error(std::move(message));
  error.code_ = code_;
  return error;
}

Error Error::within(std::string_view context) const {
  return reworded(std::string(context) + ": " + message_);
}

}  // namespace sluice::base
