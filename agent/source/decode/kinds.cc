#include "agent/source/decode/kinds.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "agent/base/edit_distance.h"
#include "agent/base/excerpt.h"

namespace sluice::source::decode {
namespace {

using model::Kind;
using What = KindReading::What;

constexpr std::array<KindFacts, 7> kKindFacts = {
    {{Kind::kPod, "v1", true},
     {Kind::kNamespace, "v1", false},
     {Kind::kNode, "v1", false},
     {Kind::kService, "v1", true},
     {Kind::kEndpointSlice, "discovery.k8s.io/v1", true},
     {Kind::kNetworkPolicy, "networking.k8s.io/v1", true},
     {Kind::kClusterNetworkPolicy, "policy.networking.k8s.io/v1alpha2", false}}};

// What kubectl takes for a kind on its command line (kubectl api-resources).
constexpr std::pair<std::string_view, Kind> kOtherNames[] = {
    {"po", Kind::kPod},
    {"ns", Kind::kNamespace},
    {"no", Kind::kNode},
    {"svc", Kind::kService},
    {"netpol", Kind::kNetworkPolicy},
    {"networkpolicies", Kind::kNetworkPolicy},
    {"clusternetworkpolicies", Kind::kClusterNetworkPolicy}};

// What policy.networking.k8s.io had before ClusterNetworkPolicy, in v1alpha1 (semantics 41).
constexpr std::string_view kFormerGroup = "policy.networking.k8s.io";
constexpr std::string_view kFormerKinds[] = {"AdminNetworkPolicy", "BaselineAdminNetworkPolicy"};

// Groups of other engines' policies.
constexpr std::string_view kPolicyGroups[] = {"cilium.io", "projectcalico.org", "crd.projectcalico.org",
                                              "crd.antrea.io", "security.antrea.tanzu.vmware.com"};

constexpr size_t kLongestName = 64;  // what is longer is no slip of the pen

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

const KindFacts* facts_named(std::string_view kind) {
  const auto* found = std::find_if(kKindFacts.begin(), kKindFacts.end(), [&](const KindFacts& facts) {
    return model::to_text(facts.kind) == kind;
  });
  return found == kKindFacts.end() ? nullptr : found;
}

// Of a kind that is not spelled as one of ours.
const KindFacts* facts_nearly_named(const std::string& kind) {
  for (const auto& [name, meant] : kOtherNames)
    if (kind == name) return &facts_of(meant);
  for (const KindFacts& facts : kKindFacts) {
    const std::string name = plain(model::to_text(facts.kind));
    if (kind == name || kind == name + "s" || is_near(kind, name)) return &facts;
  }
  return contains(kind, "networkpolic") ? &facts_of(Kind::kNetworkPolicy) : nullptr;
}

bool is_group_of_ours_nearly(std::string_view group) {
  if (group == "policy") return false;  // of PodDisruptionBudget
  for (const KindFacts& facts : kKindFacts) {
    const std::string_view ours = group_of(facts.api_version);
    if (ours.empty()) continue;
    const bool begun = group.size() >= ours.find('.') && ours.starts_with(group);
    if (begun || is_near(plain(group), plain(ours))) return true;
  }
  return false;
}

// A CustomResourceDefinition's group has a dot, and *.k8s.io and *.kubernetes.io are kept for Kubernetes
// (api-approved.kubernetes.io).
bool is_group_of_others(std::string_view group) {
  return contains(group, ".") && !group.ends_with(".k8s.io") && !group.ends_with(".kubernetes.io") &&
         !is_group_of_ours_nearly(group);
}

std::string full_name(const KindFacts& facts, std::string_view suffix = {}) {
  return std::string(facts.api_version) + " " + std::string(model::to_text(facts.kind)) + std::string(suffix);
}

// Of a group that others own, or whose kinds are policies that are not enforced.
KindReading theirs(const std::string& kind, bool policies, const KindFacts* ours) {
  if (contains(kind, "networkpol") || (policies && contains(kind, "pol")))
    return {What::kPassedOver,
            nullptr,
            "only " + full_name(facts_of(Kind::kNetworkPolicy)) + " and " +
                full_name(facts_of(Kind::kClusterNetworkPolicy)) + " are enforced",
            {}};
  if (ours) return {What::kPassedOver, nullptr, "it is no " + full_name(*ours), {}};
  return {};
}

bool is_former(std::string_view group, std::string_view kind) {
  if (kind.ends_with("List")) kind.remove_suffix(4);
  return group == kFormerGroup &&
         std::find(std::begin(kFormerKinds), std::end(kFormerKinds), kind) != std::end(kFormerKinds);
}

KindReading fault(const TypeMeta& type, const KindFacts& meant, bool list) {
  const std::string name = full_name(meant, list ? "List" : ""), question = ": did you mean " + name + "?";
  const bool kind_is_right = name.ends_with(" " + type.kind);
  KindReading reading{What::kFault, list ? nullptr : &meant, {}, kind_is_right ? "apiVersion" : "kind"};
  if (kind_is_right)
    reading.remark = base::excerpt(type.api_version) + " is not known for " + type.kind + question;
  else
    reading.remark =
        base::excerpt(type.kind) + " is not known in " + base::excerpt(type.api_version) + question;
  return reading;
}

}  // namespace

const KindFacts& facts_of(Kind kind) {
  return *std::find_if(kKindFacts.begin(), kKindFacts.end(),
                       [&](const KindFacts& facts) { return facts.kind == kind; });
}

std::string plain(std::string_view text) {
  std::string letters;
  for (char c : text.substr(0, kLongestName + 1))
    if (auto byte = static_cast<unsigned char>(c); std::isalnum(byte))
      letters += static_cast<char>(std::tolower(byte));
  return letters;
}

bool is_near(const std::string& text, const std::string& name) {
  constexpr size_t kLong = 8;  // letters, in which two slips are as likely as another word
  return text.size() <= kLongestName && base::edit_distance(text, name) <= (name.size() < kLong ? 1 : 2);
}

std::string_view group_of(std::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == api_version.npos ? std::string_view() : api_version.substr(0, slash);
}

KindReading read_kind(const TypeMeta& type) {
  constexpr std::string_view kList = "List";
  if (type.kind == kList) return {What::kList, nullptr, {}, {}};
  const bool list = type.kind.ends_with(kList);
  const KindFacts* named =
      facts_named(std::string_view(type.kind).substr(0, type.kind.size() - (list ? kList.size() : 0)));
  if (named && !list && named->api_version == type.api_version) return {What::kObject, named, {}, {}};

  const std::string_view group = group_of(type.api_version);
  if (is_former(group, type.kind))
    return {What::kPassedOver,
            nullptr,
            "it is not enforced: write it as " + full_name(facts_of(Kind::kClusterNetworkPolicy)),
            {}};
  const std::string kind = plain(type.kind);
  const bool policies =
      std::find(std::begin(kPolicyGroups), std::end(kPolicyGroups), group) != std::end(kPolicyGroups);
  if (policies || is_group_of_others(group)) return theirs(kind, policies, named);
  if (named) return list ? KindReading{What::kList, named, {}, {}} : fault(type, *named, false);
  if (kind == "list" || kind == "lists")
    return {What::kFault, nullptr, base::excerpt(type.kind) + " is not known: did you mean v1 List?", "kind"};
  const bool list_nearly = kind.ends_with("list") && kind.size() > kList.size();
  const std::string item = list_nearly ? kind.substr(0, kind.size() - kList.size()) : kind;
  const KindFacts* meant = facts_nearly_named(item);
  if (!meant && is_group_of_ours_nearly(group) && contains(item, "pol"))
    meant = &facts_of(Kind::kNetworkPolicy);
  return meant ? fault(type, *meant, list_nearly) : KindReading{};
}

}  // namespace sluice::source::decode
