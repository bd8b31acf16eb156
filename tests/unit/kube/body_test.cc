// Bytes to objects: both encodings, whatever the pieces in which they come, and what is no answer.
#include "agent/source/kube/body.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "agent/source/decode/decode.h"
#include "tests/kubeapi/encode.h"
#include "tests/kubeapi/invented.h"

namespace sluice::source::kube {
namespace {

using kubeapi::Json;
using model::Kind;

model::Object decoded(Kind kind, const source::decode::Tree& tree) {
  source::decode::Decoded found;
  source::decode::decode_object_of(kind, tree, {"test", 0, 0}, found);
  EXPECT_TRUE(found.problems.empty()) << found.problems.front().to_text();
  if (found.objects.empty()) return model::Pod{};
  return found.objects.front().object;
}

kubeapi::Page invented_page(Kind kind, int count) {
  std::mt19937 random(7);
  kubeapi::Page page{42, {}, "next/+&="};
  for (int number = 0; number < count; ++number)
    page.items.push_back(std::make_shared<const Json>(kubeapi::invent(kind, number, random)));
  return page;
}

struct Read {
  std::vector<model::Object> objects;
  base::Result<ListMeta> end = ListMeta{};
};
Read read_list(Encoding encoding, Kind kind, std::string_view bytes, size_t piece) {
  Read read;
  const auto reader = make_list_reader(encoding, shape_of(kind), [&](const source::decode::Tree& tree) {
    read.objects.push_back(decoded(kind, tree));
  });
  for (size_t at = 0; at < bytes.size(); at += piece)
    if (auto taken = reader->read(bytes.substr(at, piece)); !taken) {
      read.end = taken.error();
      return read;
    }
  read.end = reader->finish();
  return read;
}

TEST(Lists, BothEncodingsInPiecesOfAnySizeGiveWhatTheWholeJsonGives) {
  for (const Kind kind : model::kKinds) {
    SCOPED_TRACE(model::to_text(kind));
    const bool custom = kind == Kind::kClusterNetworkPolicy;  // never sent as protobuf
    const kubeapi::Page page = invented_page(kind, 25);
    const std::string json = kubeapi::encode_list(Encoding::kJson, kind, page);
    // The whole document, nothing left out, by the decoder of files.
    std::vector<model::Object> wanted;
    for (const auto& one : source::decode::decode(json, "test").objects) wanted.push_back(one.object);
    ASSERT_EQ(wanted.size(), 25u);
    for (const Encoding encoding : {Encoding::kJson, custom ? Encoding::kJson : Encoding::kProtobuf})
      for (const size_t piece : {size_t{1}, size_t{7}, size_t{1000}, size_t{1} << 20}) {
        const Read read = read_list(encoding, kind, kubeapi::encode_list(encoding, kind, page), piece);
        EXPECT_EQ(read.objects, wanted) << "pieces of " << piece;
        ASSERT_TRUE(read.end.ok()) << read.end.error().message();
        EXPECT_EQ(read.end->resource_version, "42");
        EXPECT_EQ(read.end->continue_token, "next/+&=");
      }
  }
}

TEST(Lists, CutAnywhereTheyAreNotWhole) {
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
    const std::string whole = kubeapi::encode_list(encoding, Kind::kPod, invented_page(Kind::kPod, 3));
    // What follows a protobuf list in its envelope says nothing more.
    const size_t end = encoding == Encoding::kJson ? whole.size() : whole.size() - 8;
    for (size_t size = 0; size < end; size += 5)
      EXPECT_FALSE(read_list(encoding, Kind::kPod, whole.substr(0, size), 64).end.ok())
          << size << " of " << whole.size();
  }
}

TEST(Lists, BytesThatChangedAreNeverMoreThanAnError) {
  std::mt19937 random(11);
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
    const std::string whole =
        kubeapi::encode_list(encoding, Kind::kService, invented_page(Kind::kService, 3));
    for (int round = 0; round < 2000; ++round) {
      std::string bytes = whole;
      for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      const auto reader =
          make_list_reader(encoding, shape_of(Kind::kService), [](const source::decode::Tree& tree) {
            source::decode::Decoded found;
            source::decode::decode_object_of(Kind::kService, tree, {"test", 0, 0}, found);
          });
      if (auto taken = reader->read(bytes); taken.ok()) (void)reader->finish();
    }
  }
}

struct Senseless {
  const char* body;
  const char* why;
};
TEST(Lists, WhatIsNone) {
  const Senseless rows[] = {
      {"", "ends in the middle"},
      {"<html>", "is not JSON"},
      {"[]", "no list of Kubernetes objects"},
      {"7 ", "a number where an object is due"},
      {R"({"items":[]})", "without metadata.resourceVersion"},
      {R"({"metadata":{},"items":[]})", "without metadata.resourceVersion"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[7]})", "a number where an object is due"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[null]})", "null where an object is due"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[[]]})", "no list of Kubernetes objects"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a","name":"b"}}]})",
       "stands twice"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[{})", "ends in the middle"},
      {R"({"metadata":{"resourceVersion":"1"},"items":[]} {"items":[)", "goes on after the list"},
  };
  for (const Senseless& row : rows) {
    const auto reader =
        make_list_reader(Encoding::kJson, shape_of(Kind::kPod), [](const source::decode::Tree&) {});
    const auto taken = reader->read(row.body);
    const auto end = reader->finish();
    const std::string why =
        taken.ok() ? (end.ok() ? "nothing" : end.error().message()) : taken.error().message();
    EXPECT_NE(why.find(row.why), std::string::npos) << row.body << ": " << why;
  }
  EXPECT_TRUE(
      read_list(Encoding::kJson, Kind::kPod, R"({"items":null,"metadata":{"resourceVersion":"1"}})", 3)
          .end.ok());
  const Read magic = read_list(Encoding::kProtobuf, Kind::kPod, std::string("k8x\0nonsense", 12), 100);
  ASSERT_FALSE(magic.end.ok());
  EXPECT_NE(magic.end.error().message().find("does not begin with k8s"), std::string::npos);
}

TEST(Lists, AnObjectThatIsTooLargeIsAnErrorNotMemory) {
  std::string huge = R"({"items":[{"metadata":{"labels":{)";
  const auto reader =
      make_list_reader(Encoding::kJson, shape_of(Kind::kPod), [](const source::decode::Tree&) {});
  base::Status taken = reader->read(huge);
  const std::string value(1 << 20, 'x');
  for (int i = 0; i < 40 && taken.ok(); ++i)
    taken = reader->read((i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"" + value + "\"");
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.error().message().find("16 MiB"), std::string::npos) << taken.error().message();
}

TEST(Lists, ANumberThatDoesNotEndIsAnErrorNotMemory) {
  const auto reader =
      make_list_reader(Encoding::kJson, shape_of(Kind::kPod), [](const source::decode::Tree&) {});
  base::Status taken = reader->read(R"({"items":[{"metadata":{"name":1)");
  const std::string digits(1 << 20, '0');
  for (int i = 0; i < 20 && taken.ok(); ++i) taken = reader->read(digits);
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.error().message().find("16 MiB"), std::string::npos) << taken.error().message();
}

TEST(Lists, WhatIsNotReadIsNotKept) {
  // 40 MiB of annotations of one object are passed over.
  const auto reader =
      make_list_reader(Encoding::kJson, shape_of(Kind::kPod), [](const source::decode::Tree& tree) {
        EXPECT_EQ(tree.find("metadata").find("annotations").size(), 0u);
        EXPECT_EQ(tree.find("metadata").find("name").text(), "p");
      });
  ASSERT_TRUE(reader->read(R"({"items":[{"metadata":{"annotations":{)").ok());
  const std::string value(1 << 20, 'x');
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(reader->read((i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"" + value + "\"").ok());
  ASSERT_TRUE(reader->read(R"(},"name":"p"}}],"metadata":{"resourceVersion":"5"}})").ok());
  EXPECT_TRUE(reader->finish().ok());
}

TEST(Watches, EventsBookmarksAndErrorsInPiecesOfAnySize) {
  std::mt19937 random(3);
  const Json pod = kubeapi::invent(Kind::kPod, 1, random);
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
    const std::string bytes = kubeapi::encode_event(encoding, Kind::kPod, "ADDED", pod) +
                              kubeapi::encode_bookmark(encoding, Kind::kPod, 99) +
                              kubeapi::encode_event(encoding, Kind::kPod, "DELETED", pod) +
                              kubeapi::encode_error_event(encoding, {410, "Expired", "too old", 3});
    for (const size_t piece : {size_t{1}, size_t{13}, bytes.size()}) {
      std::vector<std::string> seen;
      const auto reader = make_watch_reader(
          encoding, shape_of(Kind::kPod), [&](const std::string& type, const source::decode::Tree& tree) {
            if (type == "ERROR") {
              const ApiStatus status = status_of(tree);
              seen.push_back(type + " " + std::to_string(status.code) + " " + status.reason + " " +
                             status.message + " " + std::to_string(status.retry_after));
            } else if (type == "BOOKMARK") {
              seen.push_back(type + " " + std::string(tree.find("metadata").find("resourceVersion").text()));
            } else {
              seen.push_back(type + " " + model::id_of(decoded(Kind::kPod, tree)).to_text());
            }
          });
      for (size_t at = 0; at < bytes.size(); at += piece)
        ASSERT_TRUE(reader->read(bytes.substr(at, piece)).ok());
      EXPECT_EQ(seen, (std::vector<std::string>{"ADDED Pod test/pod-1", "BOOKMARK 99",
                                                "DELETED Pod test/pod-1", "ERROR 410 Expired too old 3"}));
    }
  }
}

TEST(Status, OfAnAnswerThatIsNoSuccess) {
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProtobuf}) {
    const ApiStatus status =
        read_status(encoding, kubeapi::encode_status(encoding, {429, "TooManyRequests", "slow", 7}));
    EXPECT_EQ(status.code, 429);
    EXPECT_EQ(status.reason, "TooManyRequests");
    EXPECT_EQ(status.retry_after, 7);
    EXPECT_EQ(read_status(encoding, "upstream connect error").code, 0);
  }
}

// As Go's JSON has them: every byte that is no UTF-8 is U+FFFD. Else one such text would end the agent's
// stream.
TEST(Texts, OfProtobufAreUtf8) {
  struct Row {
    const char* bytes;
    const char* text;
  };
  for (const Row& row : {Row{"node-a", "node-a"},
                         Row{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
                         Row{"a\xff", "a\xef\xbf\xbd"}, Row{"\xc3", "\xef\xbf\xbd"},
                         Row{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                         Row{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"}}) {
    std::string seen;
    const auto reader = make_list_reader(
        Encoding::kProtobuf, shape_of(Kind::kPod),
        [&](const source::decode::Tree& tree) { seen = tree.find("spec").find("nodeName").text(); });
    kubeapi::Page page{1, {}, {}};
    page.items.push_back(std::make_shared<const Json>(
        Json{{"metadata", Json{{"name", "p"}}}, {"spec", Json{{"nodeName", row.bytes}}}}));
    ASSERT_TRUE(reader->read(kubeapi::encode_list(Encoding::kProtobuf, Kind::kPod, page)).ok());
    EXPECT_EQ(seen, row.text);
  }
}

// A field of a policy that this version does not know, once or repeated, would change what it means: it is
// refused, in either encoding.
TEST(Policies, AnUnknownFieldRefusesTheObject) {
  const std::string json =
      R"({"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"p","namespace":"n"},)"
      R"("spec":{"podSelector":{},"priority":7}}]})";
  // items: {metadata: {name: p, namespace: n}, spec: {podSelector: {}, 9: [7, 8]}}
  const std::string item =
      std::string("\x0a\x06\x0a\x01p\x1a\x01n", 8) + std::string("\x12\x06\x0a\x00\x48\x07\x48\x08", 8);
  const std::string list =
      std::string("\x0a\x03\x12\x01\x31", 5) + "\x12" + static_cast<char>(item.size()) + item;
  const std::string protobuf = std::string("k8s\0", 4) + "\x12" + static_cast<char>(list.size()) + list;
  for (const auto& [encoding, body] :
       {std::pair{Encoding::kJson, json}, std::pair{Encoding::kProtobuf, protobuf}}) {
    source::decode::Decoded found;
    const auto reader =
        make_list_reader(encoding, shape_of(Kind::kNetworkPolicy), [&](const source::decode::Tree& tree) {
          source::decode::decode_object_of(Kind::kNetworkPolicy, tree, {"test", 0, 0}, found);
        });
    ASSERT_TRUE(reader->read(body).ok());
    ASSERT_TRUE(reader->finish().ok());
    ASSERT_EQ(found.problems.size(), 1u);
    EXPECT_NE(found.problems[0].to_text().find("NetworkPolicy n/p: spec: unknown field"), std::string::npos)
        << found.problems[0].to_text();
    EXPECT_EQ(found.closed.size(), 1u);
  }
}

}  // namespace
}  // namespace sluice::source::kube
