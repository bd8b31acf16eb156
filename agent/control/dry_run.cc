#include "agent/control/dry_run.h"

#include "agent/control/announced_file.h"
#include "agent/control/learning/recall.h"
#include "agent/endpoint/discover.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/kernel/maps.h"
#include "agent/node/reconciler.h"
#include "agent/source/folder/folder.h"
#include "agent/times/clock/hours.h"
#include "agent/times/hours.h"

namespace sluice::control {
namespace {

node::Backend backend_to_look_at(const kernel::Programs& programs) {
  return {nullptr,
          [&programs] { return kernel::read_pinned(programs); },
          {{}, {}, [] { return base::Result<std::set<uint32_t>>(std::set<uint32_t>()); }}};
}

base::Result<node::ObjectNews> objects_of(const DryRunOptions& options) {
  auto folder = source::folder::read_folder(options.manifests, options.translator);
  if (!folder) return folder.error();
  model::PolicyBudgets budgets(options.budget);
  model::Cluster cluster;
  for (const model::Change& change : budgets.admit(model::difference({}, folder->cluster)))
    cluster.apply(change);
  times::at(cluster, times::clock::now());
  node::ObjectNews news;
  news.changes = model::difference({}, cluster);
  for (const auto& problem : folder->problems) news.problems.push_back(problem.to_text());
  for (std::string& line : budgets.problems()) news.problems.push_back(std::move(line));
  for (const auto& warning : folder->warnings) news.warnings.push_back(warning.to_text());
  return news;
}

}  // namespace

base::Result<DryRun> dry_run(const DryRunOptions& options) {
  auto objects = objects_of(options);
  if (!objects) return objects.error();
  const bool sound = objects->problems.empty();
  auto discovery = endpoint::discover(options.netns_dir);
  if (!discovery) return discovery.error();
  auto addresses = endpoint::node_addresses();
  if (!addresses) return addresses.error();
  auto announced = read_announced_file(announced_file(options.socket));
  if (!announced) return announced.error();
  objects->problems.insert(objects->problems.end(), announced->problems.begin(), announced->problems.end());
  const auto programs = kernel::look_at(options.bpffs);
  if (!programs) return programs.error();
  const base::Log quiet(base::LogFormat::kText, base::LogLevel::off);
  node::Reconciler reconciler(options.node_name, backend_to_look_at(*programs),
                              {[] { return std::chrono::steady_clock::time_point(); },
                               [] { return std::chrono::system_clock::time_point(); }},
                              quiet);
  reconciler.set_objects(std::move(*objects));
  reconciler.set_discovery(std::move(*discovery));
  reconciler.set_announced(std::move(announced->announced));
  reconciler.set_node_addresses(std::move(*addresses));
  if (auto recalled = learning::recall(*programs, options.names, reconciler, quiet); !recalled)
    return recalled.error();
  auto difference = reconciler.preview();
  if (!difference) return difference.error();
  return DryRun{image::to_text(*difference), reconciler.view().problems(), reconciler.view().warnings(),
                sound};
}

}  // namespace sluice::control
