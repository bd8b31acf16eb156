#include "agent/net/ip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <unordered_set>

namespace sluice::net {
namespace {

Ip ip(const std::string& text) {
  return Ip::parse(text).value();
}

Cidr cidr(const std::string& text) {
  return Cidr::parse(text).value();
}

TEST(Family, NamesAndBits) {
  EXPECT_EQ(to_text(Family::kIpv4), "IPv4");
  EXPECT_EQ(to_text(Family::kIpv6), "IPv6");
  EXPECT_EQ(address_bits(Family::kIpv4), 32);
  EXPECT_EQ(address_bits(Family::kIpv6), 128);
}

TEST(Ip, TextIsCanonical) {
  struct Row {
    const char *text, *canonical;
    Family family;
  };
  const Row rows[] = {
      {"0.0.0.0", "0.0.0.0", Family::kIpv4},
      {"10.1.2.3", "10.1.2.3", Family::kIpv4},
      {"255.255.255.255", "255.255.255.255", Family::kIpv4},
      {"::", "::", Family::kIpv6},
      {"::1", "::1", Family::kIpv6},
      {"fd00:0:0:0:0:0:0:1", "fd00::1", Family::kIpv6},
      {"FD00::00A1", "fd00::a1", Family::kIpv6},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", Family::kIpv6},
      {"fd00::10.0.0.1", "fd00::a00:1", Family::kIpv6},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4", Family::kIpv6},
      {"::ffff:102:304", "::ffff:1.2.3.4", Family::kIpv6},
  };
  for (const auto& row : rows) {
    const auto parsed = Ip::parse(row.text);
    ASSERT_TRUE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed->to_text(), row.canonical);
    EXPECT_EQ(parsed->family(), row.family) << row.text;
    EXPECT_EQ(ip(row.canonical), *parsed) << row.text;
  }
}

TEST(Ip, MappedIpv6IsNotItsIpv4) {
  EXPECT_NE(ip("::ffff:1.2.3.4"), ip("1.2.3.4"));
}

TEST(Ip, WhatIsNoAddressIsAnErrorThatShowsIt) {
  for (const char* text : {"",
                           " ",
                           "10.0.0",
                           "10.0.0.0.1",
                           "10.0.0.256",
                           "10.0.0.-1",
                           "10.0.0.01",
                           "010.0.0.1",
                           "0x0a.0.0.1",
                           "10.0.0.1 ",
                           " 10.0.0.1",
                           "10.0.0.1/32",
                           "10,0,0,1",
                           "1",
                           "localhost",
                           ":",
                           ":::",
                           "1::2::3",
                           "fd00:",
                           "fd00::g",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "12345::",
                           "fe80::1%eth0",
                           "[::1]"}) {
    const auto parsed = Ip::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message(), "\"" + std::string(text) + "\" is not an IP address");
  }
  EXPECT_EQ(Ip::parse("10.0.0\n.1").error().message(), "\"10.0.0\\x0a.1\" is not an IP address")
      << "one line";
  EXPECT_FALSE(Ip::parse(std::string_view("10.0.0.1\0", 9)).ok()) << "a NUL does not end the text";
  EXPECT_FALSE(Ip::parse(std::string_view("10.0.0.1\0.2", 11)).ok());
  const auto endless = Ip::parse(std::string(1000, '1'));
  ASSERT_FALSE(endless.ok());
  EXPECT_LT(endless.error().message().size(), 100u) << "the error does not repeat an endless text";
}

TEST(Ip, BytesAreInNetworkOrder) {
  struct Row {
    const char* text;
    std::vector<uint8_t> bytes;
  };
  const Row rows[] = {
      {"10.1.2.3", {10, 1, 2, 3}},
      {"fd00::a:1", {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0, 0x01}},
      {"::ffff:1.2.3.4", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}},
  };
  for (const auto& row : rows) {
    const Ip address = ip(row.text);
    EXPECT_EQ(std::vector<uint8_t>(address.bytes().begin(), address.bytes().end()), row.bytes) << row.text;
    const auto back = Ip::from_bytes(row.bytes);
    ASSERT_TRUE(back.ok()) << row.text;
    EXPECT_EQ(*back, address) << row.text;
  }
}

TEST(Ip, FourOrSixteenBytesAndNothingElse) {
  const std::vector<uint8_t> bytes(32, 1);
  for (size_t size = 0; size <= bytes.size(); ++size)
    EXPECT_EQ(Ip::from_bytes({bytes.data(), size}).ok(), size == 4 || size == 16) << size;
  EXPECT_EQ(Ip::from_bytes({bytes.data(), 5}).error().message(), "an IP address has 4 or 16 bytes");
}

TEST(Ip, PaddedHoldsIpv4InItsFirstFourBytes) {
  const std::array<uint8_t, 16> expected = {10, 1, 2, 3};
  EXPECT_EQ(ip("10.1.2.3").padded(), expected);
  EXPECT_EQ(ip("fd00::1").padded()[15], 1);
}

TEST(Ip, BitsCountFromTheMostSignificant) {
  const Ip v4 = ip("128.0.0.1"), v6 = ip("8000::1");
  for (int i = 0; i < 32; ++i) EXPECT_EQ(v4.bit(i), i == 0 || i == 31) << i;
  for (int i = 0; i < 128; ++i) EXPECT_EQ(v6.bit(i), i == 0 || i == 127) << i;
}

TEST(Ip, OrderIsByFamilyThenBytes) {
  const char* sorted[] = {"0.0.0.0", "9.255.255.255", "10.0.0.1", "10.0.0.2", "255.0.0.0",
                          "::",      "::1",           "fd00::"};
  for (size_t i = 0; i + 1 < std::size(sorted); ++i) EXPECT_LT(ip(sorted[i]), ip(sorted[i + 1])) << sorted[i];
  EXPECT_EQ(Ip(), ip("0.0.0.0"));
}

TEST(Ip, EqualOnesHashAlike) {
  const std::unordered_set<Ip> set = {ip("fd00::1"), ip("fd00:0::0:1"), ip("10.0.0.1"), ip("0.0.0.0"),
                                      ip("::")};
  EXPECT_EQ(set.size(), 4u);
  EXPECT_TRUE(set.contains(ip("10.0.0.1")));
}

TEST(Cidr, HostBitsAreCleared) {
  const std::pair<const char*, const char*> rows[] = {
      {"10.1.2.3/8", "10.0.0.0/8"},
      {"10.1.2.3/0", "0.0.0.0/0"},
      {"10.1.2.3/32", "10.1.2.3/32"},
      {"10.255.255.255/9", "10.128.0.0/9"},
      {"10.1.2.3/31", "10.1.2.2/31"},
      {"192.168.255.255/20", "192.168.240.0/20"},
      {"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
      {"2001:db8::1/128", "2001:db8::1/128"},
      {"2001:db8::1/0", "::/0"},
      {"::ffff:1.2.3.4/96", "::ffff:0.0.0.0/96"},
  };
  for (const auto& [text, canonical] : rows) {
    const auto parsed = Cidr::parse(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(parsed->to_text(), canonical) << text;
    EXPECT_EQ(*parsed, cidr(canonical)) << text;
  }
}

TEST(Cidr, EveryLengthKeepsThatManyBits) {
  for (const char* ones : {"255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    const Ip all = ip(ones);
    for (int length = 0; length <= address_bits(all.family()); ++length) {
      const Cidr made = Cidr::of(all, length).value();
      EXPECT_EQ(made.length(), length);
      EXPECT_EQ(made.family(), all.family());
      for (int i = 0; i < address_bits(all.family()); ++i)
        ASSERT_EQ(made.base().bit(i), i < length) << made.to_text() << " bit " << i;
    }
  }
}

TEST(Cidr, WhatIsNoCidrIsAnErrorThatSaysWhy) {
  const std::pair<const char*, const char*> rows[] = {
      {"10.0.0.0", "\"10.0.0.0\" is not a CIDR: write ADDRESS/LENGTH, e.g. 10.0.0.0/8"},
      {"", "\"\" is not a CIDR: write ADDRESS/LENGTH, e.g. 10.0.0.0/8"},
      {"/8", "\"\" is not an IP address"},
      {"10.0.0/8", "\"10.0.0\" is not an IP address"},
      {"10.0.0.0/33", "\"10.0.0.0/33\" has no prefix length between 0 and 32"},
      {"10.0.0.0/", "\"10.0.0.0/\" has no prefix length between 0 and 32"},
      {"10.0.0.0/-1", "\"10.0.0.0/-1\" has no prefix length between 0 and 32"},
      {"10.0.0.0/+8", "\"10.0.0.0/+8\" has no prefix length between 0 and 32"},
      {"10.0.0.0/08", "\"10.0.0.0/08\" has no prefix length between 0 and 32"},
      {"10.0.0.0/00", "\"10.0.0.0/00\" has no prefix length between 0 and 32"},
      {"10.0.0.0/ 8", "\"10.0.0.0/ 8\" has no prefix length between 0 and 32"},
      {"10.0.0.0/8 ", "\"10.0.0.0/8 \" has no prefix length between 0 and 32"},
      {"10.0.0.0/8/8", "\"10.0.0.0/8/8\" has no prefix length between 0 and 32"},
      {"10.0.0.0/0x8", "\"10.0.0.0/0x8\" has no prefix length between 0 and 32"},
      {"10.0.0.0/255.0.0.0", "\"10.0.0.0/255.0.0.0\" has no prefix length between 0 and 32"},
      {"10.0.0.0/4294967304", "\"10.0.0.0/4294967304\" has no prefix length between 0 and 32"},
      {"10.0.0.0/8\n", "\"10.0.0.0/8\\x0a\" has no prefix length between 0 and 32"},
      {"10.0.0.0\n", "\"10.0.0.0\\x0a\" is not a CIDR: write ADDRESS/LENGTH, e.g. 10.0.0.0/8"},
      {"::/129", "\"::/129\" has no prefix length between 0 and 128"},
  };
  for (const auto& [text, message] : rows) {
    const auto parsed = Cidr::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message(), message);
  }
  EXPECT_FALSE(Cidr::parse(std::string_view("10.0.0.0/8\0", 11)).ok());
}

TEST(Cidr, OfRefusesALengthThatDoesNotFit) {
  for (const int length : {-1, 33, 128, INT32_MAX, INT32_MIN})
    EXPECT_EQ(Cidr::of(ip("10.0.0.1"), length).error().message(),
              "a prefix length of " + std::to_string(length) + " does not fit 10.0.0.1");
  EXPECT_FALSE(Cidr::of(ip("::1"), 129).ok());
  EXPECT_TRUE(Cidr::of(ip("::1"), 128).ok());
}

TEST(Cidr, HostAndEverything) {
  EXPECT_EQ(Cidr::host(ip("10.1.2.3")), cidr("10.1.2.3/32"));
  EXPECT_EQ(Cidr::host(ip("fd00::1")), cidr("fd00::1/128"));
  EXPECT_EQ(Cidr::everything(Family::kIpv4), cidr("0.0.0.0/0"));
  EXPECT_EQ(Cidr::everything(Family::kIpv6), cidr("::/0"));
  EXPECT_EQ(Cidr(), cidr("0.0.0.0/0"));
}

TEST(Cidr, ContainsAddresses) {
  struct Row {
    const char *cidr, *address;
    bool inside;
  };
  const Row rows[] = {
      {"10.0.0.0/8", "10.0.0.0", true},
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "9.255.255.255", false},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.128.0.0/9", "10.128.0.0", true},
      {"10.128.0.0/9", "10.127.255.255", false},
      {"10.1.2.2/31", "10.1.2.3", true},
      {"10.1.2.2/31", "10.1.2.4", false},
      {"10.1.2.3/32", "10.1.2.3", true},
      {"10.1.2.3/32", "10.1.2.2", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"0.0.0.0/0", "::", false},
      {"::/0", "ffff::", true},
      {"::/0", "10.0.0.1", false},
      {"::/0", "::ffff:10.0.0.1", true},
      {"10.0.0.0/8", "::ffff:10.0.0.1", false},
      {"fd00::/63", "fd00:0:0:1::", true},
      {"fd00::/63", "fd00:0:0:2::", false},
      {"fd00::1/128", "fd00::1", true},
      {"fd00::1/128", "fd00::", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(cidr(row.cidr).contains(ip(row.address)), row.inside) << row.cidr << " " << row.address;
}

TEST(Cidr, ContainsItselfAndNarrowerOnes) {
  struct Row {
    const char *outer, *inner;
    bool inside;
  };
  const Row rows[] = {
      {"10.0.0.0/8", "10.0.0.0/8", true},   {"10.0.0.0/8", "10.1.0.0/16", true},
      {"10.1.0.0/16", "10.0.0.0/8", false}, {"10.0.0.0/16", "10.0.0.0/8", false},
      {"10.0.0.0/8", "11.0.0.0/16", false}, {"0.0.0.0/0", "10.0.0.0/8", true},
      {"0.0.0.0/0", "::/0", false},         {"::/0", "fd00::/8", true},
      {"::/0", "10.0.0.0/8", false},        {"fd00::1/128", "fd00::1/128", true},
  };
  for (const auto& row : rows)
    EXPECT_EQ(cidr(row.outer).contains(cidr(row.inner)), row.inside) << row.outer << " " << row.inner;
}

TEST(Cidr, OrderIsByFamilyThenBytesThenLength) {
  const char* sorted[] = {"0.0.0.0/0",    "0.0.0.0/8", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/32",
                          "10.128.0.0/9", "::/0",      "::/128",     "fd00::/8"};
  for (size_t i = 0; i + 1 < std::size(sorted); ++i)
    EXPECT_LT(cidr(sorted[i]), cidr(sorted[i + 1])) << sorted[i];
}

TEST(Cidr, EqualOnesHashAlike) {
  const std::unordered_set<Cidr> set = {cidr("10.1.2.3/8"), cidr("10.0.0.0/8"), cidr("10.0.0.0/9")};
  EXPECT_EQ(set.size(), 2u);
}

}  // namespace
}  // namespace sluice::net
