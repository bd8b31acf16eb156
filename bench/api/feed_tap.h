// FeedTap: a Unix socket between sluice-watcher and sluiced that hands on what either writes, byte by byte,
// and reads along: which change is in which batch, and when the agent says that it is in force. What it
// takes is part of what is measured: one more hop each way.
//
// Laws: times are those at which bytes came in, before they are read along and handed on. The destructor ends
// every connection. Threads of its own.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <thread>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "bench/api/ledger.h"

namespace sluice::bench::api {

class FeedTap {
 public:
  static base::Result<std::unique_ptr<FeedTap>> open(const std::string& socket, std::string agent,
                                                     Ledger& ledger);
  ~FeedTap();
  FeedTap(const FeedTap&) = delete;
  FeedTap& operator=(const FeedTap&) = delete;

 private:
  struct Line {
    base::Fd watcher, agent;
    std::thread forth, back;
  };
  FeedTap(base::Fd listener, std::string agent, Ledger& ledger);
  void accept();
  void hand_on(const Line& line, bool forth);
  void accept_request(std::string_view message, Clock::time_point when);
  void accept_reply(std::string_view message, Clock::time_point when);

  base::Fd listener_;
  const std::string agent_;
  Ledger& ledger_;
  std::list<Line> lines_;  // of the acceptor's thread
  std::thread acceptor_;
};

}  // namespace sluice::bench::api
