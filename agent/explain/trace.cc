#include "agent/explain/trace.h"

#include <algorithm>

namespace sluice::explain {
namespace {

using image::Image;
using image::Ref;
using model::Direction;

// What the tables have of an address (bpf/identify.h).
struct Found {
  image::IdentityId identity;
  bool node = false;                              // this node's own
  std::optional<image::IdentityId> service = {};  // where it and the port are a Service's
};

class Tracing {
 public:
  Tracing(const Image& image, const compile::NameTable& names, const compile::why::Question& question)
      : image_(image), names_(names), question_(question) {}

  std::vector<TraceStep> run() {
    const std::string name = question_.pod.to_text();
    const auto endpoint =
        std::ranges::find_if(image_.endpoints, [&](const auto& entry) { return entry.second.name == name; });
    if (endpoint == image_.endpoints.end()) {
      add("endpoint", "none: " + name + " is not in the maps");
      return std::move(steps_);
    }
    add("endpoint",
        endpoint->first.to_text() + " " + name + " interface " + std::to_string(endpoint->second.ifindex));
    side_ = endpoint->second.sides[static_cast<size_t>(question_.direction)];
    if (!side_.ruleset) {
      add("rule set", "none: not isolated in this direction");
      return std::move(steps_);
    }
    add("rule set", side_.ruleset.to_text() + " " + std::string(to_text(question_.direction)));
    add("verdict", judge(endpoint->first, endpoint->second));
    return std::move(steps_);
  }

 private:
  void add(std::string what, std::string found) { steps_.push_back({std::move(what), std::move(found)}); }

  // As bpf/judge.h does, in its order.
  std::string judge(image::EndpointId id, const image::Endpoint& endpoint) {
    if (question_.remote.family() == net::Family::kIpv6 && question_.protocol.is_ipv6_extension())
      return "deny: it ends in an extension header";
    const Found found = identify();
    if (!found.service && found.node && !side_.whole) return "allow: its own node";
    if (!found.service && (question_.remote == endpoint.ipv4 || question_.remote == endpoint.ipv6))
      return "allow: itself";
    const bool allows = ask_rules(found.identity);
    std::string verdict = !found.service || (allows && !side_.whole)
                              ? allows ? "allow" : "deny"
                              : ask_service(*found.service, id, allows);
    if (verdict != "deny" || !endpoint.names || question_.direction != Direction::kEgress) return verdict;
    return ask_names(found.service.value_or(found.identity)) ? "allow: by its name" : verdict;
  }

  Found identify() {
    const auto address = image_.addresses.find(question_.remote);
    const std::string ip = question_.remote.to_text();
    Found found;
    if (address == image_.addresses.end()) {
      add("address", ip + ", by its prefix");
      found.identity = image::identity_by_prefix(image_, question_.remote);
    } else {
      found = {address->second.identity, address->second.node, service_at(address->second)};
      // As it stands it is no pod's, even where a pod has it too (semantics 21).
      if (found.service) found.identity = image::identity_by_prefix(image_, question_.remote);
      add("address", ip + (found.service ? ", a Service's, by its prefix"
                           : found.node  ? ", this node's own"
                                         : ", an entry of its own"));
    }
    add("identity", found.identity ? found.identity.to_text() : "none: every address that no rule names");
    return found;
  }

  std::optional<image::IdentityId> service_at(const image::Address& address) const {
    if (question_.direction != Direction::kEgress) return std::nullopt;
    const auto find = [&](const image::ServiceKey& key) -> std::optional<image::IdentityId> {
      const auto at = image_.services.find(key);
      return at == image_.services.end() || !at->second ? std::nullopt : std::optional(at->second);
    };
    if (address.service)
      if (const auto found = find({false, question_.remote, question_.protocol, question_.port}))
        return found;
    if (!address.node) return std::nullopt;
    return find(
        {true, net::Cidr::everything(question_.remote.family()).base(), question_.protocol, question_.port});
  }

  Ref rule_of(image::IdentityId identity) const {
    const auto rule = image_.rules.find({side_.ruleset, identity});
    return rule == image_.rules.end() ? Ref::none() : rule->second;
  }

  bool ask_rules(image::IdentityId identity) {
    const Ref rule = rule_of(identity);
    const bool by_default = rule == Ref::none();
    const Ref ref = by_default ? side_.default_ref : rule;
    return allows(ref, (by_default ? "the rule set's default: " : "") + image::to_text(ref));
  }

  bool allows(const Ref& ref, const std::string& text) {
    add("rule", text);
    if (ref.kind != Ref::Kind::kPorts) return ref.kind == Ref::Kind::kAll;
    const auto set = image_.portsets.find(ref.portset);
    if (set == image_.portsets.end()) return false;
    add("port set", image::to_text(set->second));
    return set->second.contains(question_.protocol, question_.port);
  }

  // The names of the address, of which rules say something, up to the first by which it is allowed (bpf/names.h).
  bool ask_names(image::IdentityId identity) {
    for (const auto& [name, slot] : names_.names_at(question_.remote)) {
      const auto name_class = image_.names.find(slot);
      if (name_class == image_.names.end()) continue;
      const image::IdentityId named = image::named(identity, name_class->second);
      const Ref rule = rule_of(named);
      if (rule == Ref::none()) continue;
      add("name", name + ", of class " + name_class->second.to_text());
      add("identity", named.to_text());
      if (allows(rule, image::to_text(rule))) return true;
    }
    return false;
  }

  // as_written: its address and port are allowed, which is enough where nothing is said of those behind it.
  std::string ask_service(image::IdentityId service, image::EndpointId own, bool as_written) {
    const Ref ref = rule_of(service);
    add("service", service.to_text() + ", the endpoints behind it");
    add("rule", ref == Ref::none() ? "none: as its address" : image::to_text(ref));
    switch (ref.kind) {
      case Ref::Kind::kNone:
        return as_written ? "allow" : "deny";
      case Ref::Kind::kAll:
        return "allow";
      case Ref::Kind::kSelfElsePartial:
      case Ref::Kind::kSelfElseNone:
        return ref.endpoint == own ? "allow: itself" : "deny";
      case Ref::Kind::kPorts:
      case Ref::Kind::kPartial:
      case Ref::Kind::kNothing:
        return "deny";
    }
    return "";
  }

  const Image& image_;
  const compile::NameTable& names_;
  const compile::why::Question& question_;
  image::Side side_;
  std::vector<TraceStep> steps_;
};

}  // namespace

std::vector<TraceStep> trace(const Image& image, const compile::NameTable& names,
                             const compile::why::Question& question) {
  return Tracing(image, names, question).run();
}

}  // namespace sluice::explain
