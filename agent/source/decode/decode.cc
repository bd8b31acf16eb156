#include "agent/source/decode/decode.h"

#include <algorithm>
#include <cctype>

#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/kinds.h"
#include "agent/source/decode/names.h"
#include "agent/source/decode/tree_builder.h"

namespace sluice::source::decode {

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
  return protocol.absent() ? net::kTcp : protocol.value_of(net::Protocol::parse(protocol.text()));
}

net::Protocol decode_protocol_or_empty(const Field& protocol) {
  return protocol.text().empty() ? net::kTcp : decode_protocol(protocol);
}

net::Port decode_port(const Field& port) {
  if (port.absent()) port.fail("is missing: write a number between 1 and 65535");
  auto number = port.integer();
  return number ? port.value_of(net::Port::from_number(*number)) : net::Port();
}

namespace {

using model::Kind;
using model::ObjectId;
using model::ObjectName;

// Of a kind or its group, and of an object's kind and name together, for people.
constexpr size_t kLongestName = 512;
constexpr size_t kMostSkippedKinds = 100;  // of one file

class ObjectDecoder {
 public:
  ObjectDecoder(const Place& place, Decoded& decoded, Wanted wanted, const Translator* translator)
      : place_(place), decoded_(decoded), wanted_(wanted), translator_(translator) {}

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
    const KindReading read = read_kind(type);
    switch (read.what) {
      case KindReading::What::kObject:
      case KindReading::What::kFault:
        return read.facts ? object(root, read, type) : refuse(root, read);
      case KindReading::What::kList:
        return list(root, decoding,
                    read.facts ? TypeMeta{type.api_version, name_of_kind(*read.facts)} : TypeMeta{});
      case KindReading::What::kPassedOver:
        break;
    }
    const model::WorkloadKind* kind = model::workload_kind(type.kind, type.api_version);
    if (kind != nullptr && wanted_ != Wanted::kObjects) return workload(root, *kind, type);
    if (translator_ == nullptr || !foreign(root, decoding, type)) pass_over(root, type, read);
  }

 private:
  static std::string name_of_kind(const KindFacts& facts) { return std::string(model::to_text(facts.kind)); }

  void list(const Field& root, Decoding& decoding, const TypeMeta& implied) {
    std::string prefix = root.path().empty() ? "" : root.path() + ".";
    size_t index = 0;
    Field items = root.get("items");
    if (!items.absent() && items.tree().type() != TreeType::kSequence) items.fail("is not a list");
    if (decoding.fault()) return refuse(decoding, std::nullopt);
    for (Tree item : items.tree()) document(item, prefix + "items[" + std::to_string(index++) + "]", implied);
  }

  // False: the translator does not take it.
  bool foreign(const Field& root, Decoding& decoding, const TypeMeta& type) {
    constexpr std::string_view kList = "List";
    if (type.kind.ends_with(kList) && type.kind.size() > kList.size()) {
      const TypeMeta item{type.api_version, type.kind.substr(0, type.kind.size() - kList.size())};
      if (!translator_->read_kind(item.api_version, item.kind).taken) return false;
      list(root, decoding, item);
      return true;
    }
    const ForeignKind kind = translator_->read_kind(type.api_version, type.kind);
    if (!kind.taken && kind.fault.empty()) return false;
    if (!kind.taken)
      refuse(root, {KindReading::What::kFault, nullptr, kind.fault, "kind"});
    else
      foreign_object(root, type, kind.namespaced);
    return true;
  }

  void foreign_object(const Field& root, const TypeMeta& type, bool namespaced) {
    Decoding naming;
    ObjectName name = name_of(Field(naming, root.tree(), root.path()), /*label=*/false, namespaced);
    if (naming.fault()) return refuse(naming, std::nullopt);
    decoded_.foreign.push_back({{type.kind, std::move(name)},
                                type.api_version,
                                std::make_shared<const Document>(copy_of(root.tree())),
                                place_of(root)});
  }

  void pass_over(const Field& root, const TypeMeta& type, const KindReading& read) {
    const std::string_view group = group_of(type.api_version);
    skip(type.kind + (read.remark.empty() ? "" : "." + std::string(group)));
    if (read.remark.empty()) return;
    Decoding naming;
    const Field metadata = Field(naming, root.tree()).get("metadata");
    const ObjectName name{metadata.get("namespace").text(), metadata.get("name").text()};
    const std::string called = type.kind + (name.name.empty() ? "" : " " + name.to_text());
    note_written(root, type, name);
    decoded_.warnings.push_back({place_, std::nullopt, root.path(),
                                 base::shortened(called, kLongestName) + " (" +
                                     base::shortened(type.api_version, kLongestName) +
                                     ") is passed over: " + std::string(read.remark)});
  }

  // Kinds are whatever a document says: a name that none can have, and what comes after kMostSkippedKinds, is counted
  // with others like it.
  void skip(const std::string& kind) {
    const bool named = std::ranges::all_of(kind, [](unsigned char c) { return std::isalnum(c) || c == '.'; });
    std::string counted = named && kind.size() <= kLongestName ? kind : "of no kind";
    if (decoded_.skipped.size() >= kMostSkippedKinds && !decoded_.skipped.contains(counted))
      counted = "of other kinds";
    ++decoded_.skipped[counted];
  }

  void object(const Field& root, const KindReading& read, const TypeMeta& type) {
    Decoding naming;
    ObjectId id{read.facts->kind, name_of(Field(naming, root.tree(), root.path()), *read.facts)};
    if (naming.fault() && read.remark.empty()) return refuse(naming, std::nullopt);
    if (naming.fault()) return refuse(root, read);
    // From here on the object's name says where; paths start at the object.
    Decoding decoding;
    Field object_root(decoding, root.tree());
    if (!read.remark.empty()) object_root.get(read.field).fail(read.remark);
    auto object = value_of(object_root, id, decoding);
    if (decoding.fault()) return refuse(decoding, id);
    if (!object) {
      ++decoded_.skipped[name_of_kind(*read.facts) + " of FQDN"];
      return;
    }
    for (const auto& warning : decoding.warnings())
      decoded_.warnings.push_back({place_, id, warning.field, warning.message});
    if (const size_t more = decoding.more_warnings(); more > 0)
      decoded_.warnings.push_back({place_, id, "", "and " + std::to_string(more) + " warnings more"});
    decoded_.objects.push_back({std::move(*object), place_of(root)});
    note_written(root, type, id.name);
  }

  void workload(const Field& root, const model::WorkloadKind& kind, const TypeMeta& type) {
    Decoding decoding;
    const Field object(decoding, root.tree());
    const ObjectName name = name_of(object, /*label=*/false, /*namespaced=*/true);
    model::Workload workload = decode_workload(object, kind, name);
    if (decoding.fault()) {
      const std::string called = std::string(kind.kind) + " " + name.to_text() + ": ";
      return decoded_.add_nameless(problem(decoding, std::nullopt, called));
    }
    decoded_.workloads.push_back({std::move(workload), place_of(root)});
    note_written(root, type, name);
  }

  void note_written(const Field& root, const TypeMeta& type, const ObjectName& name) {
    if (wanted_ == Wanted::kAsWritten)
      decoded_.written.push_back(decode_written(root.tree(), type, name, place_of(root)));
  }

  // An item of a list has a line of its own.
  Place place_of(const Field& root) const {
    Place place = place_;
    if (root.tree().line() > 0) place.line = root.tree().line();
    return place;
  }

  static ObjectName name_of(const Field& root, const KindFacts& facts) {
    return name_of(root, facts.kind == Kind::kNamespace || facts.kind == Kind::kService, facts.namespaced);
  }

  static ObjectName name_of(const Field& root, bool label, bool namespaced) {
    Field metadata = root.get("metadata"), name = metadata.get("name"), ns = metadata.get("namespace");
    ObjectName object_name{"", name.required_text()};
    name.check(object_name.name,
               label ? dns_label_fault(object_name.name) : dns_subdomain_fault(object_name.name));
    if (!namespaced) return object_name;
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
        // Of another kind or version nothing is known.
        ClosedPolicy read = decoding.fault() ? closed_policy(id.name) : decode_policy(root, id.name);
        model::Object policy = read.policy;
        if (decoding.fault()) decoded_.closed.push_back(std::move(read));
        return policy;
      }
      case Kind::kClusterNetworkPolicy: {
        // Of another version nothing is known, not even whom it is for.
        if (decoding.fault()) return std::nullopt;
        std::optional<ClosedPolicy> read = decode_cluster_policy(root, id.name);
        if (!read) return std::nullopt;  // with a fault
        model::Object policy = read->policy;
        if (decoding.fault()) decoded_.closed.push_back(std::move(*read));
        return policy;
      }
    }
    return std::nullopt;
  }

  // Of a kind that is none, where not even the object's name is known.
  void refuse(const Field& root, const KindReading& read) {
    Decoding decoding;
    Field(decoding, root.tree(), root.path()).get(read.field).fail(read.remark);
    refuse(decoding, std::nullopt);
  }

  void refuse(const Decoding& decoding, const std::optional<ObjectId>& id) {
    if (id) return decoded_.problems.push_back(problem(decoding, id));
    decoded_.complete = false;
    decoded_.add_nameless(problem(decoding, id));
  }

  // `called`: of what is no object of the model, where a person looks for it.
  Problem problem(const Decoding& decoding, const std::optional<ObjectId>& id,
                  const std::string& called = {}) const {
    const Decoding::Remark& fault = *decoding.fault();
    Problem problem{place_, id, called.empty() ? fault.field : "", fault.message, fault.not_rendered};
    if (!called.empty()) problem.message = called + fault.field + ": " + fault.message;
    if (fault.not_rendered && fault.line > 0) problem.place.line = fault.line;
    return problem;
  }

  const Place& place_;
  Decoded& decoded_;
  const Wanted wanted_;
  const Translator* const translator_;
};

constexpr std::string_view kMore = " more of what cannot be read: mend the first ones";

// What is asked of a file beside its objects.
struct Asked {
  Wanted wanted = Wanted::kObjects;
  const Translator* translator = nullptr;
};

void decode_as(const Tree& tree, const Place& place, const TypeMeta& implied, const Asked& asked,
               Decoded& decoded) {
  if (tree.type() == TreeType::kMap)
    return ObjectDecoder(place, decoded, asked.wanted, asked.translator).document(tree, "", implied);
  decoded.complete = false;
  decoded.add_nameless(
      {place, std::nullopt, "", "is " + std::string(to_text(tree.type())) + ", not a Kubernetes object"});
}

}  // namespace

void Decoded::add_nameless(Problem problem) {
  if (nameless++ < kMostNameless) return problems.push_back(std::move(problem));
  if (nameless == kMostNameless + 1) {
    count_at_ = problems.size();
    problems.push_back({{problem.place.origin, 0, 0}, std::nullopt, "", ""});
  }
  problems[count_at_].message = std::to_string(nameless - kMostNameless) + std::string(kMore);
}

void decode_object_of(model::Kind kind, const Tree& tree, const Place& place, Decoded& decoded) {
  decode_as(tree, place, {std::string(facts_of(kind).api_version), std::string(model::to_text(kind))}, {},
            decoded);
}

Decoded decode(std::string_view bytes, const std::string& origin, Wanted wanted,
               const Translator* translator) {
  Decoded decoded;
  for_each_document(bytes, [&](int number, const std::variant<Document, SyntaxError>& parsed) {
    if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
      decoded.complete = false;
      decoded.add_nameless({{origin, number, error->line},
                            std::nullopt,
                            "",
                            "line " + std::to_string(error->line) + ": " + error->message,
                            error->not_rendered});
      return;
    }
    Tree root = std::get<Document>(parsed).root();
    decode_as(root, {origin, number, root.line()}, {}, {wanted, translator}, decoded);
  });
  return decoded;
}

}  // namespace sluice::source::decode
