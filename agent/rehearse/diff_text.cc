// Changes as JSON, Markdown and HTML.
#include <boost/json/serialize.hpp>

#include "agent/base/markup.h"
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

std::string traffic_text(const Share& share) {
  if (share.protocol == "any") return "everything";
  return share.protocol + (share.ports.empty() ? "" : " " + share.ports);
}

std::string markdown_table(const char* title, const std::vector<Change>& changes) {
  std::string text = std::string("### ") + title + " (" + std::to_string(changes.size()) + ")\n\n";
  if (changes.empty()) return text + "nothing\n\n";
  text += "| from | to | what | by |\n|---|---|---|---|\n";
  for (const Change& change : changes)
    text += "| `" + change.from + "` | `" + change.to + "` | " + traffic_text(change.share) + " | " +
            (change.by.empty() ? "nobody isolates it any more" : "`" + joined(change.by, "`, `") + "`") +
            " |\n";
  return text + "\n";
}

std::string html_table(const char* title, const char* colour, const std::vector<Change>& changes) {
  std::string text = std::string("<h2 class=\"") + colour + "\">" + title + " (" +
                     std::to_string(changes.size()) + ")</h2>\n<table class=\"" + colour +
                     "\">\n<thead><tr><th>from<th>to<th>what<th>by</tr></thead>\n<tbody>\n";
  for (const Change& change : changes)
    text +=
        "<tr><td>" + base::escaped_markup(change.from) + "<td>" + base::escaped_markup(change.to) + "<td>" +
        base::escaped_markup(traffic_text(change.share)) + "<td>" +
        (change.by.empty() ? "nobody isolates it any more" : base::escaped_markup(joined(change.by, ", "))) +
        "</tr>\n";
  return text + "</tbody>\n</table>\n";
}

constexpr char kPageHead[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice: what opens and what closes</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid #8884; vertical-align: top; overflow-wrap: anywhere; }
thead th { position: sticky; top: 0; background: Canvas; }
.opened { --mark: #2a8f4c; } .closed { --mark: #c23b3b; }
h2 { color: var(--mark); } tbody tr { border-left: 4px solid var(--mark); }
</style></head><body>
<h1>What opens and what closes</h1>
)";

}  // namespace

std::string to_json(const Changes& changes) {
  return "{\"opened\": " + lines_of(changes.opened) + ",\n\"closed\": " + lines_of(changes.closed) + "}\n";
}

std::string to_markdown(const Changes& changes) {
  if (changes.empty()) return "No connection opens or closes.\n";
  return markdown_table("Opened", changes.opened) + markdown_table("Closed", changes.closed);
}

std::string to_html(const Changes& changes) {
  return kPageHead + html_table("Opened", "opened", changes.opened) +
         html_table("Closed", "closed", changes.closed) + "</body></html>\n";
}

}  // namespace sluice::rehearse
