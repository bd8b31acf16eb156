// Reflector: what to ask the API server next about one resource, so that what is known follows
// what the server holds without a gap. A state machine without socket, clock or randomness of its
// own: events go in, the next request comes out.
//
// Laws:
//  1. A list is asked for page by page. After its last page a watch follows from the list's
//     version; after that watch, one from the last version seen.
//  2. Only two things lead to a new list: a version or token that the server has forgotten (410
//     in any form), and kVersionTries answers in a row that could not be understood.
//     A server that was put back from a backup, or lags behind another one, says so by a version below the one that
//     was seen (goes_back()): what was seen is then forgotten, too.
//  3. Once the first list is whole, synced() holds, and goes on to hold.
//  4. A failure is followed by a pause that doubles from `first` to `longest`, at random between
//     half of it and all of it. Where the server asks for a longer one it gets it, up to
//     kLongestRetryAfter.
//  5. Progress ends the row of failures: an event, or a watch that lasts `steady`.
//  6. No pause comes after a success (a page after a page, a watch after a list, a watch after
//     one that lasted `steady`), before the next API version, and before the list after the first
//     version that was forgotten since a watch lasted `steady`.
//  7. 404 tries the resource's next API version, and after all of them the first again.
//
// One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "agent/source/kube/body.h"

namespace sluice::source::kube {

using Moment = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;

inline constexpr milliseconds kLongestRetryAfter{120'000};
inline constexpr int kVersionTries = 3;

struct Pauses {
  milliseconds first{500}, longest{30'000};
  milliseconds steady{5'000};
};

struct ListRequest {
  std::string continue_token;  // empty: the first page
  size_t api = 0;              // which of the resource's API versions
};
struct WatchRequest {
  std::string resource_version;
  size_t api = 0;
};
struct Step {
  milliseconds pause{0};  // to wait before asking
  std::variant<ListRequest, WatchRequest> request;
};

// How a request failed.
struct Failure {
  enum class Kind : uint8_t {
    kForgotten,  // 410 in any form
    kThrottled,  // 429, and whatever comes with Retry-After
    kRefused,    // 401, 403
    kMissing,    // 404
    kServer,     // other HTTP errors
    kBroken,     // connection, TLS, time-out
    kInvalid,    // an answer that makes no sense, an ERROR event
  };
  Kind kind = Kind::kBroken;
  std::string what;  // one line
  milliseconds retry_after{0};
};
std::string_view to_text(Failure::Kind kind);  // "forgotten", "throttled", ...: labels of metrics

// An answer that is no success, as HTTP and its Status say it.
Failure failure_of(unsigned http_status, const ApiStatus& status, milliseconds retry_after);
// An ERROR event of a watch.
Failure failure_of(const ApiStatus& error_event);

class Reflector {
 public:
  // `apis`: how many API versions the resource is looked for in. `seed`: of the pauses' randomness.
  Reflector(size_t apis, Pauses pauses, uint64_t seed);

  // What to ask next; the same until one of the following is called.
  Step next();

  // A list begins with its page without a token: what is not in it, to the last page, is gone.
  // The page was read whole; true: so is the list.
  bool page_read(const ListMeta& meta);
  void watch_opened(Moment now);
  // Whether a version of this watch is older than one seen before: they only grow (KEP-5504). What is no number is not.
  bool goes_back(const std::string& resource_version) const;
  // An object's event or a bookmark.
  void advanced(const std::string& resource_version);
  // The server ended the watch in good order.
  void watch_ended(Moment now);
  void failed(const Failure& failure, Moment now);

  bool synced() const { return synced_; }
  bool listing() const { return version_.empty(); }
  // How many versions were forgotten since a watch lasted.
  int forgotten() const { return forgotten_; }

 private:
  void relist();
  // The watch is over; true: it lasted.
  bool close_watch(Moment now);
  milliseconds back_off(int row);
  uint64_t draw();

  const size_t apis_;
  const Pauses pauses_;
  uint64_t random_;
  size_t api_ = 0, missing_ = 0;
  std::string token_, version_;  // version_ empty: listing
  std::optional<Moment> opened_;
  bool synced_ = false;
  int failures_ = 0, forgotten_ = 0, senseless_ = 0;
  milliseconds pause_{0};
};

}  // namespace sluice::source::kube
