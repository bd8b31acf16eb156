// JSON values as text that people read and kubectl applies. Pure; any thread.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace sluice::source::encode {

// One document: block style, the keys' order kept, a text that YAML would read as something else in quotes.
std::string to_yaml_document(const boost::json::value& value);

// With two spaces a level and a newline at the end.
std::string to_indented_json(const boost::json::value& value);

}  // namespace sluice::source::encode
