#include "agent/ui/site.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "agent/picture/flows_page.h"
#include "agent/ui/guard.h"

namespace sluice::ui {

namespace json = boost::json;
using serve::HttpAnswer;

namespace {

constexpr char kHtml[] = "text/html; charset=utf-8", kJson[] = "application/json",
               kText[] = "text/plain; charset=utf-8";
constexpr size_t kLongestValue = 128;  // of a query's
constexpr size_t kMostValues = 32;     // of one key

// Of "a=1&a=2&b=3". Nothing is decoded: what may stand there needs no escape.
std::vector<std::string> values_of(std::string_view query, std::string_view key) {
  std::vector<std::string> values;
  while (!query.empty() && values.size() < kMostValues) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const size_t equals = part.find('=');
    if (equals == part.npos || part.substr(0, equals) != key) continue;
    const std::string_view value = part.substr(equals + 1);
    if (!value.empty() && value.size() <= kLongestValue) values.emplace_back(value);
  }
  return values;
}

std::string value_of(std::string_view query, std::string_view key) {
  const auto values = values_of(query, key);
  return values.empty() ? "" : values.front();
}

HttpAnswer json_answer(const json::object& object) {
  return {200, kJson, json::serialize(object)};
}

// Of "graph.css": what a browser takes a file for.
std::string type_of(std::string_view file) {
  return file.ends_with(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8";
}

constexpr std::string_view kGraphForm =
    "<form action=\"/graph\"><label>Only namespace <input name=\"namespace\" size=\"14\" "
    "autocomplete=\"off\"></label> "
    "<button>draw</button></form>";
constexpr std::string_view kMatrixForm =
    "<form action=\"/matrix\"><label>Port <input name=\"port\" size=\"8\" autocomplete=\"off\" "
    "placeholder=\"number or "
    "name\"></label> <select name=\"protocol\" "
    "aria-label=\"protocol\"><option>TCP</option><option>UDP</option>"
    "<option>SCTP</option></select> <button>ask</button></form>";

}  // namespace

HttpAnswer Site::answer(const serve::HttpRequest& request) const {
  HttpAnswer answer = is_own_host(request.host)
                          ? content(request)
                          : HttpAnswer{403, kText, "ask for it as localhost or by its loopback address\n"};
  answer.headers = {{"Content-Security-Policy",
                     "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                     "form-action 'self'; base-uri 'none'; "
                     "frame-ancestors 'none'"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Referrer-Policy", "no-referrer"},
                    {"Cross-Origin-Resource-Policy", "same-origin"},
                    {"Cross-Origin-Opener-Policy", "same-origin"},
                    {"Cache-Control", "no-store"}};
  return answer;
}

HttpAnswer Site::content(const serve::HttpRequest& request) const {
  const std::string path(request.path == "/" ? (sources_.flows ? "/" : "/graph") : request.path);
  if (path == "/") return page(path, picture::flows_page());
  if (path == "/graph") return page(path, sources_.graph(values_of(request.query, "namespace")));
  if (path == "/matrix")
    return page(path, sources_.matrix(values_of(request.query, "port"), value_of(request.query, "protocol")));
  if (path == "/flows" && sources_.flows) return flows(request.query);
  if (path == "/why" && sources_.why) return why(request.query);
  if (path == "/favicon.ico") return {204, kText, ""};
  const std::string_view asset =
      path.starts_with('/') ? picture::asset(std::string_view(path).substr(1)) : "";
  if (!asset.empty()) return {200, type_of(path), std::string(asset)};
  return {404, kText, "there are /, /graph and /matrix\n"};
}

std::string Site::navigation(const std::string& path) const {
  std::string out = "<nav aria-label=\"pages\">";
  for (const auto& [href, name] :
       {std::pair<std::string, const char*>("/", "Denied now"), {"/graph", "Graph"}, {"/matrix", "Matrix"}}) {
    if (href == "/" && !sources_.flows) continue;
    out +=
        "<a href=\"" + href + "\"" + (href == path ? " aria-current=\"page\"" : "") + ">" + name + "</a>\n";
  }
  if (path != "/")
    out += std::string("<span class=\"soft\">as it was when this page was loaded</span>") +
           std::string(path == "/graph" ? kGraphForm : kMatrixForm);
  return out + "</nav>\n";
}

HttpAnswer Site::page(const std::string& path, const base::Result<picture::Page>& made) const {
  if (made) return {200, kHtml, picture::to_served_html(*made, navigation(path))};
  // What else is wrong stays so, whoever answers.
  const bool is_away = sources_.flows && !sources_.flows(INT64_MAX);
  return {
      200, kHtml,
      picture::to_served_html(picture::problem_page("It cannot be shown", made.error().message(), is_away),
                              navigation(path))};
}

HttpAnswer Site::flows(std::string_view query) const {
  const std::string text = value_of(query, "since");
  int64_t since = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), since);
  if (bad != std::errc() || end != text.data() + text.size() || since < 0)
    return {400, kText, "since: write milliseconds since 1970\n"};
  const auto records = sources_.flows(since);
  std::string flows;
  if (records)
    for (const std::string& record : *records) flows += (flows.empty() ? "" : ",\n") + record;
  const json::string problem(records ? std::string() : records.error().message());
  return {200, kJson, "{\"problem\": " + json::serialize(problem) + ", \"flows\": [" + flows + "]}\n"};
}

HttpAnswer Site::why(std::string_view query) const {
  const auto why = sources_.why(value_of(query, "event"));
  if (!why) return json_answer(json::object{{"problem", why.error().message()}});
  return json_answer(json::object{{"text", why->text}, {"fix", why->fix}, {"problem", ""}});
}

}  // namespace sluice::ui
