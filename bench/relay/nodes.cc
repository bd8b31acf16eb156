#include "bench/relay/nodes.h"

#include <utility>

namespace sluice::bench {
namespace {

const std::string& name_in(const v1::Event& event) {
  if (event.has_removed()) return event.removed().name().name();
  if (event.upsert().has_pod()) return event.upsert().pod().name().name();
  return event.upsert().cluster_network_policy().name().name();
}

}  // namespace

Nodes::Nodes(boost::asio::io_context& loop, const relay::TlsFiles& files, std::string address, int count)
    : credentials_(relay::channel_credentials(files)),
      address_(std::move(address)),
      nodes_(static_cast<size_t>(count)) {
  for (Node& node : nodes_) {
    node.client = std::make_unique<relay::RelayClient>(loop, credentials_);
    node.pause = std::make_unique<boost::asio::steady_timer>(loop);
  }
}

void Nodes::start(std::chrono::milliseconds within) {
  for (size_t number = 0; number < nodes_.size(); ++number)
    open_after(number, within * static_cast<int64_t>(number) / static_cast<int64_t>(nodes_.size()));
}

void Nodes::open_after(size_t number, std::chrono::milliseconds pause) {
  nodes_[number].pause->expires_after(pause);
  nodes_[number].pause->async_wait([this, number](boost::system::error_code code) {
    if (!code) open(number);
  });
}

void Nodes::open(size_t number) {
  Node& node = nodes_[number];
  v1::FollowRequest request;
  request.set_node("node-" + std::to_string(number));
  node.client->open(address_, request,
                    {[&node](const v1::Following&) { node.client->more(); },
                     [this, &node](v1::Batch batch) { take(node, batch); }, [](v1::SourceState) {},
                     [this, number](const base::Error& why) {
                       ++failures_;
                       failure_ = why.message();
                       open_after(number, std::chrono::seconds(1));
                     }});
}

void Nodes::take(Node& node, const v1::Batch& batch) {
  taken_.bytes += batch.ByteSizeLong();
  taken_.events += static_cast<uint64_t>(batch.events_size());
  ++taken_.batches;
  if (batch.ends_snapshot() && !std::exchange(node.is_whole, true)) ++whole_;
  if (!name_.empty() && !node.has_come)
    for (const v1::Event& event : batch.events())
      if (name_in(event) == name_) {
        node.has_come = true;
        came_.push_back(Clock::now());
        break;
      }
  node.client->more();
}

void Nodes::wait_for(std::string name) {
  name_ = std::move(name);
  came_.clear();
  for (Node& node : nodes_) node.has_come = false;
}

}  // namespace sluice::bench
