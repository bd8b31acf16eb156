#include "agent/source/decode.h"

#include <algorithm>
#include <array>

#include "agent/source/decode_kinds.h"
#include "agent/source/excerpt.h"
#include "agent/source/names.h"

namespace sluice::source {

model::Labels decode_labels(const Field& labels) {
  model::Labels decoded;
  labels.entries([&](std::string_view key, const Field& value) {
    value.check(key, label_key_fault(key));
    std::string text = value.text();
    value.check(text, label_value_fault(text));
    decoded.emplace(key, std::move(text));
  });
  return decoded;
}

net::Protocol decode_protocol(const Field& protocol) {
  return protocol.absent() ? net::kTcp : protocol.take(net::Protocol::parse(protocol.text()));
}

net::Protocol decode_protocol_or_empty(const Field& protocol) {
  return protocol.text().empty() ? net::kTcp : decode_protocol(protocol);
}

net::Port decode_port(const Field& port) {
  if (port.absent()) port.fail("is missing: write a number between 1 and 65535");
  auto number = port.integer();
  return number ? port.take(net::Port::from_number(*number)) : net::Port();
}

net::Ip decode_ip(const Field& ip) {
  return ip.take(net::Ip::parse(ip.required_text()));
}

namespace {

using model::Kind;
using model::ObjectId;
using model::ObjectName;

constexpr std::string_view kListSuffix = "List";

std::string_view group_of(std::string_view api_version) {
  size_t slash = api_version.find('/');
  return slash == api_version.npos ? std::string_view() : api_version.substr(0, slash);
}

struct KindFacts {
  Kind kind;
  std::string_view api_version;
  bool namespaced;
};
constexpr std::array<KindFacts, 6> kKindFacts = {{{Kind::kPod, "v1", true},
                                                  {Kind::kNamespace, "v1", false},
                                                  {Kind::kNode, "v1", false},
                                                  {Kind::kService, "v1", true},
                                                  {Kind::kEndpointSlice, "discovery.k8s.io/v1", true},
                                                  {Kind::kNetworkPolicy, "networking.k8s.io/v1", true}}};

const KindFacts* facts_of(std::string_view kind) {
  auto found = std::find_if(kKindFacts.begin(), kKindFacts.end(),
                            [&](const KindFacts& facts) { return model::to_text(facts.kind) == kind; });
  return found == kKindFacts.end() ? nullptr : &*found;
}

// Another API group may have a kind of the same name (Knative's Service, Calico's NetworkPolicy): that is
// another kind, counted with its group. `extensions` once held the NetworkPolicy of today: refused as
// outdated.
bool is_another_kind(const KindFacts& facts, std::string_view api_version) {
  std::string_view group = group_of(api_version);
  return !group.empty() && group != group_of(facts.api_version) && group != "extensions";
}

struct TypeMeta {
  std::string api_version, kind;
};

class ObjectDecoder {
 public:
  ObjectDecoder(const Place& place, Decoded& decoded) : place_(place), decoded_(decoded) {}

  void document(Tree tree, const std::string& path, const TypeMeta& implied) {
    Decoding decoding;
    Field root(decoding, tree, path);
    TypeMeta type{root.get("apiVersion").text(), root.get("kind").text()};
    if (type.kind.empty()) type.kind = implied.kind;
    if (type.api_version.empty()) type.api_version = implied.api_version;
    if (!decoding.fault() && type.kind.empty())
      root.get("kind").fail("is missing: this is no Kubernetes object");
    if (!decoding.fault() && type.api_version.empty()) root.get("apiVersion").fail("is missing");
    if (decoding.fault()) return refuse(decoding, std::nullopt);
    if (const KindFacts* facts = facts_of(type.kind)) return object(root, decoding, *facts, type);
    if (type.kind.ends_with(kListSuffix)) return list(root, decoding, type);
    ++decoded_.skipped[type.kind];
  }

 private:
  void list(const Field& root, Decoding& decoding, const TypeMeta& type) {
    TypeMeta implied;
    std::string_view item_kind = std::string_view(type.kind).substr(0, type.kind.size() - kListSuffix.size());
    const KindFacts* facts = facts_of(item_kind);
    bool other =
        item_kind.empty() ? type.api_version != "v1" : !facts || is_another_kind(*facts, type.api_version);
    if (other) {
      ++decoded_.skipped[type.kind];
      return;
    }
    if (facts) implied = {type.api_version, std::string(item_kind)};
    std::string prefix = root.path().empty() ? "" : root.path() + ".";
    size_t index = 0;
    Field items = root.get("items");
    if (!items.absent() && items.tree().type() != TreeType::kSequence) items.fail("is not a list");
    if (decoding.fault()) return refuse(decoding, std::nullopt);
    for (Tree item : items.tree()) document(item, prefix + "items[" + std::to_string(index++) + "]", implied);
  }

  void object(const Field& root, Decoding& decoding, const KindFacts& facts, const TypeMeta& type) {
    if (is_another_kind(facts, type.api_version)) {
      ++decoded_.skipped[type.kind + "." + std::string(group_of(type.api_version))];
      return;
    }
    ObjectId id{facts.kind, name_of(root, facts)};
    if (decoding.fault()) return refuse(decoding, std::nullopt);
    // From here on the object's name says where; paths start at the object.
    Field object_root(decoding, root.tree());
    if (type.api_version != facts.api_version)
      object_root.get("apiVersion")
          .fail(excerpt(type.api_version) + " is not known for " + type.kind + ": use " +
                std::string(facts.api_version));
    auto object = value_of(object_root, id, decoding);
    if (decoding.fault()) return refuse(decoding, id);
    if (!object) {
      ++decoded_.skipped[type.kind + " of FQDN"];
      return;
    }
    for (const auto& warning : decoding.warnings())
      decoded_.warnings.push_back({place_, id, warning.field, warning.message});
    if (const size_t more = decoding.more_warnings(); more > 0)
      decoded_.warnings.push_back({place_, id, "", "and " + std::to_string(more) + " warnings more"});
    decoded_.objects.push_back({std::move(*object), place_});
  }

  static ObjectName name_of(const Field& root, const KindFacts& facts) {
    Field metadata = root.get("metadata"), name = metadata.get("name"), ns = metadata.get("namespace");
    ObjectName object_name{"", name.required_text()};
    bool label = facts.kind == Kind::kNamespace || facts.kind == Kind::kService;
    name.check(object_name.name,
               label ? dns_label_fault(object_name.name) : dns_subdomain_fault(object_name.name));
    if (!facts.namespaced) return object_name;
    object_name.ns = ns.text();
    if (object_name.ns.empty()) object_name.ns = "default";
    ns.check(object_name.ns, dns_label_fault(object_name.ns));
    return object_name;
  }

  std::optional<model::Object> value_of(const Field& root, const ObjectId& id, const Decoding& decoding) {
    switch (id.kind) {
      case Kind::kPod:
        return decode_pod(root, id.name);
      case Kind::kNamespace:
        return decode_namespace(root, id.name);
      case Kind::kNode:
        return decode_node(root, id.name);
      case Kind::kService:
        return decode_service(root, id.name);
      case Kind::kEndpointSlice: {
        auto slice = decode_endpoint_slice(root, id.name);
        if (!slice) return std::nullopt;
        return std::move(*slice);
      }
      case Kind::kNetworkPolicy: {
        // Of another version nothing is known.
        ClosedPolicy read = decoding.fault() ? closed_policy(id.name) : decode_policy(root, id.name);
        model::NetworkPolicy policy = read.policy;
        if (decoding.fault()) decoded_.closed.push_back(std::move(read));
        return policy;
      }
    }
    return std::nullopt;
  }

  void refuse(const Decoding& decoding, const std::optional<ObjectId>& id) {
    if (!id) decoded_.complete = false;
    decoded_.problems.push_back({place_, id, decoding.fault()->field, decoding.fault()->message});
  }

  const Place& place_;
  Decoded& decoded_;
};

void decode_as(const Tree& tree, const Place& place, const TypeMeta& implied, Decoded& decoded) {
  if (tree.type() == TreeType::kMap) return ObjectDecoder(place, decoded).document(tree, "", implied);
  decoded.complete = false;
  decoded.problems.push_back(
      {place, std::nullopt, "", "is " + std::string(to_text(tree.type())) + ", not a Kubernetes object"});
}

}  // namespace

void decode_object(const Tree& tree, const Place& place, Decoded& decoded) {
  decode_as(tree, place, {}, decoded);
}

void decode_object_of(model::Kind kind, const Tree& tree, const Place& place, Decoded& decoded) {
  const std::string_view name = model::to_text(kind);
  decode_as(tree, place, {std::string(facts_of(name)->api_version), std::string(name)}, decoded);
}

Decoded decode(std::string_view bytes, const std::string& origin) {
  Decoded decoded;
  for_each_document(bytes, [&](int number, const std::variant<Document, SyntaxError>& parsed) {
    if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
      decoded.complete = false;
      decoded.problems.push_back({{origin, number, error->line},
                                  std::nullopt,
                                  "",
                                  "line " + std::to_string(error->line) + ": " + error->message});
      return;
    }
    Tree root = std::get<Document>(parsed).root();
    decode_object(root, {origin, number, root.line()}, decoded);
  });
  return decoded;
}

}  // namespace sluice::source
