#include "agent/apps/manifests.h"

#include "agent/apps/command_line.h"
#include "agent/source/folder.h"

namespace sluice::apps {

std::optional<Manifests> read_manifests(const std::string& program, const std::string& folder) {
  auto read = source::read_folder(folder);
  if (!read) {
    fail(program, kExitUsage, "--manifests: " + read.error().message());
    return std::nullopt;
  }
  for (const auto& problem : read->problems) fail(program, kExitUsage, problem.to_text());
  for (const auto& warning : read->warnings) fail(program, kExitDone, "warning: " + warning.to_text());
  return Manifests{std::move(read->cluster), read->problems.empty()};
}

}  // namespace sluice::apps
