// Policies of Cilium taken as they come, against what they mean, whatever the order in which they come.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/convert/acceptance.h"
#include "agent/source/decode/decode.h"
#include "tests/convert/world.h"
#include "tests/oracle/random_objects.h"

namespace sluice::convert {

// A cluster and its policies as they come: in any order, one by one or several at a time, some said again, some that go.
struct Coming {
  Coming(const model::Cluster& before, const std::string& text)
      : objects(before.objects()), acceptance(addresses_of(before)) {
    foreign = source::decode::decode(text, "f", source::decode::Wanted::kObjects, &acceptance).foreign;
  }

  void tell(oracle::Random& random) {
    const size_t told = objects.size() + foreign.size();
    std::vector<size_t> order;
    for (size_t i = 0; i < told; ++i)
      for (int times = random.between(1, 2); times > 0; --times) order.push_back(i);
    for (size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[static_cast<size_t>(random.between(0, static_cast<int>(i) - 1))]);
    std::vector<model::Change> own;
    std::vector<source::decode::ForeignChange> theirs;
    for (size_t at = 0; at < order.size(); ++at) {
      const size_t i = order[at];
      const bool again = std::find(order.begin() + static_cast<long>(at) + 1, order.end(), i) != order.end();
      const bool goes = again && random.chance(30);
      if (i < objects.size())
        own.push_back(goes ? model::Change::remove(model::id_of(objects[i]))
                           : model::Change::upsert(objects[i]));
      else if (const auto& object = foreign[i - objects.size()]; goes)
        theirs.push_back({object.id, std::nullopt});
      else
        theirs.push_back({object.id, object});
      if (random.chance(60) && at + 1 < order.size()) continue;
      for (const model::Change& change : acceptance.apply(std::exchange(own, {}), std::exchange(theirs, {})))
        cluster.apply(change);
    }
  }

  std::vector<model::Object> objects;
  std::vector<source::decode::ForeignObject> foreign;
  Acceptance acceptance;
  model::Cluster cluster;  // in force
};

// What came in any order is what would be there had it come at once, and means what the policies mean.
inline void compare_accepted(const model::Cluster& before, const std::string& text, const Judge& judge,
                             oracle::Random& random, uint64_t seed, Tally& tally) {
  Coming coming(before, text), at_once(before, text);
  coming.tell(random);
  std::vector<source::decode::ForeignChange> all;
  for (const auto& object : at_once.foreign) all.push_back({object.id, object});
  for (const model::Change& change : at_once.acceptance.apply(model::difference({}, before), all))
    at_once.cluster.apply(change);
  ASSERT_EQ(coming.cluster, at_once.cluster) << text;
  ASSERT_EQ(coming.acceptance.warnings(), at_once.acceptance.warnings());
  ASSERT_EQ(coming.acceptance.problems(), at_once.acceptance.problems());
  ++tally.clusters;
  Conversion made;
  for (const auto& warning : coming.acceptance.warnings())
    made.losses.push_back({"", "", warning.message, ""});
  for (const auto& problem : coming.acceptance.problems())
    made.losses.push_back({"", "", problem.message, ""});
  tally.refused += !coming.acceptance.problems().empty();
  tally.whole += made.losses.empty();
  compare_objects(before, coming.cluster, made, text, judge, seed, tally);
}

}  // namespace sluice::convert
