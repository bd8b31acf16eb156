// NetworkPolicy, GlobalNetworkPolicy, Tier, NetworkSet and GlobalNetworkSet of Calico, of either API group.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "agent/base/excerpt.h"
#include "agent/convert/calico.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kDefaultTierOrder = 1'000'000;
constexpr std::string_view kNameLabel = "projectcalico.org/name";
constexpr std::string_view kNamespaceLabel = "projectcalico.org/namespace";
constexpr std::string_view kOfNamespaces = "pcns.";

double read_order(const Field& field, double otherwise) {
  if (field.absent()) return otherwise;
  const std::string_view text = field.tree().text();
  double order = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), order);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(order))
    field.fail(base::excerpt(text) + " is no number");
  return order;
}

// A requirement of a workload's labels, which Calico adds some to.
std::string place(const model::Requirement& one, model::PodsPeer& pods) {
  model::Requirement moved = one;
  if (one.key == kNamespaceLabel) {
    moved.key = model::kNamespaceNameLabel;
    pods.namespaces.requirements.push_back(std::move(moved));
  } else if (one.key.starts_with(kOfNamespaces)) {
    moved.key = one.key.substr(kOfNamespaces.size());
    pods.namespaces.requirements.push_back(std::move(moved));
  } else if (one.key.starts_with("projectcalico.org/") || one.key.starts_with("pcsa.")) {
    return "the label " + base::excerpt(one.key) + " is Calico's own";
  } else {
    pods.pods.requirements.push_back(std::move(moved));
  }
  return {};
}

void place_of_namespace(const model::Requirement& one, model::PodsPeer& pods) {
  model::Requirement moved = one;
  if (one.key == kNameLabel) moved.key = model::kNamespaceNameLabel;
  pods.namespaces.requirements.push_back(std::move(moved));
}

CalicoSelector selector_of(const Field& field) {
  return field.value_of(parse_selector(field.text()));
}

bool is_of_calico(const ForeignObject& object) {
  return (object.group == "projectcalico.org" && object.version == "v3") ||
         (object.group == "crd.projectcalico.org" && object.version == "v1");
}

std::vector<CalicoSet> read_sets(const Input& input, Output& output) {
  std::vector<CalicoSet> sets;
  for (const ForeignObject& object : input.objects) {
    const bool global = object.kind == "GlobalNetworkSet";
    if (!is_of_calico(object) || (!global && object.kind != "NetworkSet")) continue;
    decode::Decoding decoding;
    const Field root(decoding, object.tree), spec = root.get("spec");
    spec.allow_only({"nets"});
    CalicoSet set;
    if (!global) set.ns = object.name.ns.empty() ? "default" : object.name.ns;
    root.get("metadata").get("labels").entries([&](std::string_view key, const Field& value) {
      set.labels[std::string(key)] = value.text();
    });
    spec.get("nets").each([&](const Field& net) {
      const auto ip = net::Ip::parse(net.text());
      set.cidrs.push_back(ip ? net::Cidr::host(*ip) : decode::decode_cidr(net));
    });
    output.note(object.called(), decoding);
    sets.push_back(std::move(set));
  }
  return sets;
}

void read_types(const Field& field, CalicoPolicy& policy, bool ingress, bool egress) {
  policy.has_type[0] = ingress || !egress;
  policy.has_type[1] = egress;
  if (field.absent() || field.tree().size() == 0) return;
  policy.has_type[0] = policy.has_type[1] = false;
  field.each([&](const Field& item) {
    const std::string type = item.text();
    if (type != "Ingress" && type != "Egress")
      item.fail(base::excerpt(type) + " is no type: use Ingress or Egress");
    policy.has_type[type == "Egress"] = true;
  });
}

void read_subject(const Field& spec, CalicoPolicy& policy, Output& output) {
  const auto opens = [&](const Field& field, const std::string& what) {
    output.lose({policy.called, field.path(), what,
                 "to leave it out would allow more: take it out of the input", true});
  };
  CalicoPods pods = read_calico_pods(spec.get("selector"), spec.get("namespaceSelector"), policy.ns);
  if (!pods.why_not.empty()) opens(spec.get("selector"), pods.why_not);
  policy.subjects = std::move(pods.any_of);
  for (const char* name : {"serviceAccountSelector"})
    if (const Field field = spec.get(name); !field.text().empty() && field.text() != "all()")
      opens(field, "pods cannot be selected by their service account");
  for (const char* name : {"doNotTrack", "preDNAT", "applyOnForward"})
    if (const Field field = spec.get(name); field.boolean().value_or(false))
      opens(field, "it protects nodes, and Sluice protects pods");
}

CalicoPolicy read_calico_policy(const ForeignObject& object, const std::vector<CalicoSet>& sets,
                                const Input& input, const Field& root, Output& output) {
  CalicoPolicy policy;
  root.allow_only({"apiVersion", "kind", "metadata", "spec", "status"});
  const Field spec = root.get("spec"), name = root.get("metadata").get("name");
  const bool global = object.kind == "GlobalNetworkPolicy";
  if (global)
    spec.allow_only({"tier", "order", "selector", "types", "ingress", "egress", "serviceAccountSelector",
                     "namespaceSelector", "doNotTrack", "preDNAT", "applyOnForward", "performanceHints"});
  else
    spec.allow_only({"tier", "order", "selector", "types", "ingress", "egress", "serviceAccountSelector",
                     "performanceHints"});
  policy.called = object.called();
  policy.name = name.required_text();
  name.check(policy.name, decode::dns_subdomain_fault(policy.name));
  if (!global) {
    policy.ns = object.name.ns.empty() ? "default" : object.name.ns;
    root.get("metadata").get("namespace").check(policy.ns, decode::dns_label_fault(policy.ns));
  }
  policy.tier = spec.get("tier").text().empty() ? "default" : spec.get("tier").text();
  policy.order = read_order(spec.get("order"), kInfinite);
  read_subject(spec, policy, output);
  const CalicoScope scope{policy.called, policy.ns, sets, input.cluster, output};
  for (const model::Direction direction : model::kDirections)
    policy.rules[static_cast<size_t>(direction)] =
        read_calico_rules(scope, spec.get(model::to_text(direction)), direction);
  read_types(spec.get("types"), policy, spec.get("ingress").tree().size() > 0,
             spec.get("egress").tree().size() > 0);
  for (const size_t at : {0, 1})
    if (!policy.has_type[at]) policy.rules[at].clear();
  return policy;
}

CalicoTier read_tier(const ForeignObject& object, const Field& root) {
  CalicoTier tier;
  tier.name = object.name.name;
  root.get("spec").allow_only({"order", "defaultAction"});
  tier.order = read_order(root.get("spec").get("order"), kInfinite);
  const Field action = root.get("spec").get("defaultAction");
  tier.passes = action.text() == "Pass";
  if (!action.absent() && !tier.passes && action.text() != "Deny") action.fail("is neither Deny nor Pass");
  return tier;
}

CalicoTier& tier_named(std::vector<CalicoTier>& tiers, const CalicoPolicy& policy, Output& output) {
  const auto found = std::find_if(tiers.begin(), tiers.end(),
                                  [&](const CalicoTier& tier) { return tier.name == policy.tier; });
  if (found != tiers.end()) return *found;
  // What Calico has by itself; of any other the order is not known.
  if (policy.tier != "default")
    output.problem(policy.called + ": spec.tier: " + base::excerpt(policy.tier) +
                   " is not in the input: put its Tier there");
  return tiers.emplace_back(CalicoTier{policy.tier, kDefaultTierOrder, false, false, {}});
}

void place_around_default(std::vector<CalicoTier>& tiers, Output& output) {
  double order = kDefaultTierOrder;
  for (const CalicoTier& tier : tiers)
    if (tier.name == "default") order = tier.order;
  for (CalicoTier& tier : tiers) {
    tier.before_default =
        tier.name != "default" && std::tie(tier.order, tier.name) < std::tuple(order, "default");
    if (tier.name == "default" || tier.before_default) continue;
    for (const CalicoPolicy& policy : tier.policies)
      output.lose({policy.called, "spec.tier",
                   "it comes after the tier default, and so after NetworkPolicies of Kubernetes",
                   "to say it before them would allow more: take it out of the input", true});
  }
}

}  // namespace

CalicoPods read_calico_pods(const Field& selector, const Field& namespaces, const std::string& ns) {
  const CalicoSelector pods = selector_of(selector), in = selector_of(namespaces);
  CalicoPods read;
  read.why_not = pods.why_not.empty() ? in.why_not : pods.why_not;
  if (pods.global) selector.fail("holds global(), which stands in a rule's namespaceSelector only");
  const bool says_where = !namespaces.text().empty();
  for (const model::LabelSelector& one : pods.any_of)
    for (const model::LabelSelector& where : in.any_of) {
      model::PodsPeer peer;
      for (const model::Requirement& requirement : one.requirements)
        if (const std::string why = place(requirement, peer); !why.empty()) read.why_not = why;
      for (const model::Requirement& requirement : where.requirements) place_of_namespace(requirement, peer);
      if (!ns.empty() && !says_where)
        peer.namespaces.requirements.push_back({model::kNamespaceNameLabel, model::Operator::kIn, {ns}});
      decode::make_set(peer.namespaces.requirements.edit());
      decode::make_set(peer.pods.requirements.edit());
      read.any_of.push_back(std::move(peer));
    }
  if (!read.why_not.empty() || in.global) read.any_of.clear();
  return read;
}

std::vector<CalicoTier> read_calico(const Input& input, Output& output) {
  const std::vector<CalicoSet> sets = read_sets(input, output);
  std::vector<CalicoTier> tiers;
  for (const ForeignObject& object : input.objects) {
    if (!is_of_calico(object) || object.kind != "Tier") continue;
    decode::Decoding decoding;
    tiers.push_back(read_tier(object, Field(decoding, object.tree)));
    output.note(object.called(), decoding);
  }
  for (const ForeignObject& object : input.objects) {
    if (!is_of_calico(object) || (object.kind != "NetworkPolicy" && object.kind != "GlobalNetworkPolicy"))
      continue;
    decode::Decoding decoding;
    CalicoPolicy policy = read_calico_policy(object, sets, input, Field(decoding, object.tree), output);
    output.note(object.called(), decoding);
    tier_named(tiers, policy, output).policies.push_back(std::move(policy));
  }
  place_around_default(tiers, output);
  std::erase_if(tiers, [](const CalicoTier& tier) { return tier.policies.empty(); });
  std::sort(tiers.begin(), tiers.end(), [](const CalicoTier& one, const CalicoTier& other) {
    return std::tie(one.order, one.name) < std::tie(other.order, other.name);
  });
  for (CalicoTier& tier : tiers)
    std::sort(tier.policies.begin(), tier.policies.end(),
              [](const CalicoPolicy& one, const CalicoPolicy& other) {
                return std::tie(one.order, one.name, one.ns) < std::tie(other.order, other.name, other.ns);
              });
  return tiers;
}

}  // namespace sluice::convert
