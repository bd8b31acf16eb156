#include "agent/kernel/log/verifier_log.h"

#include <charconv>

namespace sluice::kernel::log {
namespace {

constexpr size_t kShown = 600;
constexpr std::string_view kProcessed = "processed ";

}  // namespace

std::string end_of_verifier_log(std::string_view log) {
  while (!log.empty() && log.back() == '\n') log.remove_suffix(1);
  std::string text =
      log.size() > kShown ? "…" + std::string(log.substr(log.size() - kShown)) : std::string(log);
  for (size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at)) text.replace(at, 1, " | ");
  return text;
}

std::optional<uint32_t> verified_instructions(std::string_view log) {
  const size_t at = log.rfind(kProcessed);
  if (at == log.npos) return std::nullopt;
  const std::string_view rest = log.substr(at + kProcessed.size());
  uint32_t count = 0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  const bool complete = code == std::errc() && rest.substr(end - rest.data()).starts_with(" insns");
  return complete ? std::optional(count) : std::nullopt;
}

}  // namespace sluice::kernel::log
