// The installer: what stands in a node's directories, what is to be done about it, and doing it.
//
// Laws:
//  1. survey() reads; decide_*() decide and touch nothing; carry_out() (steps.h) does it.
//  2. The base is the configuration with the lexically first name that is not ours: the one that
//     runtimes would take without us.
//  3. The program is in place before the configuration names it.
//  4. A base that cannot be used leaves what stands there; a base that is gone takes ours with
//     it.
//  5. Where the installer follows the agent, a chain begins only once the agent is ready. While
//     the agent cannot run, the chain lets pods go, whatever the entry says: a node without an
//     agent is a node without policy, and no node without pods.
//  6. One installer works on a directory at a time (flock).
//
// Any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/cni/agent_state.h"
#include "agent/cni/conf_list.h"
#include "agent/cni/steps.h"

namespace sluice::cni {

inline constexpr char kDefaultConfDir[] = "/etc/cni/net.d";
inline constexpr char kDefaultBinDir[] = "/opt/cni/bin";
inline constexpr char kOurConfiguration[] = "05-sluice.conflist";

// Where the installer works on a node.
struct NodeFiles {
  std::string conf_dir = kDefaultConfDir;
  std::string bin_dir = kDefaultBinDir;
  std::string program = "/proc/self/exe";  // what is put into bin_dir
  std::string followed_agent = {};         // its socket; empty: the installer asks no agent

  // What runtimes read, and the names under which it is written first.
  std::string configuration() const { return conf_dir + "/" + kOurConfiguration; }
  std::string configuration_draft() const { return conf_dir + "/." + kOurConfiguration + ".tmp"; }
  std::string plugin() const { return bin_dir + "/" + kPluginType; }
  std::string plugin_draft() const { return bin_dir + "/." + kPluginType + ".tmp"; }
};

struct Survey {
  bool conf_dir_exists = false, bin_dir_exists = false;
  std::string base_name;  // empty: there is none
  base::Result<std::string> base_bytes = std::string();
  std::optional<std::string> ours;    // what stands in our configuration
  bool configuration_exists = false;  // or what a killed installer left of it
  bool plugin_exists = false;         // likewise
  std::string named_in;               // a configuration, ours or not, that has the program's name in it
  bool precedes_bandwidth = false;    // there, in front of the bandwidth plugin
  bool program_is_current = false;    // the one in bin_dir is, byte for byte, NodeFiles::program
  AgentState agent;                   // fine where it is not followed
};

struct Decision {
  std::vector<Step> steps;
  std::string change;   // what the steps come to, one line; empty where there is none
  std::string problem;  // why Sluice is not, or not with today's base, in the chain; one line
  bool operator==(const Decision&) const = default;
};

// An error of the installer's in one line; where the owner of the folders can mend it, the line says how.
std::string explained(const base::Error& error);

base::Result<Survey> survey(const NodeFiles& node);
AgentState followed_state(const NodeFiles& node);
Decision decide_install(const Survey& survey, const NodeFiles& node, const Entry& entry);
// An error says what is not as install would leave it. It changes nothing and takes no lock, so that an install under
// way may be seen half done.
base::Status check_installed(const NodeFiles& node, const Entry& entry);
// First the configuration; the program only once no runtime works with that any more, and never while a
// configuration names it: no pod could be made or deleted by that one.
Decision decide_uninstall_configuration(const Survey& survey, const NodeFiles& node);
Decision decide_uninstall_program(const Survey& survey, const NodeFiles& node);

// Survey, decision and steps, under the lock of the configuration's directory.
using Decide = std::function<Decision(const Survey& survey)>;
base::Result<Decision> carry_out(const NodeFiles& node, const Decide& decide);

}  // namespace sluice::cni
