#include "agent/cni/call.h"

#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/base/excerpt.h"

namespace sluice::cni {
namespace {

using base::Error;

constexpr size_t kLongestInterfaceName = 15;  // IFNAMSIZ with its 0
constexpr size_t kLongestContainerId = 256;   // runtimes use 64

constexpr std::array<std::pair<std::string_view, Command>, 6> kCommands{{
    {"ADD", Command::kAdd},
    {"DEL", Command::kDel},
    {"CHECK", Command::kCheck},
    {"GC", Command::kGc},
    {"STATUS", Command::kStatus},
    {"VERSION", Command::kVersion},
}};

bool is_alphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

base::Status check_container_id(const std::string& id) {
  bool sound = id.size() <= kLongestContainerId && !id.empty() && is_alphanumeric(id[0]);
  for (const char c : id) sound = sound && (is_alphanumeric(c) || c == '_' || c == '.' || c == '-');
  if (!sound)
    return Error("CNI_CONTAINERID " + base::excerpt(id) +
                 ": must begin with a letter or digit and have only these, '_', '.' and '-'");
  return base::done();
}

base::Status check_ifname(const std::string& name) {
  bool sound = !name.empty() && name.size() <= kLongestInterfaceName && name != "." && name != "..";
  for (const char c : name)
    sound = sound && c != '/' && c != ':' && std::isgraph(static_cast<unsigned char>(c)) != 0;
  if (!sound)
    return Error("CNI_IFNAME " + base::excerpt(name) +
                 ": is no name of a network interface: at most 15 characters, no '/', ':' or space");
  return base::done();
}

base::Result<bool> parse_truth(std::string_view text) {
  if (text == "1" || text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "0" || text == "false" || text == "False" || text == "FALSE") return false;
  return Error("CNI_ARGS: IgnoreUnknown=" + base::excerpt(text) + ": must be true or false");
}

std::string text_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value == nullptr ? "" : value;
}

}  // namespace

base::Result<Command> read_command(const Environment& environment) {
  const std::string text = text_of(environment, "CNI_COMMAND");
  for (const auto& [spelled, command] : kCommands)
    if (text == spelled) return command;
  return Error("CNI_COMMAND " + base::excerpt(text) + ": must be ADD, DEL, CHECK, GC, STATUS or VERSION");
}

base::Result<PodIdentity> parse_arguments(std::string_view cni_args) {
  PodIdentity pod;
  const std::array<std::pair<std::string_view, std::string*>, 3> ours{{
      {"K8S_POD_NAMESPACE", &pod.ns},
      {"K8S_POD_NAME", &pod.name},
      {"K8S_POD_UID", &pod.uid},
  }};
  bool ignore_unknown = false;
  std::optional<std::string> unknown;
  while (!cni_args.empty()) {
    const std::string_view pair = cni_args.substr(0, cni_args.find(';'));
    cni_args.remove_prefix(std::min(pair.size() + 1, cni_args.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return Error("CNI_ARGS: " + base::excerpt(pair) + " is no KEY=VALUE");
    const std::string_view key = pair.substr(0, equals), value = pair.substr(equals + 1);
    if (key == "IgnoreUnknown") {
      auto truth = parse_truth(value);
      if (!truth) return truth.error();
      ignore_unknown = *truth;
      continue;
    }
    if (key == "K8S_POD_INFRA_CONTAINER_ID") continue;  // CNI_CONTAINERID again
    std::string* place = nullptr;
    for (const auto& [name, field] : ours)
      if (key == name) place = field;
    if (place != nullptr)
      *place = value;
    else if (!unknown)
      unknown = key;
  }
  if (unknown && !ignore_unknown)
    return Error("CNI_ARGS: " + base::one_line(*unknown) +
                 ": unknown key: leave it out, or add IgnoreUnknown=true");
  return pod;
}

base::Result<Call> read_call(Command command, const Environment& environment) {
  Call call;
  call.command = command;
  if (command == Command::kVersion || command == Command::kGc || command == Command::kStatus) return call;
  call.container_id = text_of(environment, "CNI_CONTAINERID");
  call.ifname = text_of(environment, "CNI_IFNAME");
  call.netns = text_of(environment, "CNI_NETNS");
  if (auto sound = check_container_id(call.container_id); !sound) return sound.error();
  if (auto sound = check_ifname(call.ifname); !sound) return sound.error();
  if (command == Command::kDel) return call;  // what names no pod any more is deleted all the same
  if (call.netns.empty())
    return Error("CNI_NETNS: is missing: must be the path of the pod's network namespace");
  auto pod = parse_arguments(text_of(environment, "CNI_ARGS"));
  if (!pod) return pod.error();
  call.pod = std::move(*pod);
  return call;
}

}  // namespace sluice::cni
