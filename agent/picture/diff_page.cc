#include "agent/picture/diff_page.h"

#include "agent/base/markup.h"

namespace sluice::picture {
namespace {

constexpr std::string_view kDiffControls = R"(<div class="bar">
<label>Search <input id="search" type="search" placeholder="name, port or policy" autocomplete="off"></label>
<label>Show <select id="kind"><option value="">both</option><option value="opened">what opens</option>
<option value="closed">what closes</option></select></label>
<span id="found" role="status"></span></div>
)";

std::string by_text(const rehearse::Change& change) {
  if (change.by.empty()) return "no policy decides it any more";
  std::string all;
  for (const std::string& rule : change.by) all += (all.empty() ? "" : ", ") + rule;
  return all;
}

// `kind`: "opened" or "closed".
std::string section(const std::string& kind, const char* title,
                    const std::vector<rehearse::Change>& changes) {
  std::string text = "<section class=\"changes " + kind + "\"><h2>" + title + " (" +
                     std::to_string(changes.size()) +
                     ")</h2>\n<table><thead><tr><th scope=\"col\">from<th scope=\"col\">to<th "
                     "scope=\"col\">what<th scope=\"col\">by</tr></thead>\n<tbody>\n";
  for (const rehearse::Change& change : changes) {
    text += "<tr>";
    for (const std::string& cell :
         {change.from, change.to, rehearse::traffic_text(change.share), by_text(change)})
      text += "<td>" + base::escaped_markup(cell);
    text += "</tr>\n";
  }
  return text + "</tbody></table></section>\n";
}

}  // namespace

Page diff_page(const rehearse::Changes& changes) {
  const std::string later =
      changes.at_other_times.empty()
          ? ""
          : "<p class=\"note\">" + base::escaped_markup(rehearse::other_times_text(changes)) + "</p>\n";
  return {"What opens and what closes",
          std::string(kDiffControls) + later + section("opened", "Opened", changes.opened) +
              section("closed", "Closed", changes.closed),
          kDiffCss,
          kDiffJs,
          boost::json::object(),
          "diff"};
}

}  // namespace sluice::picture
