// Dial: a TCP connection to a host, whichever of its addresses answers.
//
// Laws:
//  1. Looking the addresses up takes at most `look_up`, connecting at most `connect`.
//  2. Of the latter each address gets an equal share of what is left, at least `share`: one that
//     swallows every packet leaves time for the others.
//  3. Addresses are tried in the order of the look-up, once round, beginning with number `first`
//     (modulo how many there are).
//  4. `done` comes last and once, never inside start(). After cancel() nothing comes.
//
// One thread, that of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::source::kube {

struct DialLimits {
  std::chrono::milliseconds look_up{15'000}, connect{15'000}, share{1'000};
};

class Dial : public std::enable_shared_from_this<Dial> {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Addresses = std::vector<Tcp::endpoint>;
  using Found = std::function<void(boost::system::error_code code, Addresses addresses)>;
  using LookUp = std::function<void(Found found)>;
  struct Connected {
    Tcp::socket socket;
    size_t address;  // its number
  };
  using Done = std::function<void(base::Result<Connected> result)>;

  Dial(boost::asio::io_context& loop, DialLimits limits, size_t first, Done done);
  // `host`: for messages.
  void start(std::string host, const LookUp& look_up);
  void cancel();

 private:
  using Clock = std::chrono::steady_clock;

  bool over() const { return !done_; }
  void found(boost::system::error_code code, Addresses addresses);
  void try_next();
  void tried(boost::system::error_code code);
  void end(base::Result<Connected> result);
  // `then` runs after this time, unless another limit is set or lifted before.
  void limit(Clock::duration time, void (Dial::*then)());
  void look_up_took_too_long();
  void address_took_too_long();

  const DialLimits limits_;
  const size_t first_;
  Done done_;  // empty: over
  std::string host_;
  Tcp::socket socket_;
  boost::asio::steady_timer timer_;
  Addresses addresses_;
  size_t tries_ = 0;
  Clock::time_point deadline_{};
  bool late_ = false;  // the address being tried
  std::string faults_;
};

// Asks the system's resolver.
Dial::LookUp look_up_host(boost::asio::io_context& loop, const std::string& host, const std::string& port);

}  // namespace sluice::source::kube
