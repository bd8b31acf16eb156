// Suite: the conformance suite of the sig-network-policy-api project as data (README.md): of each of its tests the
// states that its policies go through, and what is expected in each.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "agent/expect/expectations.h"
#include "agent/source/folder/folder.h"
#include "sluice_source_dir.h"

namespace sluice::upstream {

namespace fs = std::filesystem;

inline const fs::path kData = fs::path(SLUICE_SOURCE_DIR) / "tests/upstream";

// A folder of tests, and how many subtests there are in all of them.
struct Group {
  const char* folder;
  size_t subtests;
};
inline constexpr Group kGroups[] = {{"suite", 92}, {"later", 32}};

// One connection of a subtest.
struct Question {
  std::string subtest;  // "CNPAdminTierGress: Should support …"
  model::Probe probe;   // without a family
  bool allow = false;
};

struct State {
  std::string name;  // "suite/CNPAdminTierGress/2"
  fs::path policies;
  model::Cluster cluster;
  std::vector<Question> questions;
};

inline model::Cluster read_cluster(const std::vector<std::string>& manifests) {
  auto contents = source::folder::read_manifests(manifests);
  if (!contents) {
    ADD_FAILURE() << contents.error().message();
    return {};
  }
  for (const auto& problem : contents->problems) ADD_FAILURE() << problem.to_text();
  for (const auto& warning : contents->warnings) ADD_FAILURE() << warning.to_text();
  return std::move(contents->cluster);
}

inline std::vector<Question> read_questions(const std::string& test, const fs::path& path) {
  std::ifstream file(path);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const auto read = expect::read_expectations(bytes, path);
  for (const std::string& problem : read.problems) ADD_FAILURE() << problem;
  std::vector<Question> questions;
  for (const expect::Expectation& one : read.all)
    for (const std::string& from : one.from)
      for (const std::string& to : one.to)
        questions.push_back({test + ": " + one.name,
                             {*model::parse_party(from),
                              *model::parse_party(to),
                              {},
                              one.protocol,
                              *net::Port::from_number(std::stoi(one.port))},
                             one.allow});
  return questions;
}

// Every state of the group's tests, in the order of their names.
inline std::vector<State> read_states(const Group& group) {
  constexpr std::string_view kPolicies = ".policies.yaml";
  std::vector<State> states;
  for (const auto& entry : fs::recursive_directory_iterator(kData / group.folder)) {
    const std::string file = entry.path().filename();
    if (!file.ends_with(kPolicies)) continue;
    const std::string number = file.substr(0, file.size() - kPolicies.size());
    const fs::path folder = entry.path().parent_path();
    const std::string test = folder.filename();
    states.push_back({std::string(group.folder) + "/" + test + "/" + number, entry.path(),
                      read_cluster({kData / "cluster.yaml", entry.path()}),
                      read_questions(test, folder / (number + ".tests.yaml"))});
  }
  std::sort(states.begin(), states.end(), [](const State& a, const State& b) { return a.name < b.name; });
  return states;
}

inline std::set<std::string> subtests_of(const std::vector<State>& states) {
  std::set<std::string> subtests;
  for (const State& state : states)
    for (const Question& question : state.questions) subtests.insert(question.subtest);
  return subtests;
}

inline constexpr net::Family kFamilies[] = {net::Family::kIpv4, net::Family::kIpv6};

}  // namespace sluice::upstream
