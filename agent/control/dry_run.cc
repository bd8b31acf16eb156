#include "agent/control/dry_run.h"

#include "agent/control/node.h"
#include "agent/control/told_file.h"
#include "agent/endpoint/discover.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/kernel/maps.h"
#include "agent/source/folder.h"

namespace sluice::control {
namespace {

NodeMaps maps_to_look_at(const std::filesystem::path& bpffs) {
  return {nullptr, [bpffs] { return kernel::read_pinned(bpffs); },
          [] { return base::Result<std::set<uint32_t>>(std::set<uint32_t>()); }};
}

base::Result<ObjectNews> objects_of(const std::string& manifests) {
  auto folder = source::read_folder(manifests);
  if (!folder) return folder.error();
  ObjectNews news;
  news.changes = model::difference({}, folder->cluster);
  for (const auto& problem : folder->problems) news.problems.push_back(problem.to_text());
  for (const auto& warning : folder->warnings) news.warnings.push_back(warning.to_text());
  return news;
}

}  // namespace

base::Result<DryRun> dry_run(const DryRunOptions& options) {
  auto objects = objects_of(options.manifests);
  if (!objects) return objects.error();
  const bool sound = objects->problems.empty();
  auto discovery = endpoint::discover(options.netns_dir);
  if (!discovery) return discovery.error();
  auto addresses = endpoint::node_addresses();
  if (!addresses) return addresses.error();
  auto told = read_told_file(told_file(options.socket));
  if (!told) return told.error();
  objects->problems.insert(objects->problems.end(), told->problems.begin(), told->problems.end());
  const Log quiet(LogFormat::kText, LogLevel::off);
  Node node(options.node_name, maps_to_look_at(options.bpffs),
            {[] { return std::chrono::steady_clock::time_point(); },
             [] { return std::chrono::system_clock::time_point(); }},
            quiet);
  node.take_objects(std::move(*objects));
  node.take_discovery(std::move(*discovery));
  node.take_told(std::move(told->told));
  node.take_node_addresses(std::move(*addresses));
  auto difference = node.preview();
  if (!difference) return difference.error();
  return DryRun{image::to_text(*difference), node.problems(), node.warnings(), sound};
}

}  // namespace sluice::control
