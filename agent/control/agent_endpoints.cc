// The agent's half of the Endpoints service.
#include <boost/asio/post.hpp>

#include "agent/control/agent.h"
#include "agent/control/told_file.h"
#include "agent/control/told_replies.h"
#include "agent/kernel/flows.h"
#include "agent/source/excerpt.h"

namespace sluice::control {

using base::Status;
using Kind = EndpointFault::Kind;

namespace {

constexpr char kTakenBack[] = "it was taken back, or its interface has gone, meanwhile";

std::string late(const ToldEndpoint& told, const std::string& missing) {
  return "pod " + told.pod.to_text() + ": not in force in time: " + missing;
}

}  // namespace

void Agent::recall_told() {
  auto read = read_told_file(told_file(options_.socket.path));
  if (!read) return log_.error("told_endpoints_unreadable", {{"error", read.error().message()}});
  for (const auto& problem : read->problems) log_.error("told_endpoint_unreadable", {{"error", problem}});
  // Taken back while nobody listened, or of before the machine started anew.
  Told told = node_.still_there(std::move(read->told));
  if (told.empty()) return;
  node_.take_told(std::move(told));
  node_.attach_told_without_programs();
  apply_soon();
}

Status Agent::take_told(Told told) {
  if (auto written = write_told_file(told_file(options_.socket.path), told); !written) return written;
  node_.take_told(std::move(told));
  apply_soon();
  return base::done();
}

std::string Agent::missing(const ToldEndpoint& told) const {
  return missing_of(node_, told, feed_ != nullptr ? feed_->absence() : "");
}

void Agent::add_endpoint(const v1::AddEndpointRequest& request,
                         std::chrono::steady_clock::time_point deadline, Added added) {
  if (stopping_) return added(EndpointFault{Kind::kStopping, "the agent is stopping"});
  auto read = read_told(request);
  if (!read) return added(EndpointFault{Kind::kNoSense, read.error().message()});
  if (auto news = take_endpoint_news(); !news)
    log_.error("source_failed", {{"error", news.error().message()}});
  auto& [key, endpoint] = *read;
  endpoint.host_ifindex = interface_of(node_.discovery(), endpoint);
  if (endpoint.host_ifindex == 0)
    return added(
        EndpointFault{Kind::kNoSense, "host_interface: " + endpoint.host_interface +
                                          " is no interface of this node: give the node's end of the "
                                          "pod's veth pair"});
  Told told = node_.still_there(node_.told());  // a DEL that was lost leaves one behind
  tell(told, *read);
  if (told.size() > kMostTold)
    return added(EndpointFault{Kind::kTooMany, "more than " + std::to_string(kMostTold) +
                                                   " endpoints: take back "
                                                   "those that are gone"});
  if (auto taken = take_told(std::move(told)); !taken)
    return added(EndpointFault{Kind::kFailed, taken.error().message()});
  node_.attach_told(endpoint);
  auto adding = std::make_shared<Adding>(
      Adding{key, request.no_wait(), boost::asio::steady_timer(loop_, deadline), std::move(added)});
  adding_.push_back(adding);
  adding->timer.async_wait([this, adding](const boost::system::error_code&) {
    if (!adding->added) return;
    adding_.remove(adding);
    const auto found = node_.told().find(adding->key);
    const std::string why =
        found == node_.told().end() ? kTakenBack : late(found->second, missing(found->second));
    std::exchange(adding->added, nullptr)(EndpointFault{Kind::kLate, why});
  });
  apply();
}

void Agent::answer_adds() {
  for (auto at = adding_.begin(); at != adding_.end();) {
    const auto adding = *at;
    const auto found = node_.told().find(adding->key);
    const std::string why = found == node_.told().end() ? "" : missing(found->second);
    if (found != node_.told().end() && !why.empty() && !(adding->no_wait && closed(found->second))) {
      ++at;
      continue;
    }
    at = adding_.erase(at);
    auto added = std::exchange(adding->added, nullptr);
    adding->timer.cancel();
    if (found == node_.told().end())
      added(EndpointFault{Kind::kLate, kTakenBack});
    else
      added(added_reply(node_, facts_, found->second));
  }
}

void Agent::stop_adds() {
  for (const auto& adding : std::exchange(adding_, {})) {
    std::exchange(adding->added, nullptr)(EndpointFault{Kind::kStopping, "the agent is stopping"});
    adding->timer.cancel();
  }
}

// The programs are on its interface: what they know nothing of is closed (strict), or followed.
bool Agent::closed(const ToldEndpoint& told) const {
  return node_.attached().contains(interface_of(node_.discovery(), told));
}

Status Agent::take_back(const std::vector<ToldKey>& keys) {
  Told told = node_.told();
  for (const ToldKey& key : keys) {
    const auto found = told.find(key);
    if (found == told.end()) continue;
    if (const auto id = flow_id_of(found->second)) forget_soon(*id);
    told.erase(found);
  }
  return told.size() == node_.told().size() ? base::done() : take_told(std::move(told));
}

void Agent::take_back_gone() {
  const Told there = node_.still_there(node_.told());
  std::vector<ToldKey> gone;
  for (const auto& [key, endpoint] : node_.told())
    if (!there.contains(key)) gone.push_back(key);
  if (auto taken = take_back(gone); !taken)
    log_.error("told_endpoints_stay", {{"error", taken.error().message()}});
}

EndpointAnswer<v1::DelEndpointReply> Agent::del_endpoint(const v1::DelEndpointRequest& request) {
  if (auto taken = take_back({{request.container_id(), request.interface_name()}}); !taken)
    return EndpointFault{Kind::kFailed, taken.error().message()};
  return v1::DelEndpointReply();
}

EndpointAnswer<v1::KeepEndpointsReply> Agent::keep_endpoints(const v1::KeepEndpointsRequest& request) {
  const auto lost = lost_of(node_.told(), request);
  if (auto taken = take_back(lost); !taken) return EndpointFault{Kind::kFailed, taken.error().message()};
  v1::KeepEndpointsReply reply;
  reply.set_taken_back(static_cast<uint32_t>(lost.size()));
  return reply;
}

v1::ReadyReply Agent::ready() {
  v1::ReadyReply reply;
  if (stopping_)
    reply.set_missing("the agent is stopping");
  else if (!node_.started() || !node_.last_error().empty())
    reply.set_missing(node_.why_not_ready());
  reply.set_ready(reply.missing().empty());
  return reply;
}

// By the interface that it was told of, which may be gone already.
std::optional<uint32_t> Agent::flow_id_of(const ToldEndpoint& told) const {
  const auto pod = node_.compiler().cluster().pods.find(told.pod);
  if (pod == node_.compiler().cluster().pods.end() || !told.means(pod->second)) return std::nullopt;
  const auto id = compile::endpoint_id(pod->second);
  const auto endpoint = node_.image().endpoints.find(id);
  if (endpoint == node_.image().endpoints.end() || endpoint->second.ifindex != told.host_ifindex)
    return std::nullopt;
  return node_.placement().id_of(id);
}

// Once for all that are to be forgotten by then: it takes a pass through the flow tables.
void Agent::forget_soon(uint32_t flow_id) {
  forgotten_.insert(flow_id);
  if (forgotten_.size() > 1) return;
  boost::asio::post(loop_, [this] {
    auto forgot = kernel::forget_flows(*kernel_.programs, std::exchange(forgotten_, {}));
    if (!forgot) log_.error("flows_not_forgotten", {{"error", forgot.error().message()}});
  });
}

EndpointAnswer<v1::CheckEndpointReply> Agent::check_endpoint(const v1::CheckEndpointRequest& request) {
  const auto found = node_.told().find({request.container_id(), request.interface_name()});
  if (found == node_.told().end())
    return EndpointFault{Kind::kNotTold, "container " + source::excerpt(request.container_id()) +
                                             ", interface " + source::excerpt(request.interface_name()) +
                                             ": nobody told of it: delete the pod, so that it is made anew"};
  v1::CheckEndpointReply reply;
  reply.set_missing(missing(found->second));
  reply.set_in_force(reply.missing().empty());
  return reply;
}

}  // namespace sluice::control
