#include "agent/explain/trace.h"

#include <algorithm>

namespace sluice::explain {
namespace {

using image::Image;

std::string id_or_none(uint64_t value, const std::string& text) {
  return value != 0 ? text : "none: every address that no rule names";
}

// The identity of address and port, as the packet asks for it (bpf/identify.h).
image::IdentityId identify(const Image& image, const compile::why::Question& question,
                           std::vector<TraceStep>& steps) {
  const auto address = image.addresses.find(question.remote);
  const std::string ip = question.remote.to_text();
  if (address != image.addresses.end() && address->second.service) {
    const auto service = image.services.find({false, question.remote, question.protocol, question.port});
    if (service != image.services.end()) {
      steps.push_back(
          {"service", ip + " " + question.protocol.to_text() + " " + std::to_string(question.port.host())});
      return service->second;
    }
  }
  if (address != image.addresses.end()) {
    steps.push_back({"address", ip + (address->second.node ? ", this node's own" : ", an entry of its own")});
    return address->second.identity;
  }
  steps.push_back({"address", ip + ", by its prefix"});
  return image::identity_by_prefix(image, question.remote);
}

bool ref_allows(const Image& image, const image::Ref& ref, const compile::why::Question& question) {
  if (ref.kind != image::Ref::Kind::kPorts) return ref.kind == image::Ref::Kind::kAll;
  const auto set = image.portsets.find(ref.portset);
  return set != image.portsets.end() && set->second.contains(question.protocol, question.port);
}

void add_rule(const Image& image, const std::string& which, const image::Ref& ref,
              std::vector<TraceStep>& steps) {
  steps.push_back({"rule", which + image::to_text(ref)});
  if (ref.kind != image::Ref::Kind::kPorts) return;
  if (const auto set = image.portsets.find(ref.portset); set != image.portsets.end())
    steps.push_back({"port set", image::to_text(set->second)});
}

// The names of the address, of which rules say something, up to the first by which it is allowed (bpf/names.h).
void trace_names(const Image& image, const compile::NameTable& names, const compile::why::Question& question,
                 image::RulesetId ruleset, image::IdentityId identity, std::vector<TraceStep>& steps) {
  for (const auto& [name, slot] : names.names_at(question.remote)) {
    const auto name_class = image.names.find(slot);
    if (name_class == image.names.end()) continue;
    const image::IdentityId named = image::named(identity, name_class->second);
    const auto rule = image.rules.find({ruleset, named});
    if (rule == image.rules.end()) continue;
    steps.push_back({"name", name + ", of class " + name_class->second.to_text()});
    steps.push_back({"identity", named.to_text()});
    add_rule(image, "", rule->second, steps);
    if (ref_allows(image, rule->second, question)) return;
  }
}

}  // namespace

std::vector<TraceStep> trace(const Image& image, const compile::NameTable& names,
                             const compile::why::Question& question) {
  std::vector<TraceStep> steps;
  const auto endpoint = std::find_if(image.endpoints.begin(), image.endpoints.end(), [&](const auto& entry) {
    return entry.second.name == question.pod.to_text();
  });
  if (endpoint == image.endpoints.end())
    return {{"endpoint", "none: " + question.pod.to_text() + " is not in the maps"}};
  steps.push_back({"endpoint", endpoint->first.to_text() + " " + endpoint->second.name + " interface " +
                                   std::to_string(endpoint->second.ifindex)});
  const image::Side& side = endpoint->second.sides[static_cast<size_t>(question.direction)];
  if (!side.ruleset) {
    steps.push_back({"rule set", "none: not isolated in this direction"});
    return steps;
  }
  steps.push_back({"rule set", side.ruleset.to_text() + " " + std::string(to_text(question.direction))});
  const image::IdentityId identity = identify(image, question, steps);
  steps.push_back({"identity", id_or_none(identity.value, identity.to_text())});
  const auto rule = image.rules.find({side.ruleset, identity});
  const image::Ref ref = rule != image.rules.end() ? rule->second : side.default_ref;
  add_rule(image, rule != image.rules.end() ? "" : "the rule set's default: ", ref, steps);
  if (question.direction == model::Direction::kEgress && endpoint->second.names &&
      !ref_allows(image, ref, question))
    trace_names(image, names, question, side.ruleset, identity, steps);
  return steps;
}

}  // namespace sluice::explain
