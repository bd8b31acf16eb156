// NameLoop: learning names on the agent's event loop: the ring of DNS packets, the heartbeat for which answers are
// held, and the times at which names expire. What it decides, the Learner does (agent/learn).
//
// Laws:
//  1. Answers are held only while rules of pods of this node name domains and packets can be sent on.
//  2. While rules do, nothing waits for longer than kBeat before the programs hear of this agent, unless its thread is busy.
//  3. While flows are looked at the loop goes on.
//  4. What cannot be done is a line of problems(), and stops nothing else.
//
// On the thread that runs `loop`; what it is given must outlive it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <memory>
#include <vector>

#include "agent/control/learning/early_answers.h"
#include "agent/control/learning/in_use.h"
#include "agent/kernel/answers/answers.h"
#include "agent/kernel/answers/send.h"
#include "agent/kernel/maps.h"
#include "agent/learn/servers.h"
#include "agent/node/reconciler.h"

namespace sluice::control::learning {

inline constexpr std::chrono::milliseconds kBeat{50};

struct NameOptions {
  learn::Believed believed;
  names::Limits limits;
};

class NameLoop {
 public:
  // apply: brings in force what Reconciler::learn() could not.
  static base::Result<std::unique_ptr<NameLoop>> open(boost::asio::io_context& loop, NameOptions options,
                                                      const kernel::Programs& programs,
                                                      kernel::KernelMaps& maps, node::Reconciler& reconciler,
                                                      std::function<void()> apply, const base::Log& log);
  NameLoop(const NameLoop&) = delete;
  NameLoop& operator=(const NameLoop&) = delete;

  // What a former agent learnt, the packets that were sent on while this one started (may be nothing), and those that
  // wait. Before the first apply().
  void start(std::unique_ptr<EarlyAnswers> early);
  // After each apply(): rules may name other names, servers may be others.
  void applied();
  void stop();

  // Rules of some pod of this node name domains.
  bool wanted() const { return wanted_; }
  bool holds() const { return wanted_ && sender_.has_value(); }
  std::vector<std::string> problems() const;
  const learn::Learner& learner() const { return learner_; }
  const std::set<learn::Server>& servers() const { return servers_; }
  uint64_t unheld() const { return answers_.waiting().unheld(); }
  // Calls `done`, on this thread, with how many open connections each address has that names are learnt for. A thread of
  // its own asks the flow tables, once for all who ask meanwhile.
  using OnCounted = std::function<void(const Connections&)>;
  void count_connections(OnCounted done);

 private:
  NameLoop(boost::asio::io_context& loop, NameOptions options, const kernel::Programs& programs,
           kernel::KernelMaps& maps, node::Reconciler& reconciler, std::function<void()> apply,
           const base::Log& log, kernel::answers::Answers answers);
  learn::Host host();
  base::Status put_in_force(const std::map<image::NameSlot, std::optional<std::string>>& names,
                            const std::map<net::Ip, std::vector<image::NameSlot>>& addresses);
  base::Status send(uint32_t ifindex, const dns::SendHeader& header, std::span<const uint8_t> frame);
  void follow();
  void drain();
  void beat();
  void expire_later();
  void set_servers();
  // A thread of its own goes through the flow tables.
  void look(std::vector<net::Ip> addresses);
  void looked(learn::Host::InUse found);
  void counted(const Connections& of);

  boost::asio::io_context& loop_;
  const NameOptions options_;
  const kernel::Programs& programs_;
  kernel::KernelMaps& maps_;
  node::Reconciler& reconciler_;
  const std::function<void()> apply_;
  const base::Log& log_;
  kernel::answers::Answers answers_;
  std::optional<kernel::answers::Sender> sender_;
  std::string no_sender_, servers_error_, ring_error_;
  learn::Learner learner_;
  std::set<learn::Server> servers_;
  boost::asio::posix::stream_descriptor ring_fd_;
  boost::asio::steady_timer beat_, expiry_;
  std::vector<OnCounted> counted_;
  std::future<void> look_, count_;
  bool wanted_ = false, busy_ = false, servers_known_ = false, classes_due_ = true, stopped_ = false;
};

}  // namespace sluice::control::learning
