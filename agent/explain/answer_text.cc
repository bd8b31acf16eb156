// An Answer as JSON, YAML and text.
#include "agent/explain/answer.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "agent/model/tiers.h"
#include "agent/source/encode/object.h"
#include "agent/source/encode/text.h"

namespace sluice::explain {

namespace json = boost::json;

using model::Side;

namespace {

json::array array_of(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object side_object(const SideAnswer& side) {
  json::array near;
  for (const Miss& miss : side.near) {
    json::array failed;
    for (const FailedTerm& term : miss.failed)
      failed.push_back({{"term", term.term}, {"want", term.want}, {"have", term.have}});
    near.push_back({{"rule", miss.rule}, {"failed", std::move(failed)}});
  }
  json::object object{
      {"opinion", json::string_view(to_text(side.opinion).data(), to_text(side.opinion).size())},
      {"rules", array_of(side.rules)},
      {"isolated_by", array_of(side.isolated_by)},
      {"near", std::move(near)}};
  if (!side.audited_by.empty()) object["audited_by"] = array_of(side.audited_by);
  if (!side.names.empty()) object["names"] = array_of(side.names);
  if (!side.by_names.empty()) object["by_names"] = array_of(side.by_names);
  if (side.elsewhere) object["elsewhere"] = true;
  if (!side.reason.empty()) object["reason"] = side.reason;
  if (!side.text.empty()) object["text"] = side.text;
  json::array steps;
  for (const TraceStep& step : side.trace) steps.push_back({{"what", step.what}, {"found", step.found}});
  if (!steps.empty()) object["trace"] = std::move(steps);
  if (side.fix) object["fix"] = source::encode::to_json_object(*side.fix);
  return object;
}

json::object answer_object(const Answer& answer) {
  json::object object{{"verdict", answer.verdict() == model::Verdict::kAllow ? "allow" : "deny"},
                      {"reason", answer.reason()},
                      {"egress", side_object(answer.egress)},
                      {"ingress", side_object(answer.ingress)}};
  if (!answer.endpoints.empty()) {
    json::array endpoints;
    for (const EndpointAnswer& endpoint : answer.endpoints)
      endpoints.push_back({{"endpoint", endpoint.name},
                           {"ip", endpoint.ip.to_text()},
                           {"port", endpoint.port.host()},
                           {"ingress", side_object(endpoint.ingress)}});
    object["endpoints"] = std::move(endpoints);
  }
  return object;
}

json::object name_object(const NameAnswer& answer) {
  json::object object = answer_object(answer.deciding());
  json::array addresses;
  for (const Answer& one : answer.answers) {
    json::object entry;
    entry["ip"] = one.to;
    for (const auto& member : answer_object(one)) entry[member.key()] = member.value();
    addresses.push_back(std::move(entry));
  }
  object["name"] = answer.name;
  object["addresses"] = std::move(addresses);
  return object;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

constexpr size_t kMissesShown = 3, kTraceWidth = 11;

class TextWriter {
 public:
  explicit TextWriter(bool colour) : colour_(colour) {}

  void head(const Answer& answer) {
    const bool allowed = answer.verdict() == model::Verdict::kAllow;
    text_ += paint(allowed ? "allowed" : "denied", allowed ? "32" : "31") + ": " + answer.from + " -> " +
             answer.to + " " + to_text(answer.protocol, answer.port.value_or(net::Port())) + " (" +
             answer.reason() + ")\n";
  }

  void side(const std::string& name, const SideAnswer& side) {
    text_ += "  " + name + ": " + opinion(side) + "\n";
    if (!side.audited_by.empty())
      text_ += "    in audit, and would deny it: " + joined(side.audited_by) + "\n";
    names(side);
    for (const TraceStep& step : side.trace)
      text_ += "    " + step.what + std::string(kTraceWidth - std::min(step.what.size(), kTraceWidth), ' ') +
               step.found + "\n";
    if (side.opinion != Side::kDeny) return;
    for (size_t i = 0; i < side.near.size() && i < kMissesShown; ++i) miss(side.near[i]);
    if (side.near.size() > kMissesShown)
      text_ += "    and " + std::to_string(side.near.size() - kMissesShown) +
               " rules more, which fail by more (-o json)\n";
  }

  // What denies by rules are ClusterNetworkPolicies.
  void mend(const Answer& answer) {
    std::set<std::string> admins, baselines;
    const auto add = [&](const SideAnswer& side) {
      if (side.opinion != Side::kDeny) return;
      for (const std::string& rule : side.rules)
        (model::tier_of(rule) == model::Tier::kAdmin ? admins : baselines).insert(rule);
    };
    add(answer.egress);
    if (answer.endpoints.empty()) add(answer.ingress);
    for (const EndpointAnswer& endpoint : answer.endpoints) add(endpoint.ingress);
    for (const std::string& rule : admins)
      text_ += "  no NetworkPolicy opens what tier Admin denies: only a rule that accepts or passes before " +
               rule + " does\n";
    if (!admins.empty()) return;
    const bool fix = answer.egress.fix || answer.ingress.fix;
    if (fix) text_ += "  to allow it: the same command with --fix prints the policy\n";
    if (!baselines.empty())
      text_ +=
          "  whom a NetworkPolicy isolates the Baseline is not asked about: the policy must allow all else "
          "that is "
          "to work\n";
    else if (!fix && answer.verdict() == model::Verdict::kDeny)
      text_ += "  no NetworkPolicy that names labels alone can allow just this\n";
  }

  std::string take() { return std::move(text_); }

 private:
  std::string paint(const std::string& text, const char* code) const {
    return colour_ ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
  }

  // Whoever may reach an address by one name reaches all that answers there (semantics 75).
  void names(const SideAnswer& side) {
    if (side.names.empty()) return;
    if (side.by_names.empty()) {
      text_ += "    names of the address: " + joined(side.names) + "\n";
      return;
    }
    text_ += "    because of the name " + joined(side.by_names) + "\n";
    std::vector<std::string> others;
    std::ranges::set_difference(side.names, side.by_names, std::back_inserter(others));
    if (!others.empty())
      text_ += "    the address has other names, which are reached by it too: " + joined(others) + "\n";
  }

  static std::string opinion(const SideAnswer& side) {
    if (side.elsewhere) return "not known here: " + side.text;
    if (side.opinion == Side::kAllow && side.rules.empty()) return "allowed: " + side.text;
    if (side.opinion == Side::kAllow)
      return "allowed by " + (side.text.empty() ? joined(side.rules) : side.text);
    if (side.opinion == Side::kNone) return "open: " + side.text;
    if (!side.rules.empty()) return "denied by " + side.text;
    return "denied: " + side.text +
           (side.isolated_by.empty() ? "" : "; isolated by " + joined(side.isolated_by));
  }

  void miss(const Miss& miss) {
    text_ += "    nearest " + miss.rule + "\n";
    size_t width = 0;
    for (const FailedTerm& term : miss.failed) width = std::max(width, term.term.size());
    for (const FailedTerm& term : miss.failed)
      text_ += "      " + term.term + std::string(width - term.term.size(), ' ') + "  wants " + term.want +
               ", has " + term.have + "\n";
  }

  const bool colour_;
  std::string text_;
};

}  // namespace

std::string to_text(const Answer& answer, bool colour, bool mends) {
  TextWriter writer(colour);
  writer.head(answer);
  writer.side("egress of " + answer.from, answer.egress);
  if (answer.endpoints.empty()) writer.side("ingress of " + answer.to, answer.ingress);
  for (const EndpointAnswer& endpoint : answer.endpoints)
    writer.side("ingress of " + (endpoint.name.empty() ? endpoint.ip.to_text() : endpoint.name) + " port " +
                    std::to_string(endpoint.port.host()),
                endpoint.ingress);
  if (mends) writer.mend(answer);
  return writer.take();
}

std::string to_text(const NameAnswer& answer, bool colour) {
  std::string text;
  for (const Answer& one : answer.answers) text += to_text(one, colour, /*mends=*/&one == &answer.deciding());
  return text;
}

std::string to_json(const NameAnswer& answer) {
  return source::encode::to_indented_json(name_object(answer));
}

std::string to_yaml(const NameAnswer& answer) {
  return source::encode::to_yaml_document(name_object(answer));
}

std::string to_json(const Answer& answer) {
  return source::encode::to_indented_json(answer_object(answer));
}

std::string to_yaml(const Answer& answer) {
  return source::encode::to_yaml_document(answer_object(answer));
}

std::string fixes_yaml(const Answer& answer) {
  std::vector<const model::NetworkPolicy*> fixes;
  if (answer.egress.fix) fixes.push_back(&*answer.egress.fix);
  // Of a Service one for all endpoints that have the same labels.
  const auto add = [&fixes](const SideAnswer& side) {
    const auto same = [&side](const auto* fix) {
      return fix->name.ns == side.fix->name.ns && fix->pod_selector == side.fix->pod_selector &&
             fix->ingress == side.fix->ingress && fix->isolates_ingress;
    };
    if (side.fix && std::ranges::none_of(fixes, same)) fixes.push_back(&*side.fix);
  };
  if (answer.endpoints.empty()) add(answer.ingress);
  for (const EndpointAnswer& endpoint : answer.endpoints) add(endpoint.ingress);
  std::string text;
  for (const auto* fix : fixes)
    text += "---\n" + source::encode::to_yaml_document(source::encode::to_json_object(*fix));
  return text;
}

}  // namespace sluice::explain
