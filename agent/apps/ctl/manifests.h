// Manifests for the offline commands: folders, files, and "-" for standard input, one cluster from all.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/apps/accepting.h"
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
  std::string at;     // of which moment (times/parse.h); empty: of now
  std::string names;  // file of what names resolve to (names/file.h); empty: nothing says
  Accepting accepting = {};
};
void add_at_option(CLI::App& command, std::string& at);
void add_names_option(CLI::App& command, std::string& names);
// --at, --names, --accept-cilium and what goes with it: of every command that asks of manifests.
void add_reading_options(CLI::App& command, Reading& reading);

// What names resolve to by the file; nothing where none is given.
base::Result<std::map<std::string, std::set<net::Ip>>> read_resolved(const std::string& file);

// One line each on standard error, behind the prefix; of more than 2,000 the first ones, and how many more there are.
void print_findings(const std::string& program, int code, const std::string& prefix,
                    const std::vector<source::Finding>& findings);

// The cluster as it is at that moment, with what names resolve to: policies outside their hours are not in it. Problems and
// warnings go to standard error, one line each; that there is no pod with an address, or that rules name domains and nothing
// says what these resolve to, is a warning, and there is a line for how many policies are outside their hours. None, after a
// line that says why, where they cannot be read.
std::optional<Manifests> read_manifests(const std::string& program, const std::vector<std::string>& sources,
                                        Wanted wanted, const Reading& reading);

}  // namespace sluice::apps::ctl
