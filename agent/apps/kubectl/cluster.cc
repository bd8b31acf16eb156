#include "agent/apps/kubectl/cluster.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace sluice::apps::kubectl {
namespace {

namespace json = boost::json;

constexpr size_t kLongestName = 253;  // RFC 1123 subdomain, as Kubernetes bounds names

bool is_name(std::string_view text) {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= kLongestName && is_alphanumeric(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

const json::value* member(const json::value* value, std::string_view key) {
  const json::object* object = value == nullptr ? nullptr : value->if_object();
  return object == nullptr ? nullptr : object->if_contains(key);
}

std::string text_of(const json::value* value) {
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

template <typename Visit>
void for_each(const json::value* value, Visit visit) {
  const json::array* array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr) return;
  for (const json::value& each : *array) visit(&each);
}

// "Deployment web" for a ReplicaSet "web-5d4" whose hash is 5d4: as agent/model/workloads.h has it.
std::string workload_of(const json::value* metadata) {
  std::string workload;
  for_each(member(metadata, "ownerReferences"), [&](const json::value* owner) {
    const json::value* controller = member(owner, "controller");
    if (controller == nullptr || !controller->is_bool() || !controller->get_bool()) return;
    std::string kind = text_of(member(owner, "kind")), name = text_of(member(owner, "name"));
    const std::string ending = "-" + text_of(member(member(metadata, "labels"), "pod-template-hash"));
    if (kind == "ReplicaSet" && ending.size() > 1 && name.ends_with(ending)) {
      kind = "Deployment";
      name.resize(name.size() - ending.size());
    }
    std::ranges::transform(kind, kind.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    workload = kind + "/" + name;
  });
  return workload;
}

bool runs_agent(const json::value* status) {
  bool runs = false;
  for_each(member(status, "containerStatuses"), [&](const json::value* container) {
    runs |= text_of(member(container, "name")) == kAgentContainer &&
            member(member(container, "state"), "running") != nullptr;
  });
  return runs;
}

}  // namespace

base::Result<std::vector<Pod>> parse_pods(std::string_view text) {
  boost::system::error_code code;
  const json::value list = json::parse({text.data(), text.size()}, code);
  if (code) return base::Error("kubectl's answer is no JSON: " + code.message());
  const json::value* items = member(&list, "items");
  if (items == nullptr || !items->is_array()) return base::Error("kubectl's answer is no list of pods");
  std::vector<Pod> pods;
  for_each(items, [&](const json::value* item) {
    const json::value* metadata = member(item, "metadata");
    Pod pod{text_of(member(metadata, "namespace")), text_of(member(metadata, "name")),
            text_of(member(member(item, "spec"), "nodeName")), workload_of(metadata),
            runs_agent(member(item, "status"))};
    if (is_name(pod.ns) && is_name(pod.name) && (pod.node.empty() || is_name(pod.node)))
      pods.push_back(std::move(pod));
  });
  return pods;
}

std::optional<End> parse_end(const std::string& text) {
  static constexpr std::pair<std::string_view, std::string_view> kShort[] = {
      {"deploy", "deployment"}, {"sts", "statefulset"}, {"ds", "daemonset"}, {"rs", "replicaset"}};
  const size_t first = text.find('/');
  if (first == text.npos) return std::nullopt;
  const size_t second = text.find('/', first + 1);
  End end{text.substr(0, first), "", text.substr(first + 1)};
  if (second != text.npos) {
    end.kind = text.substr(first + 1, second - first - 1);
    end.name = text.substr(second + 1);
  }
  for (const auto& [name, kind] : kShort)
    if (end.kind == name) end.kind = kind;
  const bool is_pods = end.kind != "service" && end.kind != "svc" && !(end.ns == "node" && end.kind.empty());
  if (!is_pods || !is_name(end.ns) || !is_name(end.name)) return std::nullopt;
  return end;
}

const Pod* find(const std::vector<Pod>& pods, const End& end) {
  const auto is_named = [&](const Pod& pod) {
    return pod.ns == end.ns && end.kind.empty() && pod.name == end.name;
  };
  const auto is_of = [&](const Pod& pod) {
    const size_t slash = pod.workload.find('/');
    return pod.ns == end.ns && slash != pod.workload.npos && pod.workload.substr(slash + 1) == end.name &&
           (end.kind.empty() || pod.workload.substr(0, slash) == end.kind);
  };
  auto found = std::ranges::find_if(pods, is_named);
  if (found == pods.end()) found = std::ranges::find_if(pods, is_of);
  return found == pods.end() ? nullptr : &*found;
}

}  // namespace sluice::apps::kubectl
