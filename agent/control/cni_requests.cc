#include "agent/control/cni_requests.h"

#include <boost/asio/post.hpp>

#include "agent/base/excerpt.h"
#include "agent/control/announced_file.h"
#include "agent/control/announced_replies.h"
#include "agent/control/endpoint_request.h"

namespace sluice::control {

using base::Status;
using Kind = EndpointFault::Kind;

namespace {

const EndpointFault kWithdrawn{Kind::kLate, "it was taken back, or its interface has gone, meanwhile"};
const EndpointFault kStopping{Kind::kStopping, "the agent is stopping"};

}  // namespace

CniRequests::CniRequests(boost::asio::io_context& loop, std::string path, node::Reconciler& reconciler,
                         const AgentFacts& facts, Agent agent, const base::Log& log)
    : loop_(loop),
      path_(std::move(path)),
      reconciler_(reconciler),
      facts_(facts),
      agent_(std::move(agent)),
      log_(log),
      adding_(loop, [this](const Adding& adding) { return late(adding); }) {}

void CniRequests::restore_announced() {
  auto read = read_announced_file(path_);
  if (!read) return log_.error("told_endpoints_unreadable", {{"error", read.error().message()}});
  for (const auto& problem : read->problems) log_.error("told_endpoint_unreadable", {{"error", problem}});
  // Left out are endpoints that were withdrawn while no agent listened, or are of before the machine was restarted.
  node::Announced announced = view().still_there(std::move(read->announced));
  if (announced.empty()) return;
  reconciler_.set_announced(std::move(announced));
  reconciler_.attach_announced_without_programs();
  agent_.apply_soon();
}

Status CniRequests::set_announced(node::Announced announced) {
  if (auto written = write_announced_file(path_, announced); !written) return written;
  reconciler_.set_announced(std::move(announced));
  agent_.apply_soon();
  return base::done();
}

std::string CniRequests::missing(const node::AnnouncedEndpoint& announced) const {
  return why_not_in_force(view(), announced, agent_.absence());
}

void CniRequests::add_endpoint(const v1::AddEndpointRequest& request,
                               std::chrono::steady_clock::time_point deadline, Added added) {
  if (stopping_) return added(kStopping);
  auto read = read_announcement(request);
  if (!read) return added(EndpointFault{Kind::kInvalid, read.error().message()});
  if (auto refreshed = agent_.refresh_host(); !refreshed)
    log_.error("source_failed", {{"error", refreshed.error().message()}});
  auto& [key, endpoint] = *read;
  endpoint.host_ifindex = node::interface_of(view().discovery(), endpoint);
  if (endpoint.host_ifindex == 0)
    return added(
        EndpointFault{Kind::kInvalid, "host_interface: " + endpoint.host_interface +
                                          " is no interface of this node: give the node's end of the "
                                          "pod's veth pair"});
  node::Announced announced =
      view().still_there(view().announced());  // a DEL that was lost leaves one behind
  node::announce(announced, *read);
  if (announced.size() > node::kMostAnnounced)
    return added(EndpointFault{Kind::kTooMany, "more than " + std::to_string(node::kMostAnnounced) +
                                                   " endpoints: take back those that are gone"});
  if (auto set = set_announced(std::move(announced)); !set)
    return added(EndpointFault{Kind::kFailed, set.error().message()});
  reconciler_.attach_announced(endpoint);
  adding_.add({key, request.no_wait()}, deadline, std::move(added));
  agent_.apply();
}

CniRequests::AddAnswer CniRequests::late(const Adding& adding) const {
  const auto found = view().announced().find(adding.key);
  if (found == view().announced().end()) return kWithdrawn;
  return EndpointFault{Kind::kLate, "pod " + found->second.pod.to_text() +
                                        ": not in force in time: " + missing(found->second)};
}

std::optional<CniRequests::AddAnswer> CniRequests::answer_of(const Adding& adding) const {
  const auto found = view().announced().find(adding.key);
  if (found == view().announced().end()) return kWithdrawn;
  if (!missing(found->second).empty() && !(adding.no_wait && closed(found->second))) return std::nullopt;
  return added_reply(view(), facts_, found->second);
}

void CniRequests::answer() {
  adding_.answer([this](const Adding& adding) { return answer_of(adding); });
}

void CniRequests::stop() {
  stopping_ = true;
  adding_.answer_all(kStopping);
}

// Our programs are on its interface. They know nothing of the pod yet: with strict they close it, with permissive they
// follow its flows.
bool CniRequests::closed(const node::AnnouncedEndpoint& announced) const {
  return view().attached().contains(node::interface_of(view().discovery(), announced));
}

Status CniRequests::withdraw(const std::vector<node::AnnouncedKey>& keys) {
  node::Announced announced = view().announced();
  for (const node::AnnouncedKey& key : keys) {
    const auto found = announced.find(key);
    if (found == announced.end()) continue;
    if (const auto id = flow_id_of(found->second)) drop_flows_soon(*id);
    announced.erase(found);
  }
  return announced.size() == view().announced().size() ? base::done() : set_announced(std::move(announced));
}

void CniRequests::withdraw_gone() {
  const node::Announced there = view().still_there(view().announced());
  std::vector<node::AnnouncedKey> gone;
  for (const auto& [key, endpoint] : view().announced())
    if (!there.contains(key)) gone.push_back(key);
  if (auto withdrawn = withdraw(gone); !withdrawn)
    log_.error("told_endpoints_stay", {{"error", withdrawn.error().message()}});
}

EndpointAnswer<v1::DelEndpointReply> CniRequests::del_endpoint(const v1::DelEndpointRequest& request) {
  if (auto withdrawn = withdraw({{request.container_id(), request.interface_name()}}); !withdrawn)
    return EndpointFault{Kind::kFailed, withdrawn.error().message()};
  return v1::DelEndpointReply();
}

EndpointAnswer<v1::KeepEndpointsReply> CniRequests::keep_endpoints(const v1::KeepEndpointsRequest& request) {
  const auto lost = node::lost_of(view().announced(), request.network(), valid_of(request));
  if (auto withdrawn = withdraw(lost); !withdrawn)
    return EndpointFault{Kind::kFailed, withdrawn.error().message()};
  v1::KeepEndpointsReply reply;
  reply.set_taken_back(static_cast<uint32_t>(lost.size()));
  return reply;
}

v1::ReadyReply CniRequests::ready() {
  v1::ReadyReply reply;
  if (stopping_)
    reply.set_missing(kStopping.what);
  else if (!view().started() || !view().last_error().empty())
    reply.set_missing(view().why_not_ready());
  reply.set_ready(reply.missing().empty());
  return reply;
}

// Found by the interface that was announced, which may be gone from the machine already.
std::optional<uint32_t> CniRequests::flow_id_of(const node::AnnouncedEndpoint& announced) const {
  const auto& pods = view().compiler().cluster().pods;
  const auto pod = pods.find(announced.pod);
  if (pod == pods.end() || !announced.means(pod->second)) return std::nullopt;
  const auto id = compile::endpoint_id(pod->second);
  const auto endpoint = view().image().endpoints.find(id);
  if (endpoint == view().image().endpoints.end() || endpoint->second.ifindex != announced.host_ifindex)
    return std::nullopt;
  return view().placement().id_of(id);
}

// Dropping takes a pass through the flow tables, so one pass is posted for all endpoints that are added until it runs.
void CniRequests::drop_flows_soon(uint32_t flow_id) {
  dropping_.insert(flow_id);
  if (dropping_.size() > 1) return;
  boost::asio::post(loop_, [this] {
    if (auto forgot = agent_.forget_flows(std::exchange(dropping_, {})); !forgot)
      log_.error("flows_not_forgotten", {{"error", forgot.error().message()}});
  });
}

EndpointAnswer<v1::CheckEndpointReply> CniRequests::check_endpoint(const v1::CheckEndpointRequest& request) {
  const auto found = view().announced().find({request.container_id(), request.interface_name()});
  if (found == view().announced().end())
    return EndpointFault{Kind::kNotFound,
                         "container " + base::excerpt(request.container_id()) + ", interface " +
                             base::excerpt(request.interface_name()) +
                             ": nobody announced it: delete the pod, so that it is made anew"};
  v1::CheckEndpointReply reply;
  reply.set_missing(missing(found->second));
  reply.set_in_force(reply.missing().empty());
  return reply;
}

}  // namespace sluice::control
