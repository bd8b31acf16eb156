// Manifests for the offline commands: folders, files, and "-" for standard input, one cluster from all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/apps/command_line.h"
#include "agent/model/cluster.h"
#include "agent/source/decode/decode.h"
#include "agent/times/hours.h"

namespace sluice::apps::ctl {

struct Manifests {
  model::Cluster cluster;
  bool sound = true;            // false: some objects or files were refused
  times::Outside outside = {};  // policies that are not in the cluster, being outside their hours
};

// Who takes part: pods with addresses alone, as the lab makes them, or workloads too (model/workloads.h).
using source::decode::Wanted;

// How they are read.
struct Reading {
  // As an API server holds them, whose policies that cannot be read whole isolate all the same (semantics 40), and are
  // warnings.
  bool held = false;
  std::string at;  // of which moment (times/parse.h); empty: of now
};
void add_at_option(CLI::App& command, std::string& at);

// The cluster as it is at that moment: policies outside their hours are not in it. Problems and warnings go to standard
// error, one line each; that there is no pod with an address is a warning, and there is a line for how many policies are
// outside their hours. None, after a line that says why, where they cannot be read.
std::optional<Manifests> read_manifests(const std::string& program, const std::vector<std::string>& sources,
                                        Wanted wanted, const Reading& reading);

}  // namespace sluice::apps::ctl
