#include "agent/net/domain_name.h"

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

std::string read(const std::string& text) {
  const auto name = parse_domain_name(text);
  return name ? *name : name.error().message();
}

TEST(DomainName, IsCanonical) {
  EXPECT_EQ(read("www.example.com"), "www.example.com");
  EXPECT_EQ(read("WWW.Example.COM."), "www.example.com");
  EXPECT_EQ(read("_a-1.b"), "_a-1.b");
}

TEST(DomainName, IsOneThatCanBeLookedUp) {
  EXPECT_EQ(read("*.b.c"), "\"*.b.c\" is a pattern: give the names that were looked up, each by itself");
  EXPECT_EQ(read("localhost"),
            "\"localhost\" has one label: no pattern names it; give two or more, as www.example.com");
  EXPECT_NE(read(std::string(127, 'a') + "." + std::string(127, 'b')).find("is longer than 253"),
            std::string::npos);
  for (const std::string& text : {std::string(), std::string("."), std::string("a..b"), std::string("a.b.."),
                                  std::string("a/b.c"), std::string("a b.c"), std::string(64, 'x') + ".b"})
    EXPECT_NE(read(text).find("is no domain name"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::net
