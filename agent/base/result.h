// Result<T>: a value or an Error that says where and why.
//
// Laws:
//  1. Errors are values; no exception leaves an edge.
//  2. Context is added on the way up: Error::within("attach prod/web-0") gives "attach
//     prod/web-0: open /x/flows: EACCES".
//
// Immutable after construction; safe to read from any thread.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice::base {

class [[nodiscard]] Error {
 public:
  explicit Error(std::string message) : message_(std::move(message)) {}

  // From an errno value (positive), e.g. Error::from_errno(ENOENT, "open /x") -> "open /x: No such file or
  // directory".
  static Error from_errno(int code, std::string_view what);

  // Something has no room for more: these words, and ENOSPC as the code.
  static Error full(std::string message);
  bool is_full() const { return code_ == ENOSPC; }

  // The same error in other words.
  Error reworded(std::string message) const;

  // The same error seen from one level up: "<context>: <message>".
  Error within(std::string_view context) const;

  const std::string& message() const { return message_; }
  // The errno value this came from, 0 where none did.
  int code() const { return code_; }

 private:
  std::string message_;
  int code_ = 0;
};

struct Unit {};  // the value of a Result that only says "done"

template <typename T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Only on ok(); a std::bad_variant_access is a programming error.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<1>(state_); }
  // This result with its error, if any, seen from one level up.
  Result within(std::string_view context) const {
    if (ok()) return *this;
    return error().within(context);
  }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<Unit>;
inline Status done() {
  return Unit{};
}

}  // namespace sluice::base
