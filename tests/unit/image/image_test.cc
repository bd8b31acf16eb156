#include "agent/image/image.h"

#include "agent/image/encode.h"
#include "agent/image/reach.h"

#include <gtest/gtest.h>

namespace sluice::image {
namespace {

net::PortRange range(uint16_t first, uint16_t last) {
  return {net::Port::from_host(first), net::Port::from_host(last)};
}
net::Ip ip(const char* text) {
  return net::Ip::parse(text).value();
}
net::Cidr cidr(const char* text) {
  return net::Cidr::parse(text).value();
}

struct PortsetRow {
  const char* name;
  std::vector<std::pair<net::Protocol, net::PortRange>> added;
  const char* text;
};

class PortsetForm : public testing::TestWithParam<PortsetRow> {};

TEST_P(PortsetForm, IsCanonicalInAnyOrderOfArrival) {
  Portset forward, backward;
  for (const auto& [protocol, r] : GetParam().added) forward.add(protocol, r);
  for (auto row = GetParam().added.rbegin(); row != GetParam().added.rend(); ++row)
    backward.add(row->first, row->second);
  EXPECT_EQ(to_text(forward), GetParam().text);
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward.id(), backward.id());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, PortsetForm,
    testing::Values(
        PortsetRow{"empty", {}, "none"}, PortsetRow{"one", {{net::kTcp, range(80, 80)}}, "TCP 80"},
        PortsetRow{"adjacent", {{net::kTcp, range(80, 80)}, {net::kTcp, range(81, 90)}}, "TCP 80-90"},
        PortsetRow{"apart", {{net::kTcp, range(80, 80)}, {net::kTcp, range(82, 90)}}, "TCP 80,82-90"},
        PortsetRow{"swallowed", {{net::kTcp, range(5, 9)}, {net::kTcp, range(1, 100)}}, "TCP 1-100"},
        PortsetRow{"bridged",
                   {{net::kTcp, range(1, 10)}, {net::kTcp, range(20, 30)}, {net::kTcp, range(8, 21)}},
                   "TCP 1-30"},
        PortsetRow{"ends", {{net::kUdp, range(0, 0)}, {net::kUdp, range(65535, 65535)}}, "UDP 0,65535"},
        PortsetRow{
            "everything", {{net::kSctp, net::PortRange::all()}, {net::kSctp, range(7, 7)}}, "SCTP 0-65535"},
        PortsetRow{
            "protocols apart", {{net::kUdp, range(53, 53)}, {net::kTcp, range(53, 53)}}, "TCP 53 UDP 53"},
        PortsetRow{"no ports", {{net::kIcmp, range(1, 2)}}, "none"}),
    [](const auto& row) {
      std::string name = row.param.name;
      for (char& c : name)
        if (c == ' ') c = '_';
      return name;
    });

TEST(Portset, ContainsBothEndsAndNothingBeside) {
  Portset set;
  set.add(net::kTcp, range(80, 90));
  for (auto [port, inside] : {std::pair{79, false}, {80, true}, {90, true}, {91, false}})
    EXPECT_EQ(set.contains(net::kTcp, net::Port::from_host(static_cast<uint16_t>(port))), inside) << port;
  EXPECT_FALSE(set.contains(net::kUdp, net::Port::from_host(80)));
  EXPECT_FALSE(set.contains(net::kIcmp, net::Port()));
}

Image small() {
  Image image;
  image.addresses[ip("10.0.0.1")] = {{7}, false, false};
  image.prefixes[cidr("10.0.0.0/8")] = {8};
  image.prefixes[cidr("10.1.0.0/16")] = {};
  image.prefixes[cidr("fd00::/8")] = {9};
  image.rules[{{1}, {7}}] = Ref::all();
  return image;
}

TEST(Difference, AppliedToBeforeIsAfter) {
  Image before = small(), after = small();
  after.addresses.erase(ip("10.0.0.1"));
  after.prefixes[cidr("10.0.0.0/8")] = {10};
  after.sources[{{3}, cidr("10.0.0.0/8")}] = SLUICE_SOURCE_ALLOWED;
  after.sources[{{3}, cidr("10.0.0.1/32")}] = SLUICE_SOURCE_FOREIGN;
  after.services[{false, ip("10.96.0.1"), net::kTcp, net::Port::from_host(80)}] = {11};
  Difference change = difference(before, after);
  EXPECT_EQ(change.entries(), 5u);
  EXPECT_EQ(to_text(change),
            "- address 10.0.0.1 identity 0000000000000007\n"
            "~ prefix 10.0.0.0/8 identity 0000000000000008 -> prefix 10.0.0.0/8 identity 000000000000000a\n"
            "+ source 0000000000000003 10.0.0.0/8 allowed\n"
            "+ source 0000000000000003 10.0.0.1/32 foreign\n"
            "+ service 10.96.0.1 TCP 80 identity 000000000000000b\n");
  const Image start = before;
  apply(before, change);
  EXPECT_EQ(before, after);
  apply(before, inverse(change));
  EXPECT_EQ(before, start);
  apply(before, change);
  EXPECT_TRUE(difference(before, after).empty());
}

TEST(Difference, SeesAnEndpointThatOnlyMovedItsInterface) {
  Image before, after;
  before.endpoints[{1}].ifindex = 4;
  after.endpoints[{1}].ifindex = 5;
  EXPECT_EQ(difference(before, after).endpoints.size(), 1u);
}

TEST(Difference, SeesNamesAndWhoAsksForThem) {
  Image before = small(), after = small();
  before.endpoints[{1}].ifindex = after.endpoints[{1}].ifindex = 4;
  before.names = {{1, {0xc1}}, {2, {0xc1}}};
  after.names = {{2, {0xc2}}, {16383, {0xc1}}};
  after.endpoints[{1}].names = true;
  const Difference change = difference(before, after);
  EXPECT_EQ(change.entries(), 4u);
  EXPECT_EQ(to_text(change),
            "- name 1 class 00000000000000c1\n"
            "~ name 2 class 00000000000000c1 -> name 2 class 00000000000000c2\n"
            "+ name 16383 class 00000000000000c1\n"
            "~ endpoint 0000000000000001  interface 4 ingress open egress open -> endpoint 0000000000000001  "
            "interface 4 "
            "names ingress open egress open\n");
  const Image start = before;
  apply(before, change);
  EXPECT_EQ(before, after);
  apply(before, inverse(change));
  EXPECT_EQ(before, start);
}

TEST(Named, TheClassOfANameIsToldFromAnIdentityAndBack) {
  const IdentityId identity{7}, all_bits{(1ULL << 62) - 1};
  const NameClassId name_class{0xc1};
  EXPECT_NE(named(identity, name_class), identity);
  EXPECT_EQ(named({}, name_class).value, name_class.value);
  EXPECT_EQ(named(named(identity, name_class), {name_class.value}), identity);
  EXPECT_EQ(named(all_bits, name_class).value & ~((1ULL << 62) - 1), 0u)
      << "the upper bits are the address's flags";
}

TEST(Reach, ARuleOfANameIsReachedWhileItsClassAndItsIdentityAre) {
  Image image = small();
  image.endpoints[{1}].sides[SLUICE_EGRESS] = {{1}, Ref::none()};
  image.names[1] = {0xc1};
  Reach reach;
  reach.add(image);
  const struct {
    const char* what;
    RuleKey rule;
    bool reached;
  } rows[] = {
      {"an address's identity", {{1}, {7}}, true},
      {"with the name", {{1}, named({7}, {0xc1})}, true},
      {"an address of no identity with the name", {{1}, named({}, {0xc1})}, true},
      {"a name of another class", {{1}, named({7}, {0xc2})}, false},
      {"an identity of nobody with the name", {{1}, named({99}, {0xc1})}, false},
      {"of a rule set of nobody", {{2}, named({7}, {0xc1})}, false},
  };
  for (const auto& row : rows) EXPECT_EQ(reach.reaches(row.rule), row.reached) << row.what;
  Image after = image;
  after.names = {{4, {0xc2}}};
  reach.update(difference(image, after));
  EXPECT_FALSE(reach.reaches({{1}, named({7}, {0xc1})}));
  EXPECT_TRUE(reach.reaches({{1}, named({7}, {0xc2})}));
  Image gone = after;
  gone.addresses.clear();
  reach.update(difference(after, gone));
  EXPECT_FALSE(reach.reaches({{1}, named({7}, {0xc2})}));
  EXPECT_TRUE(reach.reaches({{1}, named({8}, {0xc2})})) << "a prefix's identity";
}

TEST(Prefixes, LongestMatchHoldsAndAHoleIsZero) {
  Image image = small();
  EXPECT_EQ(identity_by_prefix(image, ip("10.2.3.4")), IdentityId{8});
  EXPECT_EQ(identity_by_prefix(image, ip("10.1.3.4")), IdentityId{0});
  EXPECT_EQ(identity_by_prefix(image, ip("11.0.0.1")), IdentityId{0});
  EXPECT_EQ(identity_by_prefix(image, ip("fd00::1")), IdentityId{9});
}

TEST(Learnt, KeysAndWordsAreThoseOfTheLayout) {
  for (const char* text : {"10.1.2.3", "0.0.0.0", "fd00::1", "::"}) {
    const auto key = encode_learnt(ip(text));
    EXPECT_EQ(decode_learnt(key), ip(text));
    EXPECT_EQ(key.port, 0);
    EXPECT_EQ(key.family, ip(text).family() == net::Family::kIpv4 ? 4 : 6);
  }
  EXPECT_EQ(encode_learnt(ip("10.1.2.3"), net::Port::from_host(53)).port, net::Port::from_host(53).network());
  const auto words =
      encode_names(std::vector<std::pair<NameSlot, uint64_t>>{{1, 0}, {16383, ~0ULL}, {7, 123456789}});
  EXPECT_EQ(words.word[0], 1u);
  EXPECT_EQ(words.word[1], ~0ULL);
  EXPECT_EQ(words.word[2] & SLUICE_NAME_MASK, 7u);
  EXPECT_LE(words.word[2], 123456789u | SLUICE_NAME_MASK);
  EXPECT_EQ(words.word[3], 0u);
  const std::vector<std::pair<NameSlot, uint64_t>> many(9, {3, ~0ULL});
  EXPECT_EQ(encode_names(many).word[7] & SLUICE_NAME_MASK, 3u) << "eight, and not one more";
}

TEST(Text, OneLineAnEntry) {
  Image image = small();
  image.endpoints[{3}] = {"prod/web-0", ip("10.0.0.1"), {}, 12, false, {Side{{1}, Ref::none()}, Side{}}};
  image.services[{true, ip("0.0.0.0"), net::kUdp, net::Port::from_host(30053)}] = {5};
  image.endpoints[{3}].names = true;
  image.names[12] = {0xc1};
  EXPECT_EQ(
      to_text(image),
      "address 10.0.0.1 identity 0000000000000007\n"
      "prefix 10.0.0.0/8 identity 0000000000000008\n"
      "prefix 10.1.0.0/16 identity -\n"
      "prefix fd00::/8 identity 0000000000000009\n"
      "service node-port IPv4 UDP 30053 identity 0000000000000005\n"
      "name 12 class 00000000000000c1\n"
      "rule 0000000000000001 identity 0000000000000007 all\n"
      "endpoint 0000000000000003 prod/web-0 10.0.0.1 interface 12 names ingress ruleset 0000000000000001 "
      "default none egress open\n");
}

}  // namespace
}  // namespace sluice::image
