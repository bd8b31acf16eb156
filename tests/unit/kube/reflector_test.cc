// The reflector's decisions as rows: what happens, and what it asks next.
#include "agent/source/kube/reflector.h"

#include <gtest/gtest.h>

namespace sluice::source::kube {
namespace {

using Kind = Failure::Kind;

constexpr Pauses kPauses{milliseconds(100), milliseconds(1'000), milliseconds(5'000)};

// "list", "list TOKEN", "watch VERSION", each with "api N" where it is not the first.
std::string text_of(const Step& step) {
  std::string text;
  size_t api = 0;
  if (const auto* list = std::get_if<ListRequest>(&step.request)) {
    text = list->continue_token.empty() ? "list" : "list " + list->continue_token;
    api = list->api;
  } else {
    text = "watch " + std::get<WatchRequest>(step.request).resource_version;
    api = std::get<WatchRequest>(step.request).api;
  }
  return api == 0 ? text : text + " api " + std::to_string(api);
}

struct What {
  enum Do { kPage, kOpened, kEvent, kEnded, kFailed } what;
  std::string version = {}, token = {};
  Kind failure = Kind::kBroken;
  int after = 0;  // milliseconds since what was before
  int retry_after = 0;
};
What page(std::string version, std::string token = {}) {
  return {What::kPage, std::move(version), std::move(token)};
}
What opened() {
  return {What::kOpened};
}
What event(std::string version) {
  return {What::kEvent, std::move(version)};
}
What ended(int after = 0) {
  return {What::kEnded, {}, {}, Kind::kBroken, after};
}
What failed(Kind kind, int retry_after = 0) {
  return {What::kFailed, {}, {}, kind, 0, retry_after};
}

struct Row {
  const char* name;
  std::vector<What> story;
  const char* asks;
  int least = 0, most = 0;  // pause, milliseconds
  size_t apis = 1;
};

const Row kRows[] = {
    {"at first a list, at once", {}, "list"},
    {"pages", {page("7", "t1")}, "list t1"},
    {"the last page's version is watched", {page("7", "t1"), page("7")}, "watch 7"},
    {"events move the version", {page("7"), opened(), event("9")}, "watch 9"},
    {"a watch that lasted goes on where it was, at once",
     {page("7"), opened(), event("9"), ended(6000)},
     "watch 9"},
    {"one that did not, with a pause", {page("7"), opened(), event("9"), ended()}, "watch 9", 50, 100},
    {"also where it brings an event each time",
     {page("7"), opened(), event("8"), ended(), opened(), event("9"), ended()},
     "watch 9",
     50,
     100},
    {"a watch that ends at once, with a pause", {page("7"), opened(), ended()}, "watch 7", 50, 100},
    {"a quiet watch that lasted is no failure",
     {page("7"), opened(), ended(6000), opened(), ended(6000)},
     "watch 7"},
    {"watches that end at once are asked for with a pause",
     {page("7"), opened(), ended(), opened(), ended()},
     "watch 7",
     50,
     200},
    {"a broken watch is asked for again from the last version",
     {page("7"), opened(), event("9"), failed(Kind::kBroken)},
     "watch 9",
     50,
     100},
    {"and again, however often",
     {page("7"), failed(Kind::kBroken), failed(Kind::kServer), failed(Kind::kBroken), failed(Kind::kBroken),
      failed(Kind::kServer)},
     "watch 7",
     500,
     1000},
    {"a forgotten version: a list, at once",
     {page("7"), opened(), event("9"), failed(Kind::kForgotten)},
     "list"},
    {"a second one, with a pause",
     {page("7"), failed(Kind::kForgotten), page("8"), failed(Kind::kForgotten)},
     "list",
     50,
     200},
    {"also where an event comes each time",
     {page("7"), opened(), event("8"), failed(Kind::kForgotten), page("9"), opened(), event("10"),
      failed(Kind::kForgotten)},
     "list",
     100,
     200},
    {"and the pauses double",
     {page("7"), opened(), event("8"), failed(Kind::kForgotten), page("9"), opened(), event("10"),
      failed(Kind::kForgotten), page("9"), opened(), event("10"), failed(Kind::kForgotten)},
     "list",
     200,
     400},
    {"after a watch that lasted: at once again",
     {page("7"), opened(), failed(Kind::kForgotten), page("8"), opened(), ended(6000), opened(),
      failed(Kind::kForgotten)},
     "list"},
    {"a forgotten token: from the first page", {page("7", "t1"), failed(Kind::kForgotten)}, "list"},
    {"a broken page is asked for again", {page("7", "t1"), failed(Kind::kBroken)}, "list t1", 50, 100},
    {"pauses double",
     {failed(Kind::kServer), failed(Kind::kServer), failed(Kind::kServer)},
     "list",
     200,
     400},
    {"to the longest",
     {failed(Kind::kServer), failed(Kind::kServer), failed(Kind::kServer), failed(Kind::kServer),
      failed(Kind::kServer), failed(Kind::kServer), failed(Kind::kServer)},
     "list",
     500,
     1000},
    {"Retry-After is kept", {failed(Kind::kThrottled, 7000)}, "list", 7000, 7000},
    {"but not for ever", {failed(Kind::kThrottled, 86'400'000)}, "list", 120'000, 120'000},
    {"senseless answers to a watch: again",
     {page("7"), failed(Kind::kInvalid), failed(Kind::kInvalid)},
     "watch 7",
     100,
     200},
    {"the third time a list",
     {page("7"), failed(Kind::kInvalid), failed(Kind::kInvalid), failed(Kind::kInvalid)},
     "list",
     200,
     400},
    {"an event between them ends the row",
     {page("7"), failed(Kind::kInvalid), failed(Kind::kInvalid), opened(), event("8"),
      failed(Kind::kInvalid)},
     "watch 8",
     50,
     100},
    {"404: the next API version, at once", {failed(Kind::kMissing)}, "list api 1", 0, 0, 2},
    {"404 of all of them: the first again, with a pause",
     {failed(Kind::kMissing), failed(Kind::kMissing)},
     "list",
     100,
     200,
     2},
    {"the version that was found is watched", {failed(Kind::kMissing), page("7")}, "watch 7 api 1", 0, 0, 2},
    {"a watch that is missing after an upgrade: a list of the other",
     {failed(Kind::kMissing), page("7"), opened(), failed(Kind::kMissing)},
     "list",
     0,
     0,
     2},
    {"lists that are found and watches that are not: with a pause",
     {page("7"), failed(Kind::kMissing), page("7"), failed(Kind::kMissing)},
     "list",
     100,
     200,
     2},
    {"refused: again, with a pause", {failed(Kind::kRefused)}, "list", 50, 100},
};

class Asks : public testing::TestWithParam<Row> {};

TEST_P(Asks, Next) {
  const Row& row = GetParam();
  SCOPED_TRACE(row.name);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Reflector reflector(row.apis, kPauses, seed);
    Moment now{};
    for (const What& what : row.story) {
      now += milliseconds(what.after);
      switch (what.what) {
        case What::kPage:
          EXPECT_EQ(reflector.page_read({what.version, what.token}), what.token.empty());
          break;
        case What::kOpened:
          reflector.watch_opened(now);
          break;
        case What::kEvent:
          reflector.advanced(what.version);
          break;
        case What::kEnded:
          reflector.watch_ended(now);
          break;
        case What::kFailed:
          reflector.failed({what.failure, "why", milliseconds(what.retry_after)}, now);
          break;
      }
    }
    const Step step = reflector.next();
    EXPECT_EQ(text_of(step), row.asks);
    EXPECT_GE(step.pause.count(), row.least);
    EXPECT_LE(step.pause.count(), row.most);
  }
}
INSTANTIATE_TEST_SUITE_P(All, Asks, testing::ValuesIn(kRows));

TEST(Reflector, IsSyncedAfterTheFirstWholeListForGood) {
  Reflector reflector(1, kPauses, 1);
  reflector.page_read({"7", "t1"});
  EXPECT_FALSE(reflector.synced());
  reflector.page_read({"7", ""});
  EXPECT_TRUE(reflector.synced());
  reflector.failed({Kind::kForgotten, "", milliseconds(0)}, Moment{});
  EXPECT_TRUE(reflector.synced());
}

TEST(Reflector, AVersionThatIsOlderThanOneSeenGoesBack) {
  Reflector reflector(1, {}, 1);
  EXPECT_FALSE(reflector.goes_back("1")) << "nothing was seen";
  reflector.page_read({"1000", ""});
  EXPECT_TRUE(reflector.goes_back("999"));
  EXPECT_FALSE(reflector.goes_back("1000"));
  EXPECT_FALSE(reflector.goes_back("10000"));
  EXPECT_FALSE(reflector.goes_back("abc")) << "no number";
  EXPECT_FALSE(reflector.goes_back("")) << "no number";
  reflector.advanced("18446744073709551615");
  EXPECT_TRUE(reflector.goes_back("9446744073709551615")) << "whatever its length";
}

TEST(Reflector, PausesOfTwoSeedsDiffer) {
  Reflector one(1, kPauses, 1), other(1, kPauses, 2);
  bool differ = false;
  for (int i = 0; i < 5; ++i) {
    one.failed({Kind::kServer, "", milliseconds(0)}, Moment{});
    other.failed({Kind::kServer, "", milliseconds(0)}, Moment{});
    differ |= one.next().pause != other.next().pause;
  }
  EXPECT_TRUE(differ);
}

struct AnswerRow {
  unsigned http;
  ApiStatus status;
  Kind kind;
};
TEST(FailureOf, Answers) {
  const AnswerRow rows[] = {
      {410, {}, Kind::kForgotten},
      {410, {410, "Gone", "", 0}, Kind::kForgotten},
      {400, {400, "Expired", "", 0}, Kind::kForgotten},
      {429, {429, "TooManyRequests", "", 0}, Kind::kThrottled},
      {500, {500, "", "", 0}, Kind::kServer},
      {503, {503, "", "", 5}, Kind::kThrottled},
      {504, {504, "Timeout", "", 1}, Kind::kThrottled},
      {401, {}, Kind::kRefused},
      {403, {}, Kind::kRefused},
      {404, {}, Kind::kMissing},
      {400, {400, "BadRequest", "", 0}, Kind::kInvalid},
      {302, {}, Kind::kInvalid},
  };
  for (const AnswerRow& row : rows)
    EXPECT_EQ(failure_of(row.http, row.status, milliseconds(0)).kind, row.kind)
        << row.http << " " << row.status.reason;
  EXPECT_EQ(failure_of(503, {}, milliseconds(4000)).retry_after, milliseconds(4000));
  EXPECT_EQ(failure_of({410, "Expired", "old", 0}).kind, Kind::kForgotten);
  EXPECT_EQ(failure_of({500, "InternalError", "no leader", 0}).kind, Kind::kInvalid);
  EXPECT_EQ(failure_of({410, "Expired", "too old", 0}).what, "ERROR event: HTTP 410 Expired: too old");
}

}  // namespace
}  // namespace sluice::source::kube
