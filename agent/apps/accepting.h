// --accept-cilium and --cluster: policies of Cilium count as they come (convert/acceptance.h). Of every program that reads
// objects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/apps/command_line.h"
#include "agent/source/decode/foreign.h"

namespace sluice::apps {

struct Accepting {
  bool cilium = false;
  std::vector<std::string> cluster;  // each a CIDR
};
void add_accepting_options(CLI::App& command, Accepting& accepting);
// A fresh one; null where nothing is accepted.
std::unique_ptr<source::decode::Translator> translator_of(const Accepting& accepting);

}  // namespace sluice::apps
