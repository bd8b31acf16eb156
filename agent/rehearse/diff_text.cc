// Changes as JSON and Markdown.
#include <boost/json/serialize.hpp>

#include "agent/rehearse/diff.h"

namespace sluice::rehearse {

namespace json = boost::json;

namespace {

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : between) + text;
  return all;
}

json::object to_json_object(const Change& change) {
  return {{"from", change.from},
          {"to", change.to},
          {"protocol", change.share.protocol},
          {"ports", change.share.ports},
          {"by", json::array(change.by.begin(), change.by.end())}};
}

std::string lines_of(const std::vector<Change>& changes) {
  std::string text;
  for (const Change& change : changes)
    text += (text.empty() ? "\n  " : ",\n  ") + json::serialize(to_json_object(change));
  return "[" + text + "]";
}

std::string markdown_table(const char* title, const std::vector<Change>& changes) {
  std::string text = std::string("### ") + title + " (" + std::to_string(changes.size()) + ")\n\n";
  if (changes.empty()) return text + "nothing\n\n";
  text += "| from | to | what | by |\n|---|---|---|---|\n";
  for (const Change& change : changes)
    text += "| `" + change.from + "` | `" + change.to + "` | " + traffic_text(change.share) + " | " +
            (change.by.empty() ? "no policy decides it any more" : "`" + joined(change.by, "`, `") + "`") +
            " |\n";
  return text + "\n";
}

}  // namespace

std::string traffic_text(const Share& share) {
  if (share.protocol == "any") return "everything";
  return share.protocol + (share.ports.empty() ? "" : " " + share.ports);
}

std::string other_times_text(const Changes& changes) {
  const auto& policies = changes.at_other_times;
  if (policies.empty()) return "";
  return joined(policies, ", ") + (policies.size() == 1 ? " differs" : " differ") +
         " at other times: compare with --at TIME";
}

std::string to_json(const Changes& changes) {
  std::string text =
      "{\"opened\": " + lines_of(changes.opened) + ",\n\"closed\": " + lines_of(changes.closed);
  if (const auto& policies = changes.at_other_times; !policies.empty())
    text += ",\n\"at_other_times\": " + json::serialize(json::array(policies.begin(), policies.end()));
  return text + "}\n";
}

std::string to_markdown(const Changes& changes) {
  std::string text =
      changes.empty() ? "No connection opens or closes.\n"
                      : markdown_table("Opened", changes.opened) + markdown_table("Closed", changes.closed);
  if (!changes.at_other_times.empty())
    text += std::string(changes.empty() ? "\n" : "") + other_times_text(changes) + "\n";
  return text;
}

}  // namespace sluice::rehearse
