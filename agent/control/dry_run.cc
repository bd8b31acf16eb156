#include "agent/control/dry_run.h"

#include "agent/compile/compiler.h"
#include "agent/endpoint/match.h"
#include "agent/endpoint/node_addresses.h"
#include "agent/image/placement.h"
#include "agent/kernel/loader.h"
#include "agent/kernel/maps.h"
#include "agent/source/folder.h"

namespace sluice::control {
namespace {

base::Result<image::Image> image_in_force(const std::filesystem::path& bpffs) {
  kernel::LoadOptions options;
  options.pin_dir = bpffs;
  options.look_only = true;
  auto programs = kernel::load(options);
  if (!programs) return programs.error();
  auto maps = kernel::KernelMaps::open(*programs);
  if (!maps) return maps.error();
  auto contents = maps->read();
  if (!contents) return contents.error();
  auto back = image::Placement::read(*contents);
  if (!back) return back.error().within("read the maps back");
  return std::move(back->image);
}

}  // namespace

base::Result<DryRun> dry_run(const std::string& node_name, const std::string& manifests,
                             const std::string& netns_dir, const std::filesystem::path& bpffs) {
  auto folder = source::read_folder(manifests);
  if (!folder) return folder.error();
  auto discovery = endpoint::discover(netns_dir);
  if (!discovery) return discovery.error();
  auto addresses = endpoint::node_addresses();
  if (!addresses) return addresses.error();
  const auto matching = endpoint::match(discovery->found, folder->cluster);
  compile::Input input{folder->cluster, node_name, *addresses, {}};
  for (const auto& pod : matching.pods)
    if (input.local_pods.empty() || input.local_pods.back().name != pod.name)
      input.local_pods.push_back({pod.name, static_cast<uint32_t>(pod.host_ifindex)});
  auto wanted = compile::try_compile(input);
  if (!wanted) return wanted.error();
  auto before = image_in_force(bpffs);
  if (!before) return before.error();
  DryRun result;
  result.difference = image::to_text(image::difference(*before, *wanted));
  for (const auto& problem : folder->problems) result.problems.push_back(problem.to_text());
  for (const std::vector<std::string>* more : {&std::as_const(discovery->problems), &matching.problems})
    result.problems.insert(result.problems.end(), more->begin(), more->end());
  return result;
}

}  // namespace sluice::control
