// Runtime: what libcni does for a container runtime, as far as a chain needs it: plugins run in order (DEL:
// backwards) with the environment of the specification, each with the configuration of its own that carries
// the result of the one before. One thread may use it at a time; several Runtimes may run at once. Source:
// CNI SPEC.md, "Section 4: Plugin Delegation", "Deriving request from plugin configuration".
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/fd.h"

namespace sluice::cni {

struct Ran {
  int exit = -1;  // -1: did not start, or did not end in time
  std::string out, err;
};

namespace detail {

inline constexpr std::chrono::seconds kPluginPatience{60};

// Feeds `input` and takes both outputs until they end or time is over.
inline void converse(Ran& ran, const std::string& input, std::array<base::Fd, 3>& pipes) {
  const auto deadline = std::chrono::steady_clock::now() + kPluginPatience;
  size_t fed = 0;
  while (pipes[1].valid() || pipes[2].valid()) {
    std::array<pollfd, 3> fds{
        {{pipes[0].get(), POLLOUT, 0}, {pipes[1].get(), POLLIN, 0}, {pipes[2].get(), POLLIN, 0}}};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || ::poll(fds.data(), fds.size(), static_cast<int>(left.count())) <= 0) return;
    if (fds[0].revents != 0) {
      const ssize_t size = ::write(pipes[0].get(), input.data() + fed, input.size() - fed);
      fed += size > 0 ? static_cast<size_t>(size) : 0;
      if (size < 0 || fed == input.size()) pipes[0].close();
    }
    for (const size_t i : {size_t{1}, size_t{2}}) {
      if (fds.at(i).revents == 0) continue;
      std::array<char, 4096> part{};
      const ssize_t size = ::read(pipes.at(i).get(), part.data(), part.size());
      if (size <= 0) pipes.at(i).close();
      if (size > 0) (i == 1 ? ran.out : ran.err).append(part.data(), static_cast<size_t>(size));
    }
  }
}

}  // namespace detail

// Runs a program with an environment and standard input of its own.
inline Ran run_program(const std::string& path, std::vector<std::string> words,
                       std::vector<std::string> environment, const std::string& input) {
  std::array<std::array<int, 2>, 3> pairs{};
  std::array<base::Fd, 3> near, far;
  for (size_t i = 0; i < 3; ++i) {
    if (::pipe2(pairs.at(i).data(), O_CLOEXEC) != 0) return {};
    near.at(i) = base::Fd(pairs.at(i).at(i == 0 ? 1 : 0));
    far.at(i) = base::Fd(pairs.at(i).at(i == 0 ? 0 : 1));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i)
    posix_spawn_file_actions_adddup2(&actions, far.at(static_cast<size_t>(i)).get(), i);
  std::vector<char*> arguments, variables;
  words.insert(words.begin(), path);
  for (std::string& word : words) arguments.push_back(word.data());
  for (std::string& variable : environment) variables.push_back(variable.data());
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, path.c_str(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  for (base::Fd& fd : far) fd.close();
  if (failed != 0) return {-1, "", path + ": " + std::strerror(failed)};
  Ran ran;
  detail::converse(ran, input, near);
  if (near[1].valid() || near[2].valid()) ::kill(pid, SIGKILL);  // out of time
  int status = 0;
  if (::waitpid(pid, &status, 0) == pid && WIFEXITED(status)) ran.exit = WEXITSTATUS(status);
  return ran;
}

// Who calls, for which interface of which pod.
struct Attach {
  std::string container, netns, pod;
  std::string ifname = "eth0";
};

class Runtime {
 public:
  // `list`: a network configuration list; `path`: folders of plugins, "a:b".
  Runtime(const std::string& list, std::string path)
      : list_(boost::json::parse(list).as_object()), path_(std::move(path)) {}

  // The last plugin's output, or the first failure.
  Ran add(const Attach& attach) {
    Ran ran;
    results_.clear();
    std::optional<boost::json::value> result;
    for (const auto& plugin : list_.at("plugins").as_array()) {
      ran = call("ADD", plugin.as_object(), attach, result);
      if (ran.exit != 0) return ran;
      result = boost::json::parse(ran.out);
      results_.push_back(*result);
    }
    return ran;
  }
  Ran check(const Attach& attach) {
    Ran ran;
    for (const auto& plugin : list_.at("plugins").as_array()) {
      ran = call("CHECK", plugin.as_object(), attach, results_.back());
      if (ran.exit != 0) return ran;
    }
    return ran;
  }
  // Backwards; every plugin is called, and the worst exit is the answer.
  Ran del(const Attach& attach) {
    Ran worst{0, "", ""};
    const auto& plugins = list_.at("plugins").as_array();
    std::optional<boost::json::value> result;
    if (!results_.empty()) result = results_.back();
    for (auto plugin = plugins.rbegin(); plugin != plugins.rend(); ++plugin)
      if (Ran ran = call("DEL", plugin->as_object(), attach, result); ran.exit != 0) worst = std::move(ran);
    return worst;
  }
  // The first failure, of STATUS; of GC the worst, as every plugin is called. `valid`: the containers that
  // the runtime still has.
  Ran status() const {
    Ran ran;
    for (const auto& plugin : list_.at("plugins").as_array())
      if (ran = call("STATUS", plugin.as_object(), {}); ran.exit != 0) return ran;
    return ran;
  }
  Ran gc(const std::vector<std::string>& valid) const {
    boost::json::array attachments;
    for (const std::string& id : valid)
      attachments.push_back(boost::json::object{{"containerID", id}, {"ifname", "eth0"}});
    Ran worst{0, "", ""};
    for (const auto& plugin : list_.at("plugins").as_array())
      if (Ran ran = call("GC", plugin.as_object(), {{"cni.dev/valid-attachments", attachments}});
          ran.exit != 0)
        worst = std::move(ran);
    return worst;
  }
  // What each plugin answered to the last ADD.
  const std::vector<boost::json::value>& results() const { return results_; }

 private:
  Ran call(const char* command, const boost::json::object& plugin, const Attach& attach,
           const std::optional<boost::json::value>& result) const {
    boost::json::object config = plugin;
    config["name"] = list_.at("name");
    config["cniVersion"] = list_.at("cniVersion");
    if (result) config["prevResult"] = *result;
    const std::string type = plugin.at("type").as_string().c_str();
    return run_program(
        located(type), {},
        {std::string("CNI_COMMAND=") + command, "CNI_CONTAINERID=" + attach.container,
         "CNI_NETNS=" + attach.netns, "CNI_IFNAME=" + attach.ifname, "CNI_PATH=" + path_,
         "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=" + attach.pod +
             ";K8S_POD_INFRA_CONTAINER_ID=" + attach.container + ";K8S_POD_UID=uid-" + attach.pod,
         "PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
        boost::json::serialize(config));
  }
  // Of the network, not of a pod.
  Ran call(const char* command, const boost::json::object& plugin, const boost::json::object& more) const {
    boost::json::object config = plugin;
    config["name"] = list_.at("name");
    config["cniVersion"] = list_.at("cniVersion");
    for (const auto& [key, value] : more) config[key] = value;
    return run_program(located(plugin.at("type").as_string().c_str()), {},
                       {std::string("CNI_COMMAND=") + command, "CNI_PATH=" + path_, "PATH=/usr/bin:/bin"},
                       boost::json::serialize(config));
  }
  std::string located(const std::string& type) const {
    std::string_view rest = path_;
    while (!rest.empty()) {
      const std::string dir(rest.substr(0, rest.find(':')));
      rest.remove_prefix(std::min(dir.size() + 1, rest.size()));
      if (::access((dir + "/" + type).c_str(), X_OK) == 0) return dir + "/" + type;
    }
    return type;
  }

  boost::json::object list_;
  std::string path_;
  std::vector<boost::json::value> results_;
};

}  // namespace sluice::cni
