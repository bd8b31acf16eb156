// Sinks: what an informer reads becomes news once, and what a list does not name goes. What a MirrorSink decodes is
// tests/kubeapi's.
#include "agent/source/kube/sink.h"

#include <gtest/gtest.h>

#include "agent/source/decode/documents.h"

namespace sluice::source::kube {
namespace {

namespace decode = source::decode;

// As bodies give it.
decode::Document guest(const std::string& name, const std::string& version) {
  std::string text = R"({"metadata": {"name": ")" + name + R"(", "namespace": "shop", "resourceVersion": ")" +
                     version + R"("}, "spec": {"a": 1}})";
  std::string_view rest = text;
  return std::get<decode::Document>(decode::parse_json_value(rest, 1));
}

struct Guests {
  ForeignSink sink{{"Guest", "x.io/v1", "/apis/x.io/v1/guests"}, "https://server"};

  void put(const std::string& name, const std::string& version, int64_t observed = 0) {
    EXPECT_TRUE(sink.put(guest(name, version).root(), observed));
  }
  // "+Guest shop/a -Guest shop/b"
  std::string news() {
    std::string text;
    for (const decode::ForeignChange& change : sink.take().changes)
      text += (text.empty() ? "" : " ") + std::string(change.object ? "+" : "-") + change.id.to_text();
    return text;
  }
};

TEST(ForeignSink, WhatIsKnownIsNoNews) {
  Guests guests;
  EXPECT_FALSE(guests.sink.listed());
  guests.sink.begin_list();
  guests.put("a", "1");
  guests.put("b", "2");
  EXPECT_FALSE(guests.sink.listed());
  guests.sink.end_list(0);
  EXPECT_TRUE(guests.sink.listed());
  EXPECT_EQ(guests.news(), "+Guest shop/a +Guest shop/b");
  EXPECT_EQ(guests.news(), "");
  guests.put("a", "1");
  EXPECT_EQ(guests.news(), "");
  guests.put("a", "3");
  EXPECT_EQ(guests.news(), "+Guest shop/a");
  EXPECT_EQ(guests.sink.count(), 2u);
}

TEST(ForeignSink, AListThatEndsRemovesWhatItDidNotName) {
  Guests guests;
  guests.put("a", "1");
  guests.put("b", "2");
  guests.news();
  guests.sink.begin_list();
  guests.put("b", "2");
  EXPECT_EQ(guests.news(), "");
  guests.sink.begin_list();
  guests.put("a", "1");
  guests.sink.end_list(0);
  EXPECT_EQ(guests.news(), "-Guest shop/b");
  guests.sink.remove(guest("a", "4").root(), 0);
  guests.sink.remove(guest("a", "4").root(), 0);
  EXPECT_EQ(guests.news(), "-Guest shop/a");
}

TEST(ForeignSink, AnObjectIsKeptWholeWithItsPlaceAndTime) {
  Guests guests;
  guests.put("a", "1");
  guests.put("a", "2", 70);
  guests.put("b", "3", 80);
  const ForeignSink::News news = guests.sink.take();
  EXPECT_EQ(news.observed, 70);
  ASSERT_EQ(news.changes.size(), 3u);
  const decode::ForeignObject& object = *news.changes[1].object;
  EXPECT_EQ(object.api_version, "x.io/v1");
  EXPECT_EQ(object.place.origin, "https://server");
  EXPECT_EQ(object.document->root().find("spec").find("a").text(), "1");
}

}  // namespace
}  // namespace sluice::source::kube
