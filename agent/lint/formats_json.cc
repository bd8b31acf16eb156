#include <boost/json.hpp>

#include "agent/lint/formats.h"

namespace sluice::lint {
namespace {

namespace json = boost::json;

json::string json_of(std::string_view text) {
  return json::string(json::string_view(text.data(), text.size()));
}

// SARIF 2.1.0 section 3.27.10: informational findings are notes.
std::string_view sarif_level(Level level) {
  return level == Level::kInfo ? "note" : to_text(level);
}

// A path as a URI reference (RFC 3986): what is no unreserved character is percent-encoded.
std::string uri_of(const std::string& path) {
  constexpr std::string_view kUnreserved = "-._~/";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kUnreserved.find(c) != kUnreserved.npos) {
      uri += c;
    } else {
      uri += '%';
      uri += kDigits[byte >> 4];
      uri += kDigits[byte & 15];
    }
  }
  return uri;
}

json::object message_of(std::string_view text) {
  return {{"text", json_of(text)}};
}

json::array sarif_rules() {
  json::array rules;
  for (const RuleFacts& facts : kRules)
    rules.push_back(
        json::object{{"id", json_of(facts.id)},
                     {"shortDescription", message_of(facts.summary)},
                     {"help", message_of("docs/lint/" + std::string(facts.id) + ".md")},
                     {"defaultConfiguration", json::object{{"level", json_of(sarif_level(facts.level))}}}});
  return rules;
}

json::object sarif_location(const Finding& finding) {
  json::object physical{{"artifactLocation", json::object{{"uri", json_of(uri_of(finding.file))}}}};
  if (finding.line > 0) physical["region"] = json::object{{"startLine", finding.line}};
  json::object location{{"physicalLocation", std::move(physical)}};
  if (finding.object.empty()) return location;
  const std::string name = finding.object + (finding.field.empty() ? "" : ": " + finding.field);
  location["logicalLocations"] = json::array{json::object{{"fullyQualifiedName", json_of(name)}}};
  return location;
}

}  // namespace

std::string to_json(const std::vector<Finding>& findings) {
  std::string text = "[";
  for (const Finding& finding : findings) {
    const RuleFacts& rule = facts_of(finding.rule);
    const json::object object{{"rule", json_of(rule.id)},
                              {"level", json_of(to_text(rule.level))},
                              {"object", json_of(finding.object)},
                              {"field", json_of(finding.field)},
                              {"file", json_of(finding.file)},
                              {"line", finding.line},
                              {"message", json_of(finding.message)},
                              {"mend", json_of(finding.mend)}};
    text += (text.size() == 1 ? "\n " : ",\n ") + json::serialize(object);
  }
  return text + (findings.empty() ? "]\n" : "\n]\n");
}

std::string to_sarif(const std::vector<Finding>& findings, std::string_view version) {
  json::array results;
  for (const Finding& finding : findings) {
    const RuleFacts& rule = facts_of(finding.rule);
    results.push_back(json::object{{"ruleId", json_of(rule.id)},
                                   {"ruleIndex", static_cast<unsigned>(finding.rule)},
                                   {"level", json_of(sarif_level(rule.level))},
                                   {"message", message_of(finding.message + "; mend: " + finding.mend)},
                                   {"locations", json::array{sarif_location(finding)}}});
  }
  const json::object driver{{"name", "sluicectl"}, {"version", json_of(version)}, {"rules", sarif_rules()}};
  const json::object run{{"tool", json::object{{"driver", driver}}}, {"results", std::move(results)}};
  const json::object log{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                         {"version", "2.1.0"},
                         {"runs", json::array{run}}};
  return json::serialize(log) + "\n";
}

}  // namespace sluice::lint
