// Live: sluiced as a process over a folder of manifests, the demo's application as namespaces.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/lab/lab.h"
#include "agent/reference/reference.h"
#include "agent/source/folder/folder.h"
#include "sluice_source_dir.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"
#include "tests/live/stream.h"

namespace sluice::live {

namespace fs = std::filesystem;

inline constexpr char kManifests[] = "/run/manifests";
inline const fs::path kDemo = fs::path(SLUICE_SOURCE_DIR) / "examples/demo/manifests";
inline constexpr int kBeatMilliseconds = 5000;  // a lost packet is sent again well before
inline constexpr int kSilenceMilliseconds = 1500;

// A world of its own for each test: lab up, agent on a folder, everything taken away again.
class Live : public testing::Test {
 protected:
  void up(lab::Topology topology) {
    fs::remove_all(kManifests);
    fs::create_directories(kManifests);
    add(kDemo / "base");
    lab::Options options;
    options.topology = topology;
    auto hosts = lab::up(cluster(), options);
    ASSERT_TRUE(hosts) << hosts.error().message();
    start_agent();
  }
  void TearDown() override {
    agent_.end(SIGTERM);
    EXPECT_EQ(run({SLUICED, "--detach"}), 0);
    auto down = lab::down({});
    EXPECT_TRUE(down) << down.error().message();
  }

  // `more`: further options.
  void start_agent(std::vector<std::string> more = {}) {
    launch_agent("/run/netns", std::move(more));
    in_force();  // waits for the agent and its first state
  }
  void launch_agent(const std::string& netns_dir, std::vector<std::string> more = {}) {
    std::vector<std::string> words = through_;
    words.insert(words.end(), {SLUICED, "--node-name", node_, "--manifests", kManifests, "--metrics",
                               "127.0.0.1:19619", "--log-level", "error", "--netns-dir", netns_dir});
    std::move(more.begin(), more.end(), std::back_inserter(words));
    agent_ = Process(std::move(words));
  }
  void in_force() { ASSERT_EQ(run({SLUICECTL, "sync", "--timeout", "20s"}), 0); }
  // As if `annotations` were written at shop/api-1.
  void annotate_api(const std::string& annotations) {
    const std::string name = "  name: api-1\n";
    std::ifstream in(kDemo / "base" / "pods.yaml");
    std::stringstream pods;
    pods << in.rdbuf();
    std::string text = pods.str();
    const size_t at = text.find(name);
    ASSERT_NE(at, text.npos);
    text.insert(at + name.size(), annotations);
    std::ofstream(std::string(kManifests) + "/pods.yaml") << text;
    in_force();
  }
  void add(const fs::path& folder) {
    fs::copy(folder, kManifests, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  static model::Cluster cluster() { return source::folder::read_folder(kManifests)->cluster; }

  // Every real connection is what the reference says.
  void expect_real_as_reference(net::Protocol protocol, uint16_t port, std::optional<net::Family> family) {
    model::Cluster world = cluster();
    lab::ProbeOptions options;
    options.protocol = protocol;
    options.port = net::Port::from_host(port);
    options.family = family;
    options.timeout = std::chrono::milliseconds(600);
    auto matrix = lab::probe(world, options);
    ASSERT_TRUE(matrix) << matrix.error().message();
    reference::Reference reference(world);
    for (size_t from = 0; from < matrix->pods.size(); ++from)
      for (size_t to = 0; to < matrix->pods.size(); ++to) {
        if (from == to) continue;
        auto answer =
            reference.evaluate({matrix->pods[from], matrix->pods[to], family, protocol, options.port});
        ASSERT_TRUE(answer) << answer.error().message();
        EXPECT_EQ(matrix->cells[from][to] == model::Cell::kAllow, answer->verdict() == model::Verdict::kAllow)
            << matrix->pods[from].to_text() << " -> " << matrix->pods[to].to_text() << " "
            << protocol.to_text() << "/" << port;
      }
  }
  base::Result<Stream> stream(const std::string& from, const std::string& to, const std::string& ip) {
    return Stream::open("/run/netns/sluice-" + from, "/run/netns/sluice-" + to, *net::Ip::parse(ip), 8080);
  }
  void expect_beats(Stream& open, int beats, const char* when) {
    for (int i = 0; i < beats; ++i)
      ASSERT_TRUE(open.beat(kBeatMilliseconds)) << when << ", after " << open.arrived();
  }

  Process agent_;
  std::string node_ = "node-1";
  std::vector<std::string> through_;  // a program, with its options, that runs the agent
};

}  // namespace sluice::live
