#include "agent/convert/kinds.h"

#include <algorithm>

#include "agent/base/excerpt.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using decode::is_near;
using decode::plain;

struct DialectKind {
  Dialect dialect;
  std::string_view api_version, kind;
};
constexpr DialectKind kKinds[] = {
    {Dialect::kCilium, "cilium.io/v2", "CiliumNetworkPolicy"},
    {Dialect::kCilium, "cilium.io/v2", "CiliumClusterwideNetworkPolicy"},
    {Dialect::kCalico, "projectcalico.org/v3", "NetworkPolicy"},
    {Dialect::kCalico, "projectcalico.org/v3", "GlobalNetworkPolicy"},
    {Dialect::kCalico, "projectcalico.org/v3", "Tier"},
    {Dialect::kCalico, "projectcalico.org/v3", "NetworkSet"},
    {Dialect::kCalico, "projectcalico.org/v3", "GlobalNetworkSet"},
    {Dialect::kCalico, "crd.projectcalico.org/v1", "NetworkPolicy"},
    {Dialect::kCalico, "crd.projectcalico.org/v1", "GlobalNetworkPolicy"},
    {Dialect::kCalico, "crd.projectcalico.org/v1", "Tier"},
    {Dialect::kCalico, "crd.projectcalico.org/v1", "NetworkSet"},
    {Dialect::kCalico, "crd.projectcalico.org/v1", "GlobalNetworkSet"},
    {Dialect::kV1alpha1, "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"},
    {Dialect::kV1alpha1, "policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"}};

bool is_kind_nearly(std::string_view written, std::string_view kind) {
  std::string text = plain(written);
  const std::string name = plain(kind);
  if (text.ends_with("list")) text.resize(text.size() - 4);
  const bool plural = name.ends_with('y') && text == name.substr(0, name.size() - 1) + "ies";
  return plural || text == name + "s" || is_near(text, name);
}

// Without a group it was left out.
bool is_group_nearly(const std::string& group, std::string_view api_version) {
  const std::string name = plain(decode::group_of(api_version));
  return group.empty() || is_near(plain(group), name);
}

std::string hint(const std::string& kind, const std::string& api_version, const DialectKind& meant) {
  return base::excerpt(kind) + " is not known in " + base::excerpt(api_version) + ": did you mean " +
         std::string(meant.api_version) + " " + std::string(meant.kind) + "?";
}

const DialectKind* kind_of(const ForeignObject& object) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const DialectKind& one) {
    return one.api_version == object.api_version() && one.kind == object.kind;
  });
  return found == std::end(kKinds) ? nullptr : found;
}

// Of the dialect: first the group as it is written.
const DialectKind* nearly_kind_of(const ForeignObject& object, Dialect dialect) {
  for (const bool same_group : {true, false})
    for (const DialectKind& one : kKinds)
      if (one.dialect == dialect && is_kind_nearly(object.kind, one.kind) &&
          (same_group ? decode::group_of(one.api_version) == object.group
                      : is_group_nearly(object.group, one.api_version)))
        return &one;
  return nullptr;
}

std::string_view name_of(Dialect dialect) {
  for (const auto& [name, value] : kDialects)
    if (value == dialect) return name;
  return {};
}

// What only looks like a policy of ours is not one of others.
bool is_policy(const ForeignObject& object, const decode::KindReading& reading) {
  return kind_of(object) != nullptr || plain(object.kind).find("networkpol") != std::string::npos ||
         !reading.remark.empty();
}

void note_other(const ForeignObject& object, Dialect dialect, Output& output) {
  const decode::KindReading reading = decode::read_kind({object.api_version(), object.kind});
  const bool is_fault = reading.what == decode::KindReading::What::kFault;
  if (reading.what == decode::KindReading::What::kObject) return;
  // Decoding says it of Kubernetes' own.
  if (is_fault && object.group.empty() && is_kind_nearly(object.kind, "NetworkPolicy")) return;
  const std::string called = base::one_line(object.called());
  if (const DialectKind* meant = nearly_kind_of(object, dialect))
    return output.problem(called + ": " + hint(object.kind, object.api_version(), *meant));
  if (is_fault || !is_policy(object, reading)) return;
  const DialectKind* theirs = kind_of(object);
  output.remark(called + ": is passed over: " + base::excerpt(object.api_version()) +
                " is not read with --from " + std::string(name_of(dialect)) +
                (theirs ? ": convert it with --from " + std::string(name_of(theirs->dialect)) : ""));
}

}  // namespace

bool is_of_dialect(const decode::TypeMeta& type, Dialect dialect) {
  return std::any_of(std::begin(kKinds), std::end(kKinds), [&](const DialectKind& one) {
    return one.dialect == dialect && one.api_version == type.api_version && one.kind == type.kind;
  });
}

std::string near_dialect_fault(const decode::TypeMeta& type, Dialect dialect) {
  ForeignObject object;
  object.group = decode::group_of(type.api_version);
  object.kind = type.kind;
  if (object.group.empty()) return {};
  const DialectKind* meant = nearly_kind_of(object, dialect);
  return meant == nullptr ? "" : hint(type.kind, type.api_version, *meant);
}

void note_kinds(const Input& input, Dialect dialect, Output& output) {
  for (const ForeignObject& object : input.objects) {
    const DialectKind* kind = kind_of(object);
    if (kind == nullptr || kind->dialect != dialect)
      note_other(object, dialect, output);
    else if (object.is_defined_again)
      output.remark(base::one_line(object.called()) + ": is defined more than once: the last counts");
  }
}

}  // namespace sluice::convert
