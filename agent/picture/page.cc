#include "agent/picture/page.h"

#include <boost/json/serialize.hpp>

#include "agent/base/markup.h"

namespace sluice::picture {

namespace {

// Nothing is loaded, nothing is sent: the browser holds the page to it.
constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action "
    "'none'";

std::string with_brackets_escaped(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

constexpr char kBegin[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
    "content=\"width=device-width, initial-scale=1\">\n";

std::string content_of(const Page& page) {
  return "<h1>" + base::escaped_markup(page.title) + "</h1>\n" + page.body +
         "<script type=\"application/json\" id=\"data\">" +
         with_brackets_escaped(boost::json::serialize(page.data)) + "</script>\n";
}

}  // namespace

std::string to_html(const Page& page) {
  std::string out = std::string(kBegin) + "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
                    std::string(kPolicy) + "\">\n<title>" + base::escaped_markup(page.title) +
                    "</title>\n<style>\n";
  out += kPageCss;
  out += page.style;
  out += "</style></head><body>\n" + content_of(page) + "<script>\n";
  out += page.script;
  return out + "</script>\n</body></html>\n";
}

std::string to_served_html(const Page& page, const std::string& above) {
  const std::string file = "/" + std::string(page.name);
  return kBegin + ("<title>" + base::escaped_markup(page.title)) +
         "</title>\n<link rel=\"stylesheet\" href=\"/page.css\">\n<link rel=\"stylesheet\" href=\"" + file +
         ".css\"></head><body>\n" + above + content_of(page) + "<script src=\"" + file +
         ".js\"></script>\n</body></html>\n";
}

std::string_view asset(std::string_view file) {
  for (const auto& [name, text] : {std::pair<std::string_view, std::string_view>("page.css", kPageCss),
                                   {"graph.css", kGraphCss},
                                   {"graph.js", kGraphJs},
                                   {"matrix.css", kMatrixCss},
                                   {"matrix.js", kMatrixJs},
                                   {"flows.css", kFlowsCss},
                                   {"flows.js", kFlowsJs},
                                   {"problem.css", kProblemCss},
                                   {"problem.js", kProblemJs}})
    if (name == file) return text;
  return {};
}

}  // namespace sluice::picture
