// Whose certificate may ask for which node.
#include "agent/relay/peer.h"

#include <gtest/gtest.h>

namespace sluice::relay {
namespace {

constexpr auto kCertificate = NodeNames::kCertificate, kAny = NodeNames::kAny;

TEST(MayFollow, WhoseCertificateNamesTheNodeOrAnybodyWhereThatIsAllowed) {
  const struct {
    PeerNames peer;
    const char* node;
    NodeNames rule;
    bool may;
  } rows[] = {
      {{"system:node:a", {}}, "a", kCertificate, true},
      {{"system:node:a", {}}, "b", kCertificate, false},
      {{"system:node:a", {}}, "b", kAny, false},
      {{"system:node:a", {"b"}}, "b", kCertificate, false},
      {{"system:node:a", {}}, "a ", kCertificate, false},
      {{"system:node:", {}}, "a", kAny, false},
      {{"watcher", {"a", "c"}}, "a", kCertificate, true},
      {{"watcher", {"a", "c"}}, "c", kCertificate, true},
      {{"watcher", {"a"}}, "b", kCertificate, false},
      {{"watcher", {"a"}}, "b", kAny, true},
      {{"a", {}}, "a", kCertificate, false},
      {{"", {}}, "a", kCertificate, false},
      {{"", {}}, "a", kAny, true},
  };
  for (const auto& row : rows)
    EXPECT_EQ(static_cast<bool>(may_follow(row.peer, row.node, row.rule)), row.may)
        << row.peer.common_name << " asks for " << row.node;
}

TEST(MayFollow, ARefusalSaysWhoAskedAndWhatIsDue) {
  EXPECT_EQ(may_follow({"watcher", {}}, "a", kCertificate).error().message(),
            "node a: the certificate is that of watcher: it must have the common name system:node:a, or the "
            "node as a "
            "DNS name");
}

TEST(NodeNamesOption, IsOneOfTwo) {
  EXPECT_EQ(*parse_node_names("any"), kAny);
  EXPECT_EQ(*parse_node_names("certificate"), kCertificate);
  EXPECT_FALSE(parse_node_names("off"));
}

}  // namespace
}  // namespace sluice::relay
