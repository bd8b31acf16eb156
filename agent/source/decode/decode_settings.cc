// Annotations that say what is observed, sluice.dev/observe of Pods and Namespaces, and what is done with policies:
// sluice.dev/mode of NetworkPolicies and Namespaces, of NetworkPolicies sluice.dev/policy-log-level and
// sluice.dev/metrics-enabled, without the prefix too, and of policies of both kinds sluice.dev/active.
#include <array>
#include <cstring>

#include "agent/base/excerpt.h"
#include "agent/model/hours.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/times/parse.h"

namespace sluice::source::decode {
namespace {

using model::LogLevel;

// What `read` makes of the annotation's text; nothing where it is absent or says nothing that `read` knows.
template <typename Read>
auto annotation_value(const Field& metadata, const char* key, std::string_view loses, const Read& read) {
  const auto reading = [&](const Field& lenient) -> decltype(read(lenient, std::string())) {
    const Field annotations = lenient.get("annotations");
    if (annotations.absent() || annotations.tree().type() != TreeType::kMap) return std::nullopt;
    const Field annotation = annotations.get(key);
    if (annotation.absent()) return std::nullopt;
    return read(annotation, annotation.text());
  };
  const auto value = metadata.value_or_warning(loses, reading);
  return value ? *value : std::nullopt;
}

std::optional<LogLevel> read_log_level(const Field& annotation, const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 3> kLevels = {
      {{"none", LogLevel::kNone}, {"denied", LogLevel::kDenied}, {"all", LogLevel::kAll}}};
  for (const auto& [name, level] : kLevels)
    if (name == text) return level;
  annotation.fail(base::excerpt(text) + " is no log level: write none, denied or all");
  return std::nullopt;
}

std::optional<bool> read_truth(const Field& annotation, const std::string& text) {
  if (text != "true" && text != "false")
    annotation.fail(base::excerpt(text) + " is neither \"true\" nor \"false\"");
  return text == "true";
}

// The key, or what follows its slash.
template <typename Read>
auto either_key(const Field& metadata, const char* key, std::string_view loses, const Read& read) {
  const auto value = annotation_value(metadata, key, loses, read);
  return value ? value : annotation_value(metadata, std::strchr(key, '/') + 1, loses, read);
}

}  // namespace

bool decode_audit(const Field& metadata) {
  const auto read = [](const Field& annotation, const std::string& text) -> std::optional<bool> {
    if (text != "audit" && text != "enforce")
      annotation.fail(base::excerpt(text) + " is no mode: write audit or enforce");
    return text == "audit";
  };
  return annotation_value(metadata, model::kModeAnnotation, "what it is on stays enforced", read)
      .value_or(false);
}

void warn_of_audit(const Field& metadata) {
  const auto read = [](const Field& annotation, const std::string& text) -> std::optional<bool> {
    if (text == "audit")
      annotation.fail("a ClusterNetworkPolicy cannot be in audit: try it with sluicectl diff");
    return std::nullopt;
  };
  annotation_value(metadata, model::kModeAnnotation, "it is enforced", read);
}

std::string decode_active(const Field& metadata) {
  const auto read = [](const Field& annotation, const std::string& text) -> std::optional<std::string> {
    if (auto schedule = times::parse(text); !schedule) annotation.fail(schedule.error().message());
    return text;
  };
  return annotation_value(metadata, model::kActiveAnnotation, "the policy is always in force", read)
      .value_or("");
}

void decode_policy_settings(const Field& metadata, model::NetworkPolicy& policy) {
  policy.audit = decode_audit(metadata);
  policy.active = decode_active(metadata);
  policy.log_level =
      either_key(metadata, model::kLogLevelAnnotation, "the log is as for all policies", read_log_level)
          .value_or(LogLevel::kUnsaid);
  policy.metrics =
      either_key(metadata, model::kMetricsAnnotation, "the policy has no counters of its own", read_truth)
          .value_or(false);
}

bool decode_observe_allowed(const Field& metadata) {
  const auto read = [](const Field& lenient) {
    const Field annotations = lenient.get("annotations");
    if (annotations.tree().type() != TreeType::kMap) return false;  // decode_source_prefixes() says so
    const Field annotation = annotations.get(model::kObserveAnnotation);
    if (annotation.absent()) return false;
    const std::string text = annotation.text();
    if (text != "allowed")
      annotation.fail(base::excerpt(text) + " is nothing to observe: write allowed, or leave it out");
    return true;
  };
  return metadata.value_or_warning("its allowed connections are not reported", read).value_or(false);
}

}  // namespace sluice::source::decode
