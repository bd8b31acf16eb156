// RelayAudience: the nodes that follow this watcher as a relay (agent/relay/relay.h), as the Watcher's Audience.
//
// On the thread of the io_context.
#pragma once

#include "agent/base/log.h"
#include "agent/relay/server.h"
#include "agent/watcher/audience.h"

namespace sluice::watcher {

class RelayAudience final : public Audience {
 public:
  // Everything must outlive it.
  RelayAudience(boost::asio::io_context& loop, relay::Relay::Names names, const source::kube::Mirror& mirror,
                relay::RelayLimits limits = {})
      : loop_(loop), mirror_(mirror), relay_(loop, std::move(names), mirror, limits) {}

  // From here on nodes are let in; they are fed once the Mirror is complete. An error: the address cannot be had.
  base::Status listen(const relay::RelayServer::Options& options);
  int port() const { return server_->port(); }
  const relay::Relay& relay() const { return relay_; }

  void changed(const model::ObjectId& id, int64_t observed) override { relay_.changed(id, observed); }
  void wake() override { relay_.wake(); }
  // Of the source alone: objects are the business of those nodes that have them, and may name others' secrets.
  void tell(const SourceNews& news) override;
  std::string not_ready() const override;
  void add_metrics(serve::MetricFamilies& all) const override;

 private:
  boost::asio::io_context& loop_;
  const source::kube::Mirror& mirror_;
  relay::Relay relay_;
  std::unique_ptr<relay::RelayServer> server_;
};

}  // namespace sluice::watcher
