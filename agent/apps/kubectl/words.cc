#include "agent/apps/kubectl/words.h"

#include <algorithm>

namespace sluice::apps::kubectl {
namespace {

constexpr char kDescription[] =
    "sluicectl on the nodes of a cluster: finds a node's agent by kubectl and runs the command in its pod.\n"
    "`check A B PORT` asks the nodes that A and B are on, `observe` all nodes; any other command the one of "
    "--node.";

void add_options(CLI::App& app, Words& words) {
  app.option_defaults()->always_capture_default(false);
  app.add_option("--node", words.nodes, "The node; of observe and check also several")
      ->type_name("NODE")
      ->allow_extra_args(false);
  app.add_option("--install-namespace", words.install_namespace, "Where Sluice is installed [any]")
      ->type_name("NAMESPACE");
  app.add_option("--context", words.context, "As kubectl has it")->type_name("NAME");
  app.add_option("--kubeconfig", words.kubeconfig, "As kubectl has it")->type_name("FILE");
}

// Takes `name` and its value out of the words that are sluicectl's. False: its value is missing.
bool take(std::vector<std::string>& arguments, const std::string& name, std::vector<std::string>& values) {
  const auto end = [&] { return std::ranges::find(arguments, "--"); };
  for (auto at = arguments.begin(); at != end();) {
    if (at->starts_with(name + "=")) {
      values.push_back(at->substr(name.size() + 1));
      at = arguments.erase(at);
    } else if (*at == name) {
      if (at + 1 == end()) return false;
      values.push_back(*(at + 1));
      at = arguments.erase(at, at + 2);
    } else {
      ++at;
    }
  }
  return true;
}

// Likewise an option of which the last one counts.
bool take(std::vector<std::string>& arguments, const std::string& name, std::string& value) {
  std::vector<std::string> values;
  const bool is_whole = take(arguments, name, values);
  if (!values.empty()) value = values.back();
  return is_whole;
}

Exit missing(const std::string& name) {
  return {kExitUsage, name + ": its value is missing (see --help)"};
}

}  // namespace

std::vector<std::string> Words::kubectl() const {
  std::vector<std::string> words = {"kubectl"};
  if (!context.empty()) words.push_back("--context=" + context);
  if (!kubeconfig.empty()) words.push_back("--kubeconfig=" + kubeconfig);
  return words;
}

std::variant<Words, Exit> parse_words(int argc, const char* const* argv) {
  Words words;
  CLI::App app(kDescription, kProgram);
  set_up(app);
  app.prefix_command();
  app.footer("Then a command of sluicectl and its options: kubectl sluice status --node node-1");
  add_options(app, words);
  if (auto exit = parse(app, argc, argv)) return *exit;
  words.arguments = app.remaining();
  if (!take(words.arguments, "--node", words.nodes)) return missing("--node");
  for (const auto& [name, value] : {std::pair("--install-namespace", &words.install_namespace),
                                    {"--context", &words.context},
                                    {"--kubeconfig", &words.kubeconfig}})
    if (!take(words.arguments, name, *value)) return missing(name);
  if (words.arguments.empty())
    return Exit{kExitUsage, "no command given: give one of sluicectl, as kubectl sluice status --node NODE"};
  words.command = words.arguments.front();
  if (words.command.starts_with("-"))
    return Exit{kExitUsage,
                words.command + ": is no option of the plugin: give the command of sluicectl first"};
  words.arguments.erase(words.arguments.begin());
  return words;
}

std::string value_of(const std::vector<std::string>& arguments, const std::string& name) {
  std::vector<std::string> copy = arguments;
  std::string value;
  (void)take(copy, name, value);
  return value;
}

std::string output_format(const std::vector<std::string>& arguments) {
  for (const char* name : {"-o", "--output"})
    if (std::string given = value_of(arguments, name); !given.empty()) return given;
  for (const std::string& word : arguments)
    if (word.starts_with("-o") && word.size() > 2) return word.substr(2);
  return {};
}

CheckWords check_words(const std::vector<std::string>& arguments) {
  static constexpr const char* kNames[] = {"--from", "--to", "--port"};
  CheckWords words;
  size_t given = 0;
  while (given < std::size(kNames) && given < arguments.size() && !arguments[given].starts_with("-")) ++given;
  for (size_t i = 0; i < given; ++i) words.rest.push_back(std::string(kNames[i]) + "=" + arguments[i]);
  words.rest.insert(words.rest.end(), arguments.begin() + static_cast<ptrdiff_t>(given), arguments.end());
  (void)take(words.rest, "--from", words.from);
  (void)take(words.rest, "--to", words.to);
  return words;
}

}  // namespace sluice::apps::kubectl
