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

}  // namespace

std::string to_html(const Page& page) {
  const std::string title = base::escaped_markup(page.title);
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"" +
      std::string(kPolicy) + "\">\n<title>" + title + "</title>\n<style>\n";
  out += kPageCss;
  out += page.style;
  out += "</style></head><body>\n<h1>" + title + "</h1>\n" + page.body;
  out += "<script type=\"application/json\" id=\"data\">" +
         with_brackets_escaped(boost::json::serialize(page.data)) + "</script>\n<script>\n";
  out += page.script;
  return out + "</script>\n</body></html>\n";
}

}  // namespace sluice::picture
