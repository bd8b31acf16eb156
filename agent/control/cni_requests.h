// CniRequests: what CNI plugins ask of the agent. It owns the announced endpoints, the file in
// which they outlive the agent, and the ADDs that wait for their policy.
//
// Laws:
//  1. An announcement is written to the file before it is answered, so that the next agent knows
//     it where this one is killed in between.
//  2. The Reconciler gets all that is announced as one value, after every change of it.
//  3. An endpoint goes with its interface: nobody need withdraw it.
//
// One thread: the agent's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/base/log.h"
#include "agent/control/endpoint_handler.h"
#include "agent/control/replies.h"
#include "agent/control/waiters.h"
#include "agent/node/reconciler.h"

namespace sluice::control {

class CniRequests final : public EndpointHandler {
 public:
  // What it asks of the agent.
  struct Agent {
    std::function<base::Status()> refresh_host;  // namespaces and interfaces, as they are now
    std::function<void()> apply, apply_soon;
    std::function<std::string()> absence;  // why Pod objects may not have come, where that is known
    std::function<base::Status(const std::set<uint32_t>& flow_ids)> forget_flows;
  };

  // All that is referred to must outlive it. `path`: of the file.
  CniRequests(boost::asio::io_context& loop, std::string path, node::Reconciler& reconciler,
              const AgentFacts& facts, Agent agent, const base::Log& log);

  // Reads the file, at the start.
  void restore_announced();
  // Withdraws the endpoints whose interface is gone.
  void withdraw_gone();
  // Answers the ADDs that wait, as far as they can be answered.
  void answer();
  // Answers every ADD that waits, and all that come, with "the agent is stopping".
  void stop();

  void add_endpoint(const v1::AddEndpointRequest& request, std::chrono::steady_clock::time_point deadline,
                    Added added) override;
  EndpointAnswer<v1::DelEndpointReply> del_endpoint(const v1::DelEndpointRequest& request) override;
  EndpointAnswer<v1::CheckEndpointReply> check_endpoint(const v1::CheckEndpointRequest& request) override;
  EndpointAnswer<v1::KeepEndpointsReply> keep_endpoints(const v1::KeepEndpointsRequest& request) override;
  v1::ReadyReply ready() override;

 private:
  struct Adding {
    node::AnnouncedKey key;
    bool no_wait = false;
  };
  using AddAnswer = EndpointAnswer<v1::AddEndpointReply>;

  const node::NodeView& view() const { return reconciler_.view(); }
  // Writes all of them to the file, and hands them to the Reconciler.
  base::Status set_announced(node::Announced announced);
  // Removes these, and their flows with them.
  base::Status withdraw(const std::vector<node::AnnouncedKey>& keys);
  std::string missing(const node::AnnouncedEndpoint& announced) const;
  bool closed(const node::AnnouncedEndpoint& announced) const;
  std::optional<AddAnswer> answer_of(const Adding& adding) const;
  AddAnswer late(const Adding& adding) const;
  std::optional<uint32_t> flow_id_of(const node::AnnouncedEndpoint& announced) const;
  void drop_flows_soon(uint32_t flow_id);

  boost::asio::io_context& loop_;
  const std::string path_;
  node::Reconciler& reconciler_;
  const AgentFacts& facts_;
  const Agent agent_;
  const base::Log& log_;
  Waiters<Adding, AddAnswer> adding_;
  std::set<uint32_t> dropping_;  // endpoints whose flows are to be dropped
  bool stopping_ = false;
};

}  // namespace sluice::control
