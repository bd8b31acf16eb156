#include "agent/names/file.h"

#include <gtest/gtest.h>

namespace sluice::names {
namespace {

// "a.b: 192.0.2.1; c.d:", or the error.
std::string read(std::string_view bytes) {
  const auto names = read_names(bytes, "names.json");
  if (!names) return names.error().message();
  std::string text;
  for (const auto& [name, addresses] : *names) {
    text += (text.empty() ? "" : "; ") + name + ":";
    for (const net::Ip& ip : addresses) text += " " + ip.to_text();
  }
  return text;
}

TEST(ReadNames, LinesOfNamesAndAddresses) {
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("{\"name\": \"www.example.com\", \"addresses\": [\"203.0.113.9\", \"2001:db8::1\"]}\n"),
            "www.example.com: 203.0.113.9 2001:db8::1");
  EXPECT_EQ(read("{\"name\": \"b.c\", \"addresses\": [\"203.0.113.9\"]}\r\n \t\r\n\n{\"addresses\": [], "
                 "\"name\": \"a_1.b-2\"}"),
            "a_1.b-2:; b.c: 203.0.113.9");
}

TEST(ReadNames, NamesAreCanonicalAndJoined) {
  EXPECT_EQ(read("{\"name\": \"WWW.Example.com.\", \"addresses\": [\"203.0.113.9\"]}\n"
                 "{\"name\": \"www.example.com\", \"addresses\": [\"203.0.113.8\", \"203.0.113.9\"]}\n"),
            "www.example.com: 203.0.113.8 203.0.113.9");
}

TEST(ReadNames, WhatIsWrongIsSaidWithLineAndField) {
  const std::string label(64, 'x'), long_name = "a." + std::string(60, 'x') + "." + std::string(63, 'y') +
                                                "." + std::string(63, 'z') + "." + std::string(63, 'w');
  const struct {
    std::string line, error;
  } rows[] = {
      {"nonsense", "not JSON: syntax error"},
      {"[]", "is no JSON object: give {\"name\": \"www.example.com\", \"addresses\": [\"203.0.113.9\"]}"},
      {"{\"addresses\": []}", "name: is missing"},
      {"{\"name\": \"a.b\"}", "addresses: is missing"},
      {"{\"name\": 1, \"addresses\": []}", "name: is no text"},
      {"{\"name\": \"a.b\", \"address\": []}", "\"address\": unknown field: there are name and addresses"},
      {"{\"name\": \"a.b\", \"addresses\": \"192.0.2.1\"}",
       "addresses: is no list: give one of texts, as [\"203.0.113.9\"]"},
      {"{\"name\": \"a.b\", \"addresses\": [\"192.0.2.1\", 2]}",
       "addresses[1]: is no text: give an address, as \"203.0.113.9\""},
      {"{\"name\": \"*.b.c\", \"addresses\": []}",
       "name: \"*.b.c\" is a pattern: give the names that were looked up, each by itself"},
      {"{\"name\": \"localhost\", \"addresses\": []}",
       "name: \"localhost\" has one label: no pattern names it; give two or more, as www.example.com"},
      {"{\"name\": \"" + long_name + "\", \"addresses\": []}",
       "name: \"" + long_name.substr(0, 64) + "…\" is longer than 253 characters"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(read("\n" + row.line + "\n"), "names.json: line 2: " + row.error) << row.line;
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a..b"), std::string(".a.b"), std::string("a b.c"),
        std::string("a.b.."), label + ".b", std::string("ä.b")})
    EXPECT_NE(read("{\"name\": \"" + name + "\", \"addresses\": []}").find("is no domain name"),
              std::string::npos)
        << name;
  EXPECT_NE(read("{\"name\": \"a.b\", \"addresses\": [\"192.0.2.256\"]}").find("line 1: addresses[0]: "),
            std::string::npos);
}

TEST(ReadNames, IsBounded) {
  EXPECT_EQ(read(std::string(65 * 1024, 'x')),
            "names.json: line 1: the line is longer than 64 KiB: give the name's addresses in several lines");
  EXPECT_EQ(read(std::string(kMostBytes + 1, '\n')), "names.json: is larger than 16 MiB");
  const std::string deep = "{\"name\": " + std::string(60'000, '[');
  EXPECT_NE(read(deep).find("line 1: not JSON"), std::string::npos);
}

}  // namespace
}  // namespace sluice::names
