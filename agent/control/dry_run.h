// dry_run(): what an agent started now would change, as text. It reads the kernel's state, what was learnt of names
// included, and changes nothing of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/budget.h"
#include "agent/names/memory.h"
#include "agent/source/decode/foreign.h"

namespace sluice::control {

struct DryRun {
  std::string difference;             // image::to_text(Difference): "+", "-", "~" lines; empty: nothing to do
  std::vector<std::string> problems;  // of manifests, namespaces and matching, one line each
  std::vector<std::string> warnings;  // likewise
  bool sound = true;                  // false: some manifests were refused
};

struct DryRunOptions {
  std::string node_name, manifests, netns_dir;
  std::filesystem::path bpffs;
  std::string socket;  // of the agent, beside which the announced endpoints stand
  source::decode::Translator* translator = nullptr;  // a fresh one, of the manifests' foreign objects
  model::Budget budget = {};
  names::Limits names = {};
};

base::Result<DryRun> dry_run(const DryRunOptions& options);

}  // namespace sluice::control
