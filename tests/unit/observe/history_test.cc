// The records of late, and readers' places in them.
#include "agent/observe/history.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

const model::Labels* no_labels(const model::ObjectName&) {
  return nullptr;
}

FlowRecord to_port(unsigned port, uint64_t lost = 0) {
  FlowRecord record = denied_record();
  record.destination.port = net::Port::from_host(static_cast<uint16_t>(port));
  record.lost = lost;
  return record;
}

// The ports that it hands out: "1 2", and what was lost before: "3(-4)".
std::string read(Cursor& cursor, const History& history, const Filter& filter = {}) {
  std::string text;
  size_t looks = 1000;
  while (auto record = cursor.next(history, filter, no_labels, looks)) {
    text += (text.empty() ? "" : " ") + std::to_string(record->destination.port->host());
    if (record->lost > 0) text += "(-" + std::to_string(record->lost) + ")";
  }
  return text;
}

const Filter kEven = [] {
  Filter filter;
  for (uint16_t port = 2; port < 100; port = static_cast<uint16_t>(port + 2))
    filter.ports.push_back(net::Port::from_host(port));
  return filter;
}();

size_t entry_bytes() {
  History one(0, "x-");
  one.add(to_port(1));
  return one.bytes();
}

TEST(History, ARecordIsFoundByItsId) {
  History history(1 << 20, "ab-");
  EXPECT_EQ(history.add(to_port(1)).id, "ab-0");
  EXPECT_EQ(history.add(to_port(2)).id, "ab-1");
  ASSERT_NE(history.find("ab-1"), nullptr);
  EXPECT_EQ(history.find("ab-1")->destination.port->host(), 2);
  for (const char* id : {"", "ab-", "ab-2", "ac-1", "ab-1x", "ab--1", "1"})
    EXPECT_EQ(history.find(id), nullptr) << id;
}

TEST(History, TheOldestGiveWay) {
  History history(3 * entry_bytes(), "x-");
  for (unsigned port = 1; port <= 10; ++port) {
    history.add(to_port(port));
    EXPECT_LE(history.bytes(), 3 * entry_bytes());
  }
  EXPECT_EQ(history.end() - history.first(), 3u);
  EXPECT_EQ(history.find("x-6"), nullptr);
  EXPECT_NE(history.find("x-7"), nullptr);
}

TEST(History, TheLastOneIsKeptWhateverItsSize) {
  History history(1, "x-");
  history.add(to_port(1));
  history.add(to_port(2));
  EXPECT_EQ(history.end() - history.first(), 1u);
}

TEST(Cursor, ReadsAllOnceThenWhatComes) {
  History history(1 << 20, "x-");
  for (unsigned port = 1; port <= 4; ++port) history.add(to_port(port));
  Cursor all = Cursor::before(history, {}, no_labels, {});
  EXPECT_EQ(read(all, history), "1 2 3 4");
  EXPECT_TRUE(all.is_at_end(history));
  history.add(to_port(5));
  EXPECT_FALSE(all.is_at_end(history));
  EXPECT_EQ(read(all, history), "5");
}

TEST(Cursor, TheLastSoManyThatItsFilterWants) {
  History history(1 << 20, "x-");
  for (unsigned port = 1; port <= 9; ++port) history.add(to_port(port));
  Cursor even = Cursor::before(history, kEven, no_labels, 2);
  EXPECT_EQ(read(even, history, kEven), "6 8");
  Cursor none = Cursor::before(history, kEven, no_labels, 0);
  EXPECT_EQ(read(none, history, kEven), "");
  Cursor more = Cursor::before(history, kEven, no_labels, 100);
  EXPECT_EQ(read(more, history, kEven), "2 4 6 8");
}

TEST(Cursor, LooksAtNoMoreThanItMay) {
  History history(1 << 20, "x-");
  for (unsigned port = 1; port <= 9; port += 2) history.add(to_port(port));
  history.add(to_port(10));
  Cursor even = Cursor::before(history, kEven, no_labels, {});
  size_t looks = 5;
  EXPECT_FALSE(even.next(history, kEven, no_labels, looks));
  EXPECT_EQ(looks, 0u);
  EXPECT_FALSE(even.is_at_end(history));
  looks = 5;
  EXPECT_TRUE(even.next(history, kEven, no_labels, looks));
  EXPECT_EQ(looks, 5u) << "the one that it hands out is none of those in vain";
}

TEST(Cursor, LossesAreToldOnceWhicheverRecordTheyStandBefore) {
  History history(1 << 20, "x-");
  for (unsigned port = 1; port <= 4; ++port) history.add(to_port(port, port));
  Cursor even = Cursor::before(history, kEven, no_labels, {});
  EXPECT_EQ(read(even, history, kEven), "2(-3) 4(-7)");
  Cursor late = Cursor::before(history, {}, no_labels, 1);
  EXPECT_EQ(read(late, history), "4(-4)") << "what was lost before it came is not its own";
}

TEST(Cursor, WhatWasPushedOutIsLost) {
  History history(3 * entry_bytes(), "x-");
  Cursor slow = Cursor::at_end(history);
  for (unsigned port = 1; port <= 10; ++port) history.add(to_port(port, port == 2 ? 5 : 0));
  EXPECT_EQ(read(slow, history), "8(-12) 9 10") << "seven records, and five packets before one of them";
}

}  // namespace
}  // namespace sluice::observe
