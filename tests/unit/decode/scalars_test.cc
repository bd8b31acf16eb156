#include "agent/source/decode/scalars.h"

#include <gtest/gtest.h>

#include "agent/source/decode/names.h"

namespace sluice::source::decode {
namespace {

TEST(Scalars, IntegersAsYamlWritesThem) {
  const std::pair<const char*, std::optional<int64_t>> rows[] = {
      {"0", 0},          {"80", 80},  {"-1", -1},   {"+7", 7},     {"0x50", 80},
      {"0o120", 80},     {"080", {}}, {"8 0", {}},  {"", {}},      {"-", {}},
      {"1.0", {}},       {"1e3", {}}, {"0x-1", {}}, {"1_000", {}}, {"99999999999999999999", {}},
      {"0b1010000", 80}, {"0b", {}},  {"0b2", {}},  {"0b-1", {}},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(parse_integer(text), expected) << text;
}

TEST(Scalars, PlainTextThatIsNoString) {
  for (const char* text : {"1", "-1.5", "1e3", ".5", "0x1F", "0o17", "0b101", "-0b1", "+0x1F", "8_080",
                           "0x_50", "1_0.5", ".inf", "-.Inf", ".nan", "010", "1."})
    EXPECT_EQ(plain_type(text), "a number") << text;
  for (const char* text : {"true", "False", "TRUE", "yes", "No", "ON", "off", "y", "N"})
    EXPECT_EQ(plain_type(text), "a boolean") << text;
  for (const char* text : {"http", "1.2.3.4", "a1", "1a",   "e3",  ".",  "-",   "0x",  "0xg", "2024-01-01",
                           "yeS",  "nO",      "_1", "y_es", "a_1", "0b", "0b2", "1_a", "ja",  ""})
    EXPECT_EQ(plain_type(text), "") << text;
}

TEST(Scalars, Timestamps) {
  const std::pair<const char*, int64_t> good[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2024-02-29T12:34:56Z", 1709210096},
      {"2024-02-29T12:34:56.789Z", 1709210096},
      {"2024-02-29T14:34:56+02:00", 1709210096},
      {"2024-02-29T10:04:56-02:30", 1709210096},
  };
  for (const auto& [text, seconds] : good) {
    auto parsed = parse_timestamp(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, seconds) << text;
  }
  for (const char* text :
       {"", "2024-02-29", "2023-02-29T00:00:00Z", "2024-02-29T24:00:00Z", "2024-02-29T12:34:56",
        "2024-02-29T12:34:56.Z", "2024-02-29 12:34:56Z", "2024-02-29T12:34:56+0200", "x"})
    EXPECT_FALSE(parse_timestamp(text).ok()) << text;
}

TEST(Names, Syntax) {
  const std::string long63(63, 'a'), long64(64, 'a');
  struct Row {
    Fault (*fault)(std::string_view);
    std::string text;
    bool good;
  };
  const Row rows[] = {
      {dns_label_fault, "web-1", true},      {dns_label_fault, long63, true},
      {dns_label_fault, long64, false},      {dns_label_fault, "Web", false},
      {dns_label_fault, "-a", false},        {dns_label_fault, "", false},
      {dns_label_fault, "a.b", false},       {dns_subdomain_fault, "a.b-c.d", true},
      {dns_subdomain_fault, "a..b", false},  {dns_subdomain_fault, "a.", false},
      {label_key_fault, "app", true},        {label_key_fault, "a.b/C_d.e", true},
      {label_key_fault, "A/b", false},       {label_key_fault, "a/", false},
      {label_key_fault, "a/b/c", false},     {label_key_fault, "", false},
      {label_key_fault, long64, false},      {label_value_fault, "", true},
      {label_value_fault, "v1.2_x-Y", true}, {label_value_fault, "-x", false},
      {label_value_fault, "a b", false},     {label_value_fault, long64, false},
      {port_name_fault, "http", true},       {port_name_fault, "p-8080", true},
      {port_name_fault, "8080", false},      {port_name_fault, "a--b", false},
      {port_name_fault, "HTTP", false},      {port_name_fault, "abcdefghijklmnop", false},
  };
  for (const Row& row : rows) EXPECT_EQ(row.fault(row.text).empty(), row.good) << row.text;
}

}  // namespace
}  // namespace sluice::source::decode
