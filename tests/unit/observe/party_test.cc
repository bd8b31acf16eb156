// Whom an option names.
#include "agent/observe/party.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

TEST(Party, NamesAnEnd) {
  const End web = denied_record().source, service = allowed_record().destination;
  End node;
  node.node = "node-1";
  struct Row {
    const char* text;
    const End& end;
    bool matches;
  };
  const Row rows[] = {
      {"shop/web-1", web, true},       {"shop/web", web, false},         {"other/web-1", web, false},
      {"shop/*", web, true},           {"shop/*", service, false},       {"shop/deployment/web", web, true},
      {"shop/deploy/web", web, true},  {"shop/sts/web", web, false},     {"other/deploy/web", web, false},
      {"10.244.1.21", web, true},      {"10.244.1.22", web, false},      {"10.244.0.0/16", web, true},
      {"fd00::/8", web, false},        {"0.0.0.0/0", node, false},       {"shop/service/api", service, true},
      {"shop/svc/api", service, true}, {"shop/svc/web", service, false}, {"node/node-1", node, true},
      {"node/node-1", web, false},
  };
  for (const Row& row : rows) {
    const auto party = Party::parse(row.text);
    ASSERT_TRUE(party) << row.text;
    EXPECT_EQ(party->matches(row.end), row.matches) << row.text;
  }
}

TEST(Party, WhatIsNobodyIsRefused) {
  for (const char* text :
       {"", "web", "shop/", "/web", "shop/deployment/", "shop/daemon/x", "a/b/c/d", "10.0.0.0/33"})
    EXPECT_FALSE(Party::parse(text)) << text;
}

}  // namespace
}  // namespace sluice::observe
