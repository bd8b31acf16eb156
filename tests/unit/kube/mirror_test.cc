// The mirror and the queue: what counts as a change, what a new list removes, what an agent is sent.
#include "agent/source/kube/mirror.h"

#include <gtest/gtest.h>

#include "agent/source/kube/change_queue.h"

namespace sluice::source::kube {
namespace {

using model::Kind;
using model::ObjectId;

model::Namespace ns(const std::string& name, const std::string& label = "") {
  return {{"", name}, {{"label", label}}};
}
ObjectId id(const std::string& name) {
  return {Kind::kNamespace, {"", name}};
}

// Holds only namespaces; an queue hears of every change.
struct World {
  std::vector<std::string> changes;
  Mirror mirror{[](const model::Object& object) {
                  const auto& one = std::get<model::Namespace>(object);
                  return one.name.name + "=" + one.labels.at("label");
                },
                [this](const ObjectId& which, int64_t observed) {
                  changes.push_back(which.name.name);
                  queue.changed(which, observed);
                }};
  ChangeQueue queue{mirror};

  void list(const std::vector<std::pair<std::string, std::string>>& objects) {
    mirror.begin_list(Kind::kNamespace);
    for (const auto& [name, label] : objects) mirror.upsert(ns(name, label), {}, 0);
    mirror.end_list(Kind::kNamespace, 0);
  }
  void put(const std::string& name, const std::string& label, int64_t observed = 0) {
    mirror.upsert(ns(name, label), {}, observed);
  }
  // "begin a=1 b=2 end", "-c" for what is gone.
  std::string drain(uint64_t sequence, size_t items = 1000) {
    const Chunk chunk = queue.drain(sequence, {1 << 20, items});
    std::string text = chunk.begins_snapshot ? "begin " : "";
    for (const auto& item : chunk.items)
      text += (item.packed != nullptr ? *item.packed : "-" + item.id.name.name) + " ";
    return text + (chunk.ends_snapshot ? "end" : "");
  }
};

using Names = std::vector<std::string>;

TEST(Mirror, ANewListChangesNoMoreThanTheDifference) {
  World world;
  world.list({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  EXPECT_EQ(std::exchange(world.changes, {}), (Names{"a", "b", "c"}));
  world.list({{"a", "1"}, {"b", "2"}, {"d", "1"}});
  EXPECT_EQ(world.changes, (Names{"b", "d", "c"}));
  EXPECT_EQ(world.mirror.count(Kind::kNamespace), 3u);
}

TEST(Mirror, AListThatDoesNotEndRemovesNothing) {
  World world;
  world.list({{"a", "1"}, {"b", "1"}});
  world.changes.clear();
  world.mirror.begin_list(Kind::kNamespace);
  world.put("a", "1");
  world.mirror.begin_list(Kind::kNamespace);
  EXPECT_TRUE(world.changes.empty());
  EXPECT_EQ(world.mirror.count(Kind::kNamespace), 2u);
  world.put("b", "1");
  world.mirror.end_list(Kind::kNamespace, 0);
  EXPECT_EQ(world.changes, Names{"a"}) << "what only the list before named is gone";
}

TEST(Mirror, TheSameAgainIsNoChange) {
  World world;
  world.list({{"a", "1"}});
  world.changes.clear();
  world.put("a", "1");
  world.mirror.remove(id("nobody"), 0);
  EXPECT_TRUE(world.changes.empty());
}

TEST(Mirror, WhatMakesNoSenseStaysAsItWas) {
  World world;
  world.list({{"a", "1"}, {"b", "1"}});
  world.mirror.begin_list(Kind::kNamespace);
  world.mirror.refuse(id("a"), {{}, id("a"), "metadata", "is wrong"});
  world.mirror.end_list(Kind::kNamespace, 0);
  EXPECT_NE(world.mirror.packed(id("a")), nullptr);
  EXPECT_EQ(world.mirror.packed(id("b")), nullptr);
  ASSERT_EQ(world.mirror.problems(10).size(), 1u);
  world.put("a", "2");
  EXPECT_TRUE(world.mirror.problems(10).empty());
  world.mirror.refuse(id("new"), {{}, id("new"), "metadata", "is wrong"});
  EXPECT_EQ(world.mirror.packed(id("new")), nullptr);
  world.list({{"a", "2"}});
  EXPECT_TRUE(world.mirror.problems(10).empty()) << "gone with the object";
}

// One that no agent could be sent isolates all the same.
TEST(Mirror, APolicyThatIsTooLargeIsHeldWithoutItsRules) {
  struct Row {
    const char* what;
    size_t selector, rules;  // bytes
    const char* held;
    const char* sent;
  };
  for (const Row& row : {Row{"fits", 10, 10, "selects with rules", ""},
                         Row{"its rules do not", 10, kLargestPacked, "selects",
                             "meanwhile it isolates the pods that it selects for egress and allows nothing"},
                         Row{"its selector does not", kLargestPacked, 10, "everything IE",
                             "meanwhile it isolates every pod of namespace prod for ingress and egress"}}) {
    std::vector<ObjectId> changes;
    const auto pack = [&row](const model::Object& object) {
      const auto& policy = std::get<model::NetworkPolicy>(object);
      const bool selects = policy.pod_selector != model::LabelSelector{}, rules = !policy.egress.empty();
      std::string packed = selects ? "selects" : "everything";
      if (rules) packed += " with rules";
      if (policy.isolates_ingress && policy.isolates_egress) packed += " IE";
      return packed + std::string((selects ? row.selector : 0) + (rules ? row.rules : 0), '.');
    };
    Mirror mirror(pack, [&](const ObjectId& which, int64_t) { changes.push_back(which); });
    model::NetworkPolicy policy;
    policy.name = {"prod", "web"};
    policy.pod_selector = {{{"app", model::Operator::kIn, {"web"}}}};
    policy.isolates_ingress = false;
    policy.isolates_egress = true;
    policy.egress.emplace_back();
    mirror.upsert(policy, {}, 0);
    ASSERT_EQ(changes.size(), 1u) << row.what;
    const std::string& packed = *mirror.packed(changes.front());
    EXPECT_EQ(packed.substr(0, packed.find('.')), row.held) << row.what;
    const auto problems = mirror.problems(10);
    ASSERT_EQ(problems.size(), *row.sent == 0 ? 0u : 1u) << row.what;
    if (!problems.empty()) {
      EXPECT_NE(problems[0].message.find(row.sent), std::string::npos) << problems[0].message;
    }
  }
}

// Whoever tells them looks at them only when they changed, and at no more than it can tell.
TEST(Mirror, SaysWhenItsRemarksChanged) {
  World world;
  const source::Finding one{{}, id("a"), "metadata", "is odd"}, other{{}, id("a"), "metadata", "is odder"};
  auto changes = [&, last = uint64_t{0}]() mutable {
    return std::exchange(last, world.mirror.remarks_version()) != world.mirror.remarks_version();
  };
  world.put("a", "1");
  EXPECT_FALSE(changes());
  world.mirror.upsert(ns("a", "2"), {{}, {one}}, 0);
  EXPECT_TRUE(changes());
  world.mirror.upsert(ns("a", "3"), {{}, {one}}, 0);
  EXPECT_FALSE(changes()) << "the same again";
  world.mirror.upsert(ns("a", "3"), {{}, {one, other}}, 0);
  EXPECT_TRUE(changes());
  EXPECT_EQ(world.mirror.warnings(1), std::vector{one});
  EXPECT_EQ(world.mirror.warning_count(), 2u);
  world.mirror.refuse(id("a"), one);
  EXPECT_TRUE(changes());
  world.mirror.refuse(id("a"), one);
  EXPECT_FALSE(changes());
  world.list({{"b", "1"}});
  EXPECT_TRUE(changes()) << "gone with the object";
  world.mirror.refuse(id("b"), one);
  EXPECT_TRUE(changes());
  world.mirror.remove(id("b"), 0);
  EXPECT_TRUE(changes());
  world.put("c", "1");
  world.mirror.remove(id("c"), 0);
  EXPECT_FALSE(changes());
}

TEST(Mirror, IsCompleteOnceEveryKindWasListed) {
  World world;
  for (const Kind kind : model::kKinds) {
    EXPECT_FALSE(world.mirror.complete());
    world.mirror.begin_list(kind);
    world.mirror.end_list(kind, 0);
  }
  EXPECT_TRUE(world.mirror.complete());
}

// What a Translator made beside namespaces that were listed.
TEST(Mirror, WhatWasMadeStandsBesideWhatIsListed) {
  std::vector<std::string> heard;
  World world;
  Mirror mirror(
      [](const model::Object& object) {
        const auto& one = std::get<model::Namespace>(object);
        return one.name.name + "=" + one.labels.at("label");
      },
      [&](const ObjectId& which, int64_t) { world.changes.push_back(which.name.name); },
      [&](const model::Change& change, int64_t) {
        heard.push_back((change.is_removal() ? "-" : "+") + change.id().name.name);
      });
  const auto list = [&](const std::vector<std::string>& names) {
    mirror.begin_list(Kind::kNamespace);
    for (const std::string& name : names) mirror.upsert(ns(name, "1"), {}, 0);
    mirror.end_list(Kind::kNamespace, 0);
  };
  const auto held = [&] {
    std::string text;
    for (Mirror::Held one = mirror.after(nullptr); one.packed != nullptr; one = mirror.after(&one.id))
      text += *one.packed + " ";
    return text;
  };
  list({"a", "c"});
  mirror.set_made({model::Change::upsert(ns("b", "made")), model::Change::upsert(ns("c", "made")),
                   model::Change::upsert(ns("d", "made"))},
                  0);
  EXPECT_EQ(held(), "a=1 b=made c=made d=made ");
  EXPECT_EQ(mirror.count(Kind::kNamespace), 2u);
  EXPECT_EQ(std::exchange(world.changes, {}), (Names{"a", "c", "b", "c", "d"}));
  list({"a"});
  EXPECT_EQ(held(), "a=1 b=made c=made d=made ");
  list({"a", "c"});
  world.changes.clear();
  mirror.set_made({model::Change::upsert(ns("b", "made")), model::Change::remove(id("c")),
                   model::Change::remove(id("d")), model::Change::remove(id("e"))},
                  0);
  EXPECT_EQ(world.changes, (Names{"c", "d"}));
  EXPECT_EQ(held(), "a=1 b=made c=1 ");
  EXPECT_EQ(*mirror.packed(id("c")), "c=1");
  EXPECT_EQ(heard, (Names{"+a", "+c", "-c", "+c"})) << "of its own alone";
}

TEST(Mirror, IsCompleteOnceWhatIsMadeWasSet) {
  Mirror mirror([](const model::Object&) { return std::string(); }, [](const ObjectId&, int64_t) {},
                [](const model::Change&, int64_t) {});
  for (const Kind kind : model::kKinds) mirror.begin_list(kind), mirror.end_list(kind, 0);
  EXPECT_TRUE(mirror.all_listed());
  EXPECT_FALSE(mirror.complete());
  mirror.set_made({}, 0);
  EXPECT_TRUE(mirror.complete());
}

TEST(Mirror, WhatWasMadeAndIsTooLargeIsHeldWithoutItsRules) {
  Mirror mirror(
      [](const model::Object& object) {
        const auto& policy = std::get<model::NetworkPolicy>(object);
        return policy.ingress.empty() ? std::string("closed") : std::string(kLargestPacked + 1, 'x');
      },
      [](const ObjectId&, int64_t) {});
  model::NetworkPolicy policy;
  policy.name = {"shop", "web"};
  policy.isolates_ingress = true;
  policy.ingress.resize(1);
  mirror.set_made({model::Change::upsert(policy)}, 0);
  EXPECT_EQ(*mirror.packed(model::id_of(model::Object(policy))), "closed");
  ASSERT_EQ(mirror.problem_count(), 1u);
  EXPECT_NE(mirror.problems(10).at(0).to_text().find("split it; meanwhile"), std::string::npos);
  const uint64_t version = mirror.remarks_version();
  mirror.set_made({model::Change::remove(model::id_of(model::Object(policy)))}, 0);
  EXPECT_EQ(mirror.problem_count(), 0u);
  EXPECT_NE(mirror.remarks_version(), version);
}

TEST(ChangeQueue, ASnapshotThenChanges) {
  World world;
  world.list({{"a", "1"}, {"b", "1"}, {"c", "1"}});
  EXPECT_FALSE(world.queue.has_chunk()) << "nobody asked yet";
  world.queue.start_over();
  EXPECT_EQ(world.drain(1, 2), "begin a=1 b=1 ");
  world.put("a", "2");              // sent already: again as a change
  world.put("c", "2");              // not sent yet: with the snapshot
  world.mirror.remove(id("b"), 0);  // never within a snapshot
  EXPECT_EQ(world.drain(2, 2), "c=2 end");
  EXPECT_EQ(world.drain(3), "a=2 -b ");
  EXPECT_FALSE(world.queue.has_chunk());
}

TEST(ChangeQueue, AnEmptySnapshotIsOneToo) {
  World world;
  world.queue.start_over();
  EXPECT_EQ(world.drain(1), "begin end");
}

TEST(ChangeQueue, ManyChangesOfOneObjectAreToldOnceWithTheFirstTime) {
  World world;
  world.queue.start_over();
  world.drain(1);
  world.put("a", "1", 100);
  world.put("b", "1", 150);
  world.put("a", "2", 200);
  const Chunk chunk = world.queue.drain(2, {});
  ASSERT_EQ(chunk.items.size(), 2u);
  EXPECT_EQ(*chunk.items[0].packed, "a=2");
  EXPECT_EQ(chunk.items[0].observed, 100);
  EXPECT_EQ(chunk.items[1].observed, 150);
}

TEST(ChangeQueue, ResumesWithWhatWasSentAndNotTaken) {
  World world;
  world.list({{"a", "1"}});
  world.queue.start_over();
  world.drain(1);
  EXPECT_FALSE(world.queue.can_resume()) << "the snapshot is not taken";
  world.queue.acknowledge(1);
  EXPECT_TRUE(world.queue.can_resume());
  world.put("b", "1");
  world.drain(2);
  world.put("c", "1");
  world.drain(3);
  world.put("d", "1");
  world.queue.acknowledge(2);
  EXPECT_EQ(world.queue.taken(), 2u);
  world.mirror.remove(id("c"), 0);
  world.queue.resume();
  EXPECT_EQ(world.drain(3), "d=1 -c ")
      << "c changed again meanwhile: it waits behind d, and is told as it is now";
}

// Law 1.
TEST(ChangeQueue, AFloodOfOneNamespaceKeepsNobodyElseWaiting) {
  Mirror mirror([](const model::Object& object) { return model::id_of(object).name.to_text(); },
                [](const ObjectId&, int64_t) {});
  ChangeQueue queue(mirror);
  queue.start_over();
  queue.drain(1, {});
  const auto policy = [](const std::string& ns, int number) {
    return ObjectId{Kind::kNetworkPolicy, {ns, std::to_string(number)}};
  };
  for (int i = 0; i < 10'000; ++i) queue.changed(policy("flood", i), 0);
  for (int i = 0; i < 3; ++i) queue.changed(policy("shop", i), 0);
  queue.changed({Kind::kNamespace, {"", "dev"}}, 0);
  const Chunk chunk = queue.drain(2, {1 << 20, 7});
  Names sent;
  for (const auto& item : chunk.items) sent.push_back(item.id.to_text());
  EXPECT_EQ(sent,
            (Names{"NetworkPolicy flood/0", "NetworkPolicy shop/0", "Namespace dev", "NetworkPolicy flood/1",
                   "NetworkPolicy shop/1", "NetworkPolicy flood/2", "NetworkPolicy shop/2"}));
  size_t left = 0;
  for (uint64_t sequence = 3; queue.has_chunk(); ++sequence) left += queue.drain(sequence, {}).items.size();
  EXPECT_EQ(left, 9'997U);
}

TEST(ChangeQueue, ParcelsKeepTheirLimits) {
  World world;
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 100; i < 200; ++i) many.emplace_back("n" + std::to_string(i), std::string(1000, 'x'));
  world.list(many);
  world.queue.start_over();
  size_t sent = 0, chunks = 0;
  while (world.queue.has_chunk()) {
    const Chunk chunk = world.queue.drain(++chunks, {10'000, 1000});
    sent += chunk.items.size();
    EXPECT_LE(chunk.items.size(), 10u);
    EXPECT_EQ(chunk.ends_snapshot, sent == 100);
  }
  EXPECT_EQ(sent, 100u);
}

}  // namespace
}  // namespace sluice::source::kube
