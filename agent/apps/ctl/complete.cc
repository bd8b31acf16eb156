// sluicectl completion: scripts for shells, which ask `sluicectl complete` for what may come next.
#include <algorithm>
#include <cstdio>
#include <set>

#include "agent/apps/completion.h"
#include "agent/apps/ctl/commands.h"
#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "agent/model/workloads.h"
#include "agent/source/folder/folder.h"

namespace sluice::apps::ctl {
namespace {

constexpr std::chrono::milliseconds kPatience{300};  // for an agent, while somebody types

constexpr char kBash[] = R"sh(# bash completion for sluicectl
_sluicectl() {
  local IFS=$'\n'
  COMPREPLY=($(sluicectl complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o nospace -F _sluicectl sluicectl
)sh";
constexpr char kZsh[] = R"sh(#compdef sluicectl
_sluicectl() {
  local -a found
  found=(${(f)"$(sluicectl complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( ${#found} )); then compadd -- "${found[@]% }"; else _files; fi
}
compdef _sluicectl sluicectl
)sh";
constexpr char kFish[] = R"sh(# fish completion for sluicectl
function __sluicectl_complete
  set -l words (commandline -opc) (commandline -ct)
  sluicectl complete -- $words[2..-1] 2>/dev/null | string trim -r
end
complete -c sluicectl -a '(__sluicectl_complete)'
)sh";

struct CompletionOptions {
  std::string shell;
};

int run_completion(const CompletionOptions& options) {
  std::fputs(options.shell == "bash" ? kBash : options.shell == "zsh" ? kZsh : kFish, stdout);
  return std::fflush(stdout) == 0 ? kExitDone : kExitFailed;
}

std::vector<std::string> pods_of_manifests(const std::string& folder) {
  const auto read = source::folder::read_manifests({folder}, source::decode::Wanted::kWorkloadsToo);
  std::vector<std::string> names;
  if (!read) return names;
  for (const auto& [name, pod] : model::with_workloads(read->cluster, read->workloads).pods)
    names.push_back(name.to_text());
  for (const auto& [name, service] : read->cluster.services)
    names.push_back(name.ns + "/service/" + name.name);
  return names;
}

std::vector<std::string> pods_of_agent(const std::string& socket) {
  std::vector<std::string> names;
  const auto endpoints =
      control::Client(socket.empty() ? base::kDefaultSocket : socket, kPatience).endpoints();
  if (!endpoints) return names;
  for (const auto& endpoint : endpoints->endpoints())
    names.push_back(endpoint.namespace_() + "/" + endpoint.pod());
  return names;
}

// Pods and namespaces as they are now, for options that name one.
std::vector<std::string> live_values(const Completion& completion) {
  static constexpr std::string_view kPods[] = {"--from", "--to", "--pod"}, kNamespaces[] = {"--namespace"};
  const bool pods = std::ranges::find(kPods, completion.value_of) != std::end(kPods);
  const bool namespaces = std::ranges::find(kNamespaces, completion.value_of) != std::end(kNamespaces);
  if (!pods && !namespaces) return {};
  const std::string folder = given(completion.words, "--manifests");
  auto names = folder.empty() || folder == "-" ? pods_of_agent(given(completion.words, "--socket"))
                                               : pods_of_manifests(folder);
  if (pods) return names;
  std::set<std::string> all;
  for (const std::string& name : names) all.insert(name.substr(0, name.find('/')));
  return {all.begin(), all.end()};
}

}  // namespace

void add_completion(Commands& commands) {
  commands.add<CompletionOptions>(
      "completion", "The completion script of a shell: source <(sluicectl completion bash)",
      [](CLI::App& command, CompletionOptions& options) {
        command.add_option("shell", options.shell, "bash, zsh or fish")
            ->required()
            ->check(CLI::IsMember({"bash", "zsh", "fish"}));
      },
      run_completion);
  // Asked by those scripts.
  CLI::App* command = commands.app.add_subcommand("complete", "What may come next on a command line");
  command->group("");
  auto words = std::make_shared<std::vector<std::string>>();
  command->add_option("words", *words, "Behind --: those of the line, the last one as far as it is written");
  command->callback([&commands, words] {
    commands.run = [&commands, words] {
      const Completion completion = complete(commands.app, *words);
      const std::string last = words->empty() ? "" : words->back();
      for (const std::string& candidate : completion.candidates) std::printf("%s \n", candidate.c_str());
      for (const std::string& value : live_values(completion))
        if (value.starts_with(last)) std::printf("%s \n", one_line(value).c_str());
      return kExitDone;
    };
  });
}

}  // namespace sluice::apps::ctl
