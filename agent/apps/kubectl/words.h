// The command line of `kubectl sluice`: what is for the plugin, and what is handed to sluicectl in an agent's pod.
// Pure.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "agent/apps/command_line.h"

namespace sluice::apps::kubectl {

inline constexpr char kProgram[] = "kubectl-sluice";

struct Words {
  std::vector<std::string> nodes;      // --node
  std::string install_namespace;       // where Sluice is installed; empty: wherever
  std::string context, kubeconfig;     // kubectl's own
  std::string command;                 // of sluicectl
  std::vector<std::string> arguments;  // of that command, as they were given

  // kubectl and the options that every call of it has.
  std::vector<std::string> kubectl() const;
};

// The plugin's own options stand before the command or among its arguments, up to a `--`.
std::variant<Words, Exit> parse_words(int argc, const char* const* argv);

// The value of `--name VALUE` or `--name=VALUE`, of which the last counts; empty where it is not given.
std::string value_of(const std::vector<std::string>& arguments, const std::string& name);
// Of -o, --output and -oFORMAT; empty: none is given.
std::string output_format(const std::vector<std::string>& arguments);

// What check is asked about. `A B [PORT]` in front of its options are --from, --to and --port.
struct CheckWords {
  std::string from, to;
  std::vector<std::string> rest;  // without these two
};
CheckWords check_words(const std::vector<std::string>& arguments);

}  // namespace sluice::apps::kubectl
