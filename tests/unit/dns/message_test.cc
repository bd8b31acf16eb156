#include "agent/dns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/dns/wire.h"

namespace sluice::dns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What an answer teaches: "a.example, b.example: 192.0.2.1 192.0.2.2 for 60 s", else why nothing; "-": no answer.
std::string taught(const Bytes& message) {
  const auto answer = read_answer(message);
  if (!answer) return "-";
  if (answer->lesson != Lesson::kAddresses) {
    EXPECT_THAT(answer->names, IsEmpty());
    EXPECT_THAT(answer->addresses, IsEmpty());
    return std::string(to_text(answer->lesson));
  }
  std::string text;
  for (const Name& name : answer->names) text += (text.empty() ? "" : ", ") + name.text;
  text += ":";
  for (const net::Ip& ip : answer->addresses) text += " " + ip.to_text();
  return text + " for " + std::to_string(answer->ttl) + " s";
}

struct Row {
  const char* what;
  Bytes message;
  std::string taught;
};

void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) EXPECT_EQ(taught(row.message), row.taught) << row.what;
}

Bytes chain(int aliases) {
  Wire wire = reply(1, "n0.example", aliases + 1);
  for (int i = 0; i < aliases; ++i)
    wire.alias("n" + std::to_string(i) + ".example", 60, "n" + std::to_string(i + 1) + ".example");
  return wire.address("n" + std::to_string(aliases) + ".example", 60, "192.0.2.1").bytes;
}

TEST(ReadAnswer, TeachesWhatTheWayFromTheQuestionLeadsTo) {
  expect_rows({
      {"an address", reply(1, "www.example.com", 1).address("www.example.com", 60, "192.0.2.1").bytes,
       "www.example.com: 192.0.2.1 for 60 s"},
      {"of IPv6", reply(1, "www.example.com", 1, 28).address("www.example.com", 60, "2001:db8::1").bytes,
       "www.example.com: 2001:db8::1 for 60 s"},
      {"several, one of them twice",
       reply(1, "a.b", 3)
           .address("a.b", 60, "192.0.2.9")
           .address("a.b", 60, "192.0.2.1")
           .address("a.b", 60, "192.0.2.9")
           .bytes,
       "a.b: 192.0.2.9 192.0.2.1 for 60 s"},
      {"the other family is not on the way",
       reply(1, "a.b", 2).address("a.b", 60, "2001:db8::1").address("a.b", 60, "192.0.2.1").bytes,
       "a.b: 192.0.2.1 for 60 s"},
      {"every name on the way",
       reply(1, "www.example.com", 3)
           .alias("www.example.com", 300, "cdn.example.net")
           .alias("cdn.example.net", 20, "edge.example.org")
           .address("edge.example.org", 60, "192.0.2.1")
           .bytes,
       "www.example.com, cdn.example.net, edge.example.org: 192.0.2.1 for 20 s"},
      {"in whatever order the records come",
       reply(1, "www.example.com", 2)
           .address("cdn.example.net", 60, "192.0.2.1")
           .alias("www.example.com", 300, "cdn.example.net")
           .bytes,
       "www.example.com, cdn.example.net: 192.0.2.1 for 60 s"},
      {"unrelated records",
       reply(1, "a.b", 3)
           .address("victim.example", 60, "192.0.2.7")
           .alias("x.y", 5, "a.b")
           .address("a.b", 60, "192.0.2.1")
           .bytes,
       "a.b: 192.0.2.1 for 60 s"},
      {"an address beside a CNAME is off the way",
       reply(1, "a.b", 3)
           .address("a.b", 60, "192.0.2.7")
           .alias("a.b", 60, "c.d")
           .address("c.d", 60, "192.0.2.1")
           .bytes,
       "a.b, c.d: 192.0.2.1 for 60 s"},
      {"case does not count on the way",
       reply(1, "wWw.ExAmPle.com", 2)
           .alias("www.EXAMPLE.com", 60, "CDN.example")
           .address("cdn.EXAMPLE", 60, "192.0.2.1")
           .bytes,
       "www.example.com, cdn.example: 192.0.2.1 for 60 s"},
      {"a name of one label is on the way too",
       reply(1, "localhost", 2).alias("localhost", 60, "a.b").address("a.b", 60, "192.0.2.1").bytes,
       "localhost, a.b: 192.0.2.1 for 60 s"},
      {"the root", reply(1, "", 1).address("", 60, "192.0.2.1").bytes, ": 192.0.2.1 for 60 s"},
      {"sixteen CNAMEs", chain(16),
       "n0.example, n1.example, n2.example, n3.example, n4.example, n5.example, n6.example, n7.example, "
       "n8.example, n9.example, "
       "n10.example, n11.example, n12.example, n13.example, n14.example, n15.example, n16.example: 192.0.2.1 "
       "for 60 s"},
      {"seventeen", chain(17), "long_way"},
      {"a circle", reply(1, "a.b", 2).alias("a.b", 60, "c.d").alias("c.d", 60, "a.b").bytes, "circle"},
      {"of one", reply(1, "a.b", 2).alias("a.b", 60, "A.B").address("a.b", 60, "192.0.2.1").bytes, "circle"},
      {"a circle off the way",
       reply(1, "a.b", 3)
           .alias("x.y", 60, "x.y")
           .address("a.b", 60, "192.0.2.1")
           .alias("z.y", 60, "x.y")
           .bytes,
       "a.b: 192.0.2.1 for 60 s"},
      {"a CNAME twice",
       reply(1, "a.b", 3)
           .alias("a.b", 60, "c.d")
           .alias("a.b", 9, "C.d")
           .address("c.d", 60, "192.0.2.1")
           .bytes,
       "a.b, c.d: 192.0.2.1 for 9 s"},
      {"two different ones",
       reply(1, "a.b", 3)
           .alias("a.b", 60, "c.d")
           .alias("a.b", 60, "e.f")
           .address("c.d", 60, "192.0.2.1")
           .bytes,
       "two_ways"},
      {"the CNAME's end comes in a later answer", reply(1, "a.b", 1).alias("a.b", 60, "c.d").bytes,
       "no_address"},
      {"nothing", reply(1, "a.b", 0).bytes, "no_address"},
      {"another name's address alone", reply(1, "a.b", 1).address("c.d", 60, "192.0.2.1").bytes,
       "no_address"},
  });
}

TEST(ReadAnswer, TakesTheLeastTtl) {
  const auto with = [](uint32_t alias, uint32_t first, uint32_t second) {
    return reply(1, "a.b", 3)
        .alias("a.b", alias, "c.d")
        .address("c.d", first, "192.0.2.1")
        .address("c.d", second, "192.0.2.2")
        .bytes;
  };
  expect_rows({
      {"the CNAME's", with(10, 20, 30), "a.b, c.d: 192.0.2.1 192.0.2.2 for 10 s"},
      {"an address'; a set of records has one (RFC 2181 5.2)", with(90, 20, 30),
       "a.b, c.d: 192.0.2.1 192.0.2.2 for 20 s"},
      {"0", with(0, 20, 30), "a.b, c.d: 192.0.2.1 192.0.2.2 for 0 s"},
      {"2^31 - 1", with(0x7fffffff, 0x7fffffff, 0x7fffffff),
       "a.b, c.d: 192.0.2.1 192.0.2.2 for 2147483647 s"},
      {"2^31 counts as 0 (RFC 2181 8)", with(90, 0x80000000, 30), "a.b, c.d: 192.0.2.1 192.0.2.2 for 0 s"},
      {"of a CNAME too", with(0xffffffff, 20, 30), "a.b, c.d: 192.0.2.1 192.0.2.2 for 0 s"},
  });
}

TEST(ReadAnswer, SomeTeachNothing) {
  const auto flags = [](int flags_of) {
    return reply(1, "a.b", 1, 1, flags_of).address("a.b", 60, "192.0.2.1").bytes;
  };
  const auto other = [](int type, int qclass) {
    return head(1, kReply, 1, 1).name("a.b").u16(type).u16(qclass).address("a.b", 60, "192.0.2.1").bytes;
  };
  expect_rows({
      {"SERVFAIL", flags(kReply | 2), "error"},
      {"NXDOMAIN with a record", flags(kReply | 3), "error"},
      {"TC", flags(kReply | 0x0200), "truncated"},
      {"asked for MX", other(15, 1), "other_type"},
      {"for ANY", other(255, 1), "other_type"},
      {"for HTTPS", other(65, 1), "other_type"},
      {"class CH", other(1, 3), "other_type"},
      {"class ANY", other(1, 255), "other_type"},
      {"a query", flags(0x0100), "-"},
      {"another opcode", flags(kReply | 0x2000), "-"},
      {"no question", head(1, kReply, 0, 1).address("a.b", 60, "192.0.2.1").bytes, "-"},
      {"two questions",
       head(1, kReply, 2, 1)
           .name("a.b")
           .u16(1)
           .u16(1)
           .name("a.b")
           .u16(1)
           .u16(1)
           .address("a.b", 60, "192.0.2.1")
           .bytes,
       "-"},
      {"a record of another class", reply(1, "a.b", 1).name("a.b").rest(1, 60, 4, 3).u32(1).bytes,
       "no_address"},
      {"an address in the additional section",
       head(1, kReply, 1, 0, 0, 1).name("a.b").u16(1).u16(1).address("a.b", 60, "192.0.2.1").bytes,
       "no_address"},
      {"a hint in HTTPS",
       reply(1, "a.b", 1, 65)
           .record("a.b", 65, 60, Wire().u16(1).byte(0).u16(4).u16(4).u32(0xc0000201).bytes)
           .bytes,
       "other_type"},
  });
}

TEST(ReadAnswer, EdnsAndManyRecordsAreNothingSpecial) {
  Wire with_opt = head(1, kReply, 1, 1, 0, 1).name("a.b").u16(1).u16(1).address("a.b", 60, "192.0.2.1");
  with_opt.byte(0).u16(41).u16(1232).u32(0).u16(0);
  EXPECT_EQ(taught(with_opt.bytes), "a.b: 192.0.2.1 for 60 s");
  Wire many = reply(1, "a.b", 100);
  for (int i = 0; i < 100; ++i) many.pointer(12).rest(1, 60, 4).u32(static_cast<uint32_t>(i + 1));
  EXPECT_EQ(read_answer(many.bytes)->addresses.size(), 100u);
}

// The question's name stands at 12, its "example" at 16.
TEST(ReadAnswer, CompressionLeadsBack) {
  const auto owner = [](const Wire& name) {
    return reply(1, "www.example", 1).raw(name.bytes).rest(1, 60, 4).u32(0xc0000201).bytes;
  };
  constexpr size_t kRecord = 12 + 13 + 4;
  const auto alias = [](const Wire& target) {
    return reply(1, "www.example", 2)
        .pointer(12)
        .rest(5, 60, target.bytes.size())
        .raw(target.bytes)
        .address("cdn.example", 60, "192.0.2.1")
        .bytes;
  };
  expect_rows({
      {"to the question", owner(Wire().pointer(12)), "www.example: 192.0.2.1 for 60 s"},
      {"a label before", owner(Wire().label("www").pointer(16)), "www.example: 192.0.2.1 for 60 s"},
      {"in a CNAME's target", alias(Wire().label("cdn").pointer(16)),
       "www.example, cdn.example: 192.0.2.1 for 60 s"},
      {"to itself", owner(Wire().pointer(kRecord)), "malformed"},
      {"to its own label", owner(Wire().label("www").pointer(kRecord)), "malformed"},
      {"forward", owner(Wire().pointer(kRecord + 12)), "malformed"},
      {"beyond the end", owner(Wire().pointer(0x3fff)), "malformed"},
      {"half of one at the end", reply(1, "a.b", 1).byte(0xc0).bytes, "malformed"},
      {"label type 0x40", owner(Wire().byte(0x41).text("a").byte(0)), "malformed"},
      {"label type 0x80", owner(Wire().byte(0x81).text("a").byte(0)), "malformed"},
      {"in the question", head(1, kReply, 1, 0).pointer(0).u16(1).u16(1).bytes, "-"},
      {"a target shorter than it says",
       reply(1, "www.example", 1).pointer(12).rest(5, 60, 5).pointer(12).byte(0).u16(0).bytes, "malformed"},
      {"a target longer than it says",
       reply(1, "www.example", 1).pointer(12).rest(5, 60, 3).name("cdn.example").bytes, "malformed"},
  });
}

// A record of an unknown type holds a chain of pointers, each to the one before.
Bytes pointers(int length) {
  Wire wire = reply(1, "a.b", 2).byte(0).rest(65280, 0, static_cast<size_t>(length) * 2);
  size_t before = 12;
  for (int i = 0; i < length; ++i) {
    const size_t at = wire.bytes.size();
    wire.pointer(before);
    before = at;
  }
  return wire.pointer(before).rest(1, 60, 4).u32(0xc0000201).bytes;
}

TEST(ReadAnswer, PointersToPointersAreCounted) {
  EXPECT_EQ(taught(pointers(kMostPointers - 1)), "a.b: 192.0.2.1 for 60 s");
  EXPECT_EQ(taught(pointers(kMostPointers)), "malformed");
}

TEST(ReadAnswer, NamesAreAsLongAsTheyMayBe) {
  const std::string label(63, 'x');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'x');
  const auto with = [](const std::string& name) {
    return reply(1, name, 1).address(name, 60, "192.0.2.1").bytes;
  };
  EXPECT_EQ(taught(with(longest)), longest + ": 192.0.2.1 for 60 s");
  EXPECT_EQ(longest.size(), 253u);
  EXPECT_EQ(taught(with(longest + "x")), "-");
  std::string many;
  for (int i = 0; i < 127; ++i) many += i == 0 ? "a" : ".a";
  EXPECT_EQ(taught(with(many)), many + ": 192.0.2.1 for 60 s");
  EXPECT_EQ(read_answer(with(many))->names.front().labels, 127);
  EXPECT_EQ(taught(with(many + ".a")), "-");
}

TEST(ReadAnswer, BytesThatNamesHardlyHaveAreSpelt) {
  Wire wire = head(1, kReply, 1, 1);
  for (int i = 0; i < 2; ++i) {
    wire.label("x.example").label(std::string("\0\\*", 3)).label("com").byte(0).u16(1).u16(1);
    if (i == 1) wire.u32(60).u16(4).u32(0xc0000201);
  }
  EXPECT_EQ(taught(wire.bytes), "x\\046example.\\000\\092\\042.com: 192.0.2.1 for 60 s");
  EXPECT_EQ(read_answer(wire.bytes)->names.front().labels, 3);
}

TEST(ReadAnswer, SaysWhichNamesAPatternCanName) {
  const auto answer = read_answer(reply(1, "localhost", 3)
                                      .alias("localhost", 60, "a.b")
                                      .alias("a.b", 60, "")
                                      .address("", 60, "192.0.2.1")
                                      .bytes);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->names.size(), 3u);
  EXPECT_THAT(answer->to_learn(), ElementsAre("a.b"));
}

TEST(ReadAnswer, WhatIsCutAnywhereTeachesNothing) {
  const Bytes whole = reply(1, "www.example.com", 2)
                          .alias("www.example.com", 60, "c.d")
                          .address("c.d", 60, "192.0.2.1")
                          .bytes;
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string said = taught(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_TRUE(said == "-" || said == "malformed") << size << ": " << said;
  }
  EXPECT_EQ(taught(reply(1, "a.b", 1).name("a.b").rest(1, 60, 5).u32(1).byte(1).bytes), "malformed");
  EXPECT_EQ(taught(reply(1, "a.b", 1, 28).name("a.b").rest(28, 60, 4).u32(1).bytes), "malformed");
  EXPECT_EQ(taught(reply(1, "a.b", 2).address("a.b", 60, "192.0.2.1").bytes), "malformed")
      << "fewer than it says";
}

// 64 KiB of records that each lead through the longest chain that is followed.
TEST(ReadAnswer, TheDearestMessageIsRead) {
  Wire wire = reply(1, "a.b", 0);
  wire.byte(0).rest(65280, 0, 250);
  size_t before = 12;
  for (int i = 0; i < 125; ++i) {
    const size_t at = wire.bytes.size();
    wire.pointer(before);
    before = at;
  }
  int answers = 1;
  for (; wire.bytes.size() + 16 <= kLongestMessage; ++answers)
    wire.pointer(before).rest(1, 60, 4).u32(static_cast<uint32_t>(answers));
  wire.bytes[6] = static_cast<uint8_t>(answers >> 8);
  wire.bytes[7] = static_cast<uint8_t>(answers);
  EXPECT_EQ(read_answer(wire.bytes)->addresses.size(), static_cast<size_t>(answers - 1));
}

TEST(ReadQuestion, IsAsItStands) {
  const auto read = read_question(query(0xbeef, "wWw.Example.com", 28));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, 0xbeef);
  EXPECT_EQ(read->question.name.text, "www.example.com");
  EXPECT_EQ(read->question.name.labels, 3);
  EXPECT_EQ(read->question.type, kTypeAaaa);
  EXPECT_EQ(read->question.qclass, kClassIn);
  const Bytes wire = Wire().name("wWw.Example.com").u16(28).u16(1).bytes;
  EXPECT_EQ(read->question.wire, std::string(wire.begin(), wire.end()));
  EXPECT_NE(read->question, read_question(query(0xbeef, "www.example.com", 28))->question);
}

TEST(ReadQuestion, OthersAreNone) {
  EXPECT_FALSE(read_question({}));
  EXPECT_FALSE(read_question(reply(1, "a.b", 0).bytes)) << "an answer";
  EXPECT_FALSE(read_question(head(1, 0x2000, 1, 0).name("a.b").u16(1).u16(1).bytes)) << "opcode NOTIFY";
  EXPECT_FALSE(read_question(head(1, 0, 0, 0).bytes)) << "no question";
  EXPECT_FALSE(read_question(head(1, 0, 2, 0).name("a.b").u16(1).u16(1).name("a.b").u16(1).u16(1).bytes));
  EXPECT_FALSE(read_question(head(1, 0, 1, 0).pointer(2).u16(1).u16(1).bytes)) << "compressed";
  EXPECT_FALSE(read_question(head(1, 0, 1, 0).name("a.b").u16(1).bytes)) << "cut";
}

}  // namespace
}  // namespace sluice::dns
