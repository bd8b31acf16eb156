// The examples say what they show: expected.jsonl and matrix-*.txt of each folder, by each engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/apps/ctl/engines.h"
#include "agent/apps/ctl/manifests.h"
#include "agent/engine/eval_lines.h"
#include "agent/source/folder/folder.h"
#include "agent/times/hours.h"
#include "agent/times/parse.h"
#include "sluice_source_dir.h"

namespace sluice::examples {
namespace {

namespace fs = std::filesystem;

struct Example {
  fs::path expected;                // the folder with expected.jsonl and matrix-*.txt
  std::vector<fs::path> manifests;  // read one over the other
};

// Numbered folders, and the stages of the demo, each of which adds to or replaces what came before.
std::vector<Example> all_examples() {
  fs::path root = fs::path(SLUICE_SOURCE_DIR) / "examples", demo = root / "demo";
  std::vector<Example> all;
  for (const auto& entry : fs::directory_iterator(root))
    if (fs::exists(entry.path() / "expected.jsonl"))
      all.push_back({entry.path(), {entry.path() / "manifests"}});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.expected < b.expected; });
  fs::path base = demo / "manifests/base", deny = demo / "manifests/policies-default-deny",
           full = demo / "manifests/policies-full";
  all.push_back({demo / "expected/1-before", {base}});
  all.push_back({demo / "expected/2-default-deny", {base, deny}});
  all.push_back({demo / "expected/3-full", {base, deny, full}});
  all.push_back({demo / "expected/4-relabel", {base, deny, full, demo / "relabel.yaml"}});
  return all;
}

model::Cluster read(const Example& example) {
  model::Cluster cluster;
  for (fs::path path : example.manifests) {
    if (!fs::is_directory(path)) {  // one file: through a folder of its own
      fs::path folder = fs::path(testing::TempDir()) / "sluice-example";
      fs::create_directories(folder);
      fs::copy_file(path, folder / path.filename(), fs::copy_options::overwrite_existing);
      path = folder;
    }
    auto contents = source::folder::read_folder(path);
    if (!contents) {
      ADD_FAILURE() << path << ": " << contents.error().message();
      continue;
    }
    for (const auto& problem : contents->problems) ADD_FAILURE() << problem.to_text();
    for (auto& object : contents->cluster.objects()) cluster.apply(model::Change::upsert(std::move(object)));
  }
  std::ifstream file(example.expected / "at");
  if (std::string moment; std::getline(file, moment))
    times::at(cluster, times::parse_instant(moment).value());
  if (const fs::path names = example.expected / "names.jsonl"; fs::exists(names)) {
    auto resolved = apps::ctl::read_resolved(names);
    EXPECT_TRUE(resolved) << resolved.error().message();
    if (resolved) cluster.resolved = *std::move(resolved);
  }
  return cluster;
}

void expect_lines(const Example& example, engine::Engine& engine) {
  std::ifstream file(example.expected / "expected.jsonl");
  size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    auto wanted = boost::json::parse(line).as_object();
    auto probe = engine::parse_eval_line(line);
    ASSERT_TRUE(probe.probe) << line << ": " << probe.probe.error().message();
    auto answer = engine.evaluate(*probe.probe);
    ASSERT_TRUE(answer) << line << ": " << answer.error().message();
    EXPECT_EQ(to_text(answer->verdict()), std::string_view(wanted.at("verdict").as_string())) << line;
    EXPECT_EQ(to_text(answer->egress), std::string_view(wanted.at("egress").as_string())) << line;
    EXPECT_EQ(to_text(answer->ingress), std::string_view(wanted.at("ingress").as_string())) << line;
  }
  EXPECT_GT(lines, 0u) << example.expected;
}

model::ObjectName pod_name(const std::string& text) {
  return {text.substr(0, text.find('/')), text.substr(text.find('/') + 1)};
}

// matrix-<protocol>-<port>.txt: the pods, then a row a source: A allowed, - denied, . itself.
void expect_matrix(const fs::path& path, engine::Engine& engine) {
  std::string name = path.stem();
  std::string protocol = name.substr(7, name.rfind('-') - 7);
  std::transform(protocol.begin(), protocol.end(), protocol.begin(), ::toupper);
  model::Probe probe;
  probe.protocol = *net::Protocol::parse(protocol);
  probe.port = *net::Port::from_number(std::stoi(name.substr(name.rfind('-') + 1)));
  std::ifstream file(path);
  std::string line, from, row;
  std::getline(file, line);
  std::istringstream heads(line);
  std::vector<std::string> pods(std::istream_iterator<std::string>(heads), {});
  size_t rows = 0;
  for (; file >> from >> row; ++rows) {
    ASSERT_EQ(row.size(), pods.size()) << path << " " << from;
    for (size_t i = 0; i < pods.size(); ++i) {
      if (row[i] == '.') continue;
      probe.from = pod_name(from);
      probe.to = pod_name(pods[i]);
      auto answer = engine.evaluate(probe);
      ASSERT_TRUE(answer) << path << " " << from << " -> " << pods[i] << ": " << answer.error().message();
      EXPECT_EQ(answer->verdict() == model::Verdict::kAllow ? 'A' : '-', row[i])
          << path << " " << from << " -> " << pods[i];
    }
  }
  EXPECT_EQ(rows, pods.size()) << path;
}

class Examples : public testing::TestWithParam<const char*> {};

TEST_P(Examples, SayWhatTheyShow) {
  std::string name = GetParam();
  if (name == "bpf" && geteuid() != 0) GTEST_SKIP() << "loading programs needs root";
  auto examples = all_examples();
  EXPECT_GE(examples.size(), 20u);
  for (const Example& example : examples) {
    model::Cluster cluster = read(example);
    auto engine = apps::ctl::make_engine(name, cluster);
    expect_lines(example, *engine);
    for (const auto& entry : fs::directory_iterator(example.expected))
      if (entry.path().filename().string().starts_with("matrix-")) expect_matrix(entry.path(), *engine);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Examples, testing::Values("reference", "native", "bpf"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace sluice::examples
