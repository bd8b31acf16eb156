#include "agent/picture/flows_page.h"

#include "agent/base/markup.h"

namespace sluice::picture {
namespace {

constexpr std::string_view kFlowsBody = R"(<div class="bar">
<label>Search <input id="search" type="search" placeholder="name, address, port or policy" autocomplete="off"></label>
<label>Show <select id="verdict"><option value="">all</option><option value="denied">denied</option>
<option value="audit">audit</option><option value="allowed">allowed</option></select></label>
<label><input id="hold" type="checkbox"> hold</label>
<span id="found" role="status"></span></div>
<p id="problem" class="problem" role="alert" hidden></p>
<main><div class="flows"><table><thead><tr><th scope="col">Time</th><th scope="col">Verdict</th><th scope="col">From</th>
<th scope="col">To</th><th scope="col">Protocol</th><th scope="col">Why</th><th scope="col">Packets</th></tr></thead>
<tbody id="rows"></tbody></table><p id="none" class="soft">Nothing was denied of late. What is denied shows here within a
second or two.</p></div>
<aside id="panel" aria-live="polite"><h2>Choose a row</h2><p>A click, or Enter, says why, and what would allow it.</p></aside></main>
<details class="legend"><summary>Legend</summary><ul>
<li><span class="verdict denied">denied</span> a policy isolates the pod, and no rule lets it through</li>
<li><span class="verdict audit">audit</span> it passed, and would have been denied</li>
<li><span class="verdict allowed">allowed</span> a new connection that was allowed, of pods that are observed
(<code>sluice.dev/observe: allowed</code>)</li>
<li>times are this browser's; an arrow at the verdict says in which direction the pod judged it; the last 1000 records
are kept</li>
<li>keys: / searches, arrows up and down move, Enter explains</li></ul></details>
)";

}  // namespace

Page flows_page() {
  return {"What is denied now", std::string(kFlowsBody), kFlowsCss, kFlowsJs, boost::json::object(), "flows"};
}

Page problem_page(const std::string& title, const std::string& problem, bool tries_again) {
  return {title,
          "<p class=\"problem\" role=\"alert\">" + base::escaped_markup(problem) + "</p>\n" +
              (tries_again ? "<p class=\"soft\">This page comes back by itself once the agent answers.</p>\n"
                           : ""),
          kProblemCss,
          kProblemJs,
          boost::json::object{{"triesAgain", tries_again}},
          "problem"};
}

}  // namespace sluice::picture
