// A feeder for tests: FeedClient on a loop of its own, which runs only while until() waits for something.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/source/feed/client.h"
#include "agent/source/feed/encode.h"

namespace sluice::control {

struct TestFeeder {
  explicit TestFeeder(const std::string& socket) : client(loop, socket) {}
  void open(const std::string& session, uint64_t resume_after = 0, const std::string& name = "tester") {
    welcome.reset();
    closed.reset();
    progress.Clear();
    v1::Hello hello;
    hello.set_feeder(name);
    hello.set_source("nowhere");
    hello.set_session(session);
    hello.set_resume_after(resume_after);
    client.open(hello, {[this](const v1::Welcome& what) { welcome = what; },
                        [this](const v1::Progress& what) { progress = what; },
                        [this](const base::Error& why) { closed = why.message(); }});
  }
  // Waits for events until it holds; false where it does not in time.
  bool until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    loop.restart();
    while (!holds() && std::chrono::steady_clock::now() < deadline) loop.run_one_until(deadline);
    return holds();
  }
  bool welcomed() {
    return until([this] { return welcome.has_value(); });
  }
  bool is_taken(uint64_t sequence) {
    return until([&] { return progress.taken() >= sequence; });
  }
  std::string end() {
    return until([this] { return closed.has_value(); }) ? *closed : "still open";
  }
  base::Result<uint64_t> send(bool whole, const std::vector<std::string>& namespaces, int64_t observed = 0) {
    v1::Batch batch;
    batch.set_begins_snapshot(whole);
    batch.set_ends_snapshot(whole);
    for (const auto& name : namespaces)
      *batch.add_events() =
          source::feed::encode(model::Change::upsert(model::Namespace{{"", name}, {}}), observed);
    return client.send(batch);
  }

  boost::asio::io_context loop;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{loop.get_executor()};
  source::feed::FeedClient client;
  std::optional<v1::Welcome> welcome;
  v1::Progress progress;
  std::optional<std::string> closed;
};

}  // namespace sluice::control
