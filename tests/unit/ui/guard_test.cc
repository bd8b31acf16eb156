#include "agent/ui/guard.h"

#include <gmock/gmock.h>

namespace sluice::ui {
namespace {

using ::testing::HasSubstr;

TEST(Guard, LoopbackAlone) {
  for (const char* fine : {"127.0.0.1:9620", "127.8.9.1:0", "[::1]:80"})
    EXPECT_TRUE(loopback_endpoint(fine)) << fine;
  for (const char* reachable :
       {"0.0.0.0:9620", "[::]:9620", "10.0.0.1:9620", "[fe80::1]:80", "[::ffff:10.0.0.1]:1"})
    EXPECT_THAT(loopback_endpoint(reachable).error().message(), HasSubstr("others could reach it"))
        << reachable;
  for (const char* wrong : {"", "9620", "localhost:9620", "127.0.0.1", "127.0.0.1:x", "::1:80"})
    EXPECT_THAT(loopback_endpoint(wrong).error().message(), HasSubstr("is no ADDRESS:PORT")) << wrong;
}

TEST(Guard, NamesOfThisMachineAlone) {
  for (const char* own :
       {"localhost", "localhost:9620", "127.0.0.1", "127.0.0.1:9620", "127.0.0.2:1", "[::1]", "[::1]:80"})
    EXPECT_TRUE(is_own_host(own)) << own;
  for (const char* other :
       {"", ":", ":9620", "evil.example", "evil.example:9620", "localhost.evil.example:80", "10.0.0.1",
        "127.0.0.1.evil.example", "localhost:80:80", "localhost:x", "[::1", "::1", "[::1]x:80",
        "127.0.0.1@evil.example", "[fe80::1]:80", "2130706433:80"})
    EXPECT_FALSE(is_own_host(other)) << other;
}

}  // namespace
}  // namespace sluice::ui
