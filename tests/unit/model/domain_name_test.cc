#include "agent/model/domain_name.h"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

TEST(DomainName, APatternMatchesTheNameOrWhatEndsSoAfterALabelOrMore) {
  EXPECT_TRUE(domain_matches("www.example.com", "www.example.com"));
  EXPECT_FALSE(domain_matches("www.example.com", "example.com"));
  EXPECT_TRUE(domain_matches("*.example.com", "www.example.com"));
  EXPECT_TRUE(domain_matches("*.example.com", "a.b.example.com"));
  EXPECT_FALSE(domain_matches("*.example.com", "example.com"));
  EXPECT_FALSE(domain_matches("*.example.com", ".example.com")) << "no label before it";
  EXPECT_FALSE(domain_matches("*.example.com", "bexample.com"));
  EXPECT_FALSE(domain_matches("*.example.com", "www.example.com.evil.net"));
}

}  // namespace
}  // namespace sluice::model
