#include "bench/api/objects.h"

#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <charconv>

#include "tests/kubeapi/invented.h"
#include "tests/oracle/text.h"

namespace sluice::bench::api {
namespace {

namespace json = boost::json;
using kubeapi::Json;

// As YAML 1.2 reads the scalars that oracle::to_yaml() writes: quoted ones are text.
json::value scalar_of(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return json::value(text);
  if (text == "true" || text == "false") return text == "true";
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return json::value(text);
}

json::value value_of(const YAML::Node& node) {
  if (node.IsMap()) {
    Json object;
    for (const auto& entry : node) object[entry.first.Scalar()] = value_of(entry.second);
    return object;
  }
  if (node.IsSequence()) {
    json::array array;
    for (const auto& item : node) array.push_back(value_of(item));
    return array;
  }
  return node.IsNull() ? json::value() : scalar_of(node);
}

// What only real pods have: managed fields, environment, statuses.
Json with_ballast(Json pod) {
  static const Json large = kubeapi::invent_large_pod(0);
  pod["metadata"].as_object()["managedFields"] = large.at("metadata").at("managedFields");
  Json main = large.at("spec").at("containers").at(0).as_object();
  main.erase("ports");
  auto& containers = pod["spec"].as_object()["containers"].as_array();
  containers.insert(containers.begin(), std::move(main));
  pod["status"].as_object()["containerStatuses"] = large.at("status").at("containerStatuses");
  return pod;
}

}  // namespace

Json to_json(const model::Object& object) {
  model::Cluster one;
  one.apply(model::Change::upsert(object));
  Json whole = value_of(YAML::Load(oracle::to_yaml(one))).as_object();
  whole.erase("kind");
  whole.erase("apiVersion");
  return std::holds_alternative<model::Pod>(object) ? with_ballast(std::move(whole)) : whole;
}

Prepared prepare(const model::Change& change) {
  if (change.is_removal()) return {change.id(), std::nullopt};
  return {change.id(), to_json(std::get<0>(change.what))};
}

void carry_out(Prepared prepared, kubeapi::World& world) {
  if (prepared.object)
    world.put(prepared.id.kind, std::move(*prepared.object));
  else
    world.remove(prepared.id.kind, prepared.id.name);
}

}  // namespace sluice::bench::api
