// Config: what stands in the network configuration that the runtime hands over on standard input.
//
// Laws:
//  1. Bytes are bounded and decoded once.
//  2. Keys that are not ours are passed over, as the specification asks.
//  3. Reading has three steps, since each fails with a code of its own.
//
// Values; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/default_socket.h"
#include "agent/base/result.h"
#include "agent/cni/spec.h"

namespace sluice::cni {

using base::kDefaultSocket;

inline constexpr size_t kLargestConfig = 1UL << 20;  // bytes of a configuration, ours or anybody's
inline constexpr char kDefaultTimeout[] = "2s";
inline constexpr std::chrono::milliseconds kLongestTimeout{60'000};
inline constexpr size_t kLongestSocket = 107;  // sockaddr_un
inline constexpr char kGateClose[] = "close", kGateOpen[] = "open";

// A pod whose policy is not in force in time: is it created?
enum class OnFailure {
  kStrict,      // no: ADD fails, the runtime tries again
  kPermissive,  // yes, and it is reported
};
base::Result<OnFailure> parse_on_failure(std::string_view text);
std::string_view to_text(OnFailure choice);
base::Result<std::chrono::milliseconds> parse_timeout(const std::string& text);
base::Status check_socket(std::string_view path);

// What a call does about the gate of the pod's namespace (agent/endpoint/gate.h), beside or instead of
// telling the agent.
enum class Gate {
  kNone,
  kClose,  // "close": the first plugin of the list; it does nothing else
  kOpen,   // "open": once the policy is in force
};

// One interface of one container, as a runtime names it.
struct AttachmentKey {
  std::string container_id, ifname;
  bool operator==(const AttachmentKey&) const = default;
};

struct Config {
  Version version = kNewest;
  std::string network;  // its name; may be empty
  std::string socket = kDefaultSocket;
  std::chrono::milliseconds timeout{2000};
  OnFailure on_failure = OnFailure::kStrict;
  Gate gate = Gate::kNone;
  std::optional<boost::json::object> prev_result;
  std::optional<std::vector<AttachmentKey>> valid;  // GC: what the runtime still has
};

// What is decoded can be encoded again: no number is out of range. One with a fraction may differ in its last
// digit (Boost.JSON).
base::Result<boost::json::object> decode_object(std::string_view bytes);
// Of a configuration or of a result; where it has none: an error that says so.
base::Result<Version> version_of(const boost::json::object& object);
base::Result<Config> read_config(const boost::json::object& object, Version version);

// Text of `key`; `otherwise` where it is absent, an error where it is no text.
base::Result<std::string> text_at(const boost::json::object& object, std::string_view key,
                                  std::string_view otherwise);

}  // namespace sluice::cni
