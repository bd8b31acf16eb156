#include "agent/source/kube/reflector.h"

#include <algorithm>

#include "agent/base/backoff.h"

namespace sluice::source::kube {
namespace {

using Kind = Failure::Kind;

enum Http : unsigned { kUnauthorized = 401, kForbidden = 403, kNotFound = 404, kGone = 410, kTooMany = 429 };

Kind kind_of(unsigned code, const ApiStatus& status) {
  if (code == kGone || status.reason == "Expired" || status.reason == "Gone") return Kind::kForgotten;
  if (code == kTooMany) return Kind::kThrottled;
  if (code == kUnauthorized || code == kForbidden) return Kind::kRefused;
  if (code == kNotFound) return Kind::kMissing;
  return code >= 500 ? Kind::kServer : Kind::kInvalid;
}

std::string describe(unsigned code, const ApiStatus& status) {
  std::string text = "HTTP " + std::to_string(code);
  if (!status.reason.empty()) text += " " + status.reason;
  if (!status.message.empty()) text += ": " + status.message;
  return text;
}

}  // namespace

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::kForgotten:
      return "forgotten";
    case Kind::kThrottled:
      return "throttled";
    case Kind::kRefused:
      return "refused";
    case Kind::kMissing:
      return "missing";
    case Kind::kServer:
      return "server";
    case Kind::kBroken:
      return "broken";
    case Kind::kInvalid:
      return "senseless";
  }
  return "broken";
}

Failure failure_of(unsigned http_status, const ApiStatus& status, milliseconds retry_after) {
  Failure failure{kind_of(http_status, status), describe(http_status, status), retry_after};
  constexpr int64_t kDay = 86400;
  const milliseconds asked = std::chrono::seconds(std::clamp<int64_t>(status.retry_after, 0, kDay));
  failure.retry_after = std::max(retry_after, asked);
  if (failure.kind == Kind::kServer && failure.retry_after > milliseconds(0)) failure.kind = Kind::kThrottled;
  return failure;
}

Failure failure_of(const ApiStatus& error_event) {
  Failure failure = failure_of(static_cast<unsigned>(error_event.code), error_event, milliseconds(0));
  // The watch itself was opened: whatever it says now is about the version that was asked for.
  if (failure.kind != Kind::kForgotten && failure.kind != Kind::kThrottled) failure.kind = Kind::kInvalid;
  failure.what = "ERROR event: " + failure.what;
  return failure;
}

Reflector::Reflector(size_t apis, Pauses pauses, uint64_t seed)
    : apis_(apis), pauses_(pauses), random_(seed) {}

Step Reflector::next() {
  if (listing()) return {pause_, ListRequest{token_, api_}};
  return {pause_, WatchRequest{version_, api_}};
}

bool Reflector::page_read(const ListMeta& meta) {
  pause_ = milliseconds(0);
  token_ = meta.continue_token;
  if (!token_.empty()) return false;
  version_ = meta.resource_version;
  synced_ = true;
  return true;
}

void Reflector::watch_opened(Moment now) {
  opened_ = now;
  missing_ = 0;
}

bool Reflector::goes_back(const std::string& resource_version) const {
  const auto is_number = [](const std::string& text) {
    return !text.empty() && text.front() != '0' && text.find_first_not_of("0123456789") == text.npos;
  };
  if (!is_number(resource_version) || !is_number(version_)) return false;
  return resource_version.size() != version_.size() ? resource_version.size() < version_.size()
                                                    : resource_version < version_;
}

void Reflector::advanced(const std::string& resource_version) {
  version_ = resource_version;
  failures_ = 0;
  senseless_ = 0;
}

bool Reflector::close_watch(Moment now) {
  const bool steady = opened_ && now - *opened_ >= pauses_.steady;
  if (steady) failures_ = forgotten_ = 0;
  opened_.reset();
  return steady;
}

void Reflector::watch_ended(Moment now) {
  // One that is soon over would be asked for again and again, whatever it brings.
  pause_ = close_watch(now) ? milliseconds(0) : back_off(failures_++);
}

void Reflector::relist() {
  version_.clear();
  token_.clear();
  senseless_ = 0;
}

void Reflector::failed(const Failure& failure, Moment now) {
  close_watch(now);
  const int row = failures_++;
  pause_ = back_off(row);
  switch (failure.kind) {
    case Kind::kForgotten:
      pause_ = forgotten_ == 0 ? milliseconds(0) : back_off(std::max(row, forgotten_));
      ++forgotten_;
      relist();
      break;
    case Kind::kInvalid:
      if (++senseless_ >= kVersionTries) relist();
      break;
    case Kind::kMissing:
      // A list of the next API version; the pause comes once all of them were tried.
      relist();
      api_ = (api_ + 1) % apis_;
      if (++missing_ < apis_)
        pause_ = milliseconds(0);
      else
        missing_ = 0;
      break;
    case Kind::kThrottled:
    case Kind::kRefused:
    case Kind::kServer:
    case Kind::kBroken:
      break;
  }
  pause_ = std::max(pause_, std::min(failure.retry_after, kLongestRetryAfter));
}

milliseconds Reflector::back_off(int row) {
  const auto whole = base::Backoff::after(row, pauses_.first, pauses_.longest);
  const auto half = whole.count() / 2;
  return milliseconds(half + static_cast<int64_t>(draw() % static_cast<uint64_t>(whole.count() - half + 1)));
}

// splitmix64 (public domain, Sebastiano Vigna): spreads agents apart, no more is asked of it.
uint64_t Reflector::draw() {
  uint64_t z = (random_ += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace sluice::source::kube
