// Page: what the pictures have in common as HTML: one file, or served with its style and script beside it; nothing
// loaded from elsewhere, a style for light and dark, one small script of ours.
//
// Laws:
//  1. A text from outside stands in the markup only through base::escaped_markup(), in the data only through the JSON of
//     `data`, whose "<" are escaped: no name ends a tag or a script.
//  2. Same arguments, same bytes.
//
// Pure; any thread.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace sluice::picture {

struct Page {
  std::string title;        // plain text
  std::string body;         // markup
  std::string_view style;   // CSS behind that of all pages
  std::string_view script;  // runs once the body is there; reads the element "data"
  boost::json::value data;
  std::string_view name = {};  // of its files where it is served: "graph" of /graph.css and /graph.js
};

// All in one file.
std::string to_html(const Page& page);
// For a server that has asset() beside it. `above` is markup before the title.
std::string to_served_html(const Page& page, const std::string& above);

// The files of page/.
extern const std::string_view kPageCss, kGraphCss, kMatrixCss, kFlowsCss, kProblemCss, kDiffCss;
extern const std::string_view kGraphJs, kMatrixJs, kFlowsJs, kProblemJs, kDiffJs;
// By their names in page/; empty: there is none.
std::string_view asset(std::string_view file);

}  // namespace sluice::picture
