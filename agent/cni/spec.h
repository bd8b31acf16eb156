// What the CNI specification fixes and this plugin speaks: versions, error codes, their spelling. Values; any
// thread. Source: github.com/containernetworking/cni, SPEC.md of spec-v0.3.0, 0.3.1, 0.4.0, 1.0.0 and
// 1.1.0.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cni {

// By age: the later the greater.
enum class Version { k030, k031, k040, k100, k110 };
inline constexpr Version kNewest = Version::k110;

std::string_view to_text(Version version);  // "0.3.1"
std::optional<Version> parse_version(std::string_view text);
const std::vector<Version>& versions();  // all, by age
std::string versions_text();             // "0.3.0, 0.3.1, ..."

// Below 100: the specification's own. From 100 on: the plugin's.
enum class Code {
  kIncompatibleVersion = 1,
  kUnknownContainer = 3,
  kInvalidEnvironment = 4,
  kIo = 5,
  kUndecodable = 6,
  kInvalidConfig = 7,
  kTryAgain = 11,
  kNotAvailable = 50,      // STATUS: no pod can be added now; those that are there are as they should be
  kNoHostInterface = 100,  // the pod's interface has no end on this node that packets could be judged on
  kRefused = 101,          // the agent finds fault with the request
  kGate = 102,             // the pod's network namespace can be neither closed nor opened
};

// How a call fails: one line what is wrong, one (or none) why.
struct Failure {
  Code code{};
  std::string message, details;
  bool operator==(const Failure&) const = default;
};

// The error object of the specification, one line of JSON.
std::string to_json(const Failure& failure, std::string_view cni_version);

// What a VERSION call answers; `cni_version` is the caller's own.
std::string version_json(std::string_view cni_version);

}  // namespace sluice::cni
