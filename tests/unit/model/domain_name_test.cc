#include "agent/model/domain_name.h"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

// Semantics 73.
TEST(DomainName, MatchesAPattern) {
  const struct {
    const char *pattern, *name;
    bool matches;
  } rows[] = {
      {"example.com", "example.com", true},        {"example.com", "www.example.com", false},
      {"*.example.com", "www.example.com", true},  {"*.example.com", "a.b.example.com", true},
      {"*.example.com", "example.com", false},     {"*.example.com", "bexample.com", false},
      {"*.example.com", ".example.com", false},    {"*.example.com", "www.example.com.org", false},
      {"*.b.example.com", "b.example.com", false}, {"*.b.example.com", "a.example.com", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(domain_matches(row.pattern, row.name), row.matches) << row.pattern << " " << row.name;
}

TEST(DomainName, IsAmongPatterns) {
  EXPECT_TRUE(is_among("a.b.c", {"x.y", "*.b.c"}));
  EXPECT_FALSE(is_among("b.c", {"x.y", "*.b.c"}));
  EXPECT_FALSE(is_among("b.c", {}));
}

}  // namespace
}  // namespace sluice::model
