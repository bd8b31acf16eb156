#include "agent/control/learning/name_loop.h"

#include <fcntl.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <system_error>

#include "agent/control/learning/in_use.h"
#include "agent/kernel/flows.h"

namespace sluice::control::learning {

using base::Error;
using base::Result;
using base::Status;
using boost::system::error_code;
using kernel::answers::boot_nanoseconds;

namespace {

constexpr size_t kPacketsAtOnce = 256;

}  // namespace

// NOLINTNEXTLINE(readability-function-size): what it works with
Result<std::unique_ptr<NameLoop>> NameLoop::open(boost::asio::io_context& loop, NameOptions options,
                                                 const kernel::Programs& programs, kernel::KernelMaps& maps,
                                                 node::Reconciler& reconciler, std::function<void()> apply,
                                                 const base::Log& log) {
  auto answers = kernel::answers::Answers::open(programs);
  if (!answers) return answers.error();
  std::unique_ptr<NameLoop> names(new NameLoop(loop, std::move(options), programs, maps, reconciler,
                                               std::move(apply), log, std::move(*answers)));
  base::Fd own(::fcntl(names->answers_.waiting().fd(), F_DUPFD_CLOEXEC, 0));  // Asio closes what it is given
  if (!own.valid()) return Error::from_errno(errno, "wait for DNS packets: duplicate a descriptor");
  error_code code;
  names->ring_fd_.assign(own.get(), code);
  if (code) return Error::from_errno(code.value(), "wait for DNS packets");
  own.release();
  return names;
}

// NOLINTNEXTLINE(readability-function-size): likewise
NameLoop::NameLoop(boost::asio::io_context& loop, NameOptions options, const kernel::Programs& programs,
                   kernel::KernelMaps& maps, node::Reconciler& reconciler, std::function<void()> apply,
                   const base::Log& log, kernel::answers::Answers answers)
    : loop_(loop),
      options_(std::move(options)),
      programs_(programs),
      maps_(maps),
      reconciler_(reconciler),
      apply_(std::move(apply)),
      log_(log),
      answers_(std::move(answers)),
      learner_(options_.limits, host()),
      ring_fd_(loop),
      beat_(loop),
      expiry_(loop) {
  if (auto sender = kernel::answers::Sender::open(answers_.waiting().mark()))
    sender_ = std::move(*sender);
  else
    no_sender_ = sender.error().message();
}

learn::Host NameLoop::host() {
  return {[this](std::string_view name) {
            return reconciler_.view().compiler().compilation().names().class_for(std::string(name));
          },
          [this](const auto& names, const auto& addresses) { return put_in_force(names, addresses); },
          [this](const net::Ip& ip, const auto& names) { return answers_.set_learnt(ip, names); },
          [this](image::NameSlot slot, std::string_view text) { return answers_.set_text(slot, text); },
          [this](auto key, auto value) { return answers_.set_question(key, value); },
          [this](uint32_t ifindex, const dns::SendHeader& header, auto frame) {
            return send(ifindex, header, frame);
          },
          [this](std::vector<net::Ip> addresses) { look(std::move(addresses)); },
          [this] { return in_use_of(programs_, {}, log_); }};
}

void NameLoop::look(std::vector<net::Ip> addresses) {
  const auto find = [this, addresses = std::move(addresses)] {
    boost::asio::post(
        loop_, [this, found = in_use_of(programs_, addresses, log_)]() mutable { looked(std::move(found)); });
  };
  try {
    look_ = std::async(std::launch::async, find);
  } catch (const std::system_error&) {  // no thread can be had
    find();
  }
}

void NameLoop::looked(learn::Host::InUse found) {
  if (stopped_) return;
  busy_ = true;
  learner_.looked(std::move(found), boot_nanoseconds());
  busy_ = false;
  expire_later();
}

// What no frame can pass for is no reason to hold others back: answers go on at once from then on, as without a sender.
Status NameLoop::send(uint32_t ifindex, const dns::SendHeader& header, std::span<const uint8_t> frame) {
  if (!sender_) return Error(no_sender_);
  auto sent = sender_->send(ifindex, header, frame);
  if (!sent && kernel::answers::Sender::is_lasting(sent.error())) {
    no_sender_ = sent.error().message();
    sender_.reset();
    answers_.waiting().beat(0);
    log_.error("answers_not_held", {{"error", no_sender_}});
  }
  return sent;
}

// Where the inputs are not complete yet it is learnt all the same, and in force with the first state.
Status NameLoop::put_in_force(const std::map<image::NameSlot, std::optional<std::string>>& names,
                              const std::map<net::Ip, std::vector<image::NameSlot>>& addresses) {
  if (reconciler_.learn(names, addresses) || !reconciler_.view().started() || stopped_) return base::done();
  apply_();
  const std::string& error = reconciler_.view().last_error();
  return error.empty() ? base::done() : Status(Error(error));
}

void NameLoop::start(std::unique_ptr<EarlyAnswers> early) {
  auto kept = answers_.read();
  if (kept) {
    learner_.set_servers({kept->servers.begin(), kept->servers.end()});  // till it is known who they are now
    learner_.restore({std::move(kept->learnt), std::move(kept->texts), std::move(kept->questions)},
                     boot_nanoseconds());
  } else {
    log_.error("names_unreadable", {{"error", kept.error().message()}});
  }
  if (early) {
    for (const auto& [entry, frame] : early->end()) learner_.accept_sent(entry, frame, boot_nanoseconds());
    learner_.flush(boot_nanoseconds());
  }
  follow();
}

void NameLoop::follow() {
  ring_fd_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const error_code& code) {
    if (code || stopped_) return;
    drain();
    follow();
  });
}

// Those that are held go on before the loop does anything else.
void NameLoop::drain() {
  busy_ = true;
  const uint64_t now = boot_nanoseconds();
  // Each goes on before it is out of the ring: an agent that is killed here leaves it to the next one.
  const auto taken =
      answers_.waiting().consume(kPacketsAtOnce, [&](const sluice_dns_packet& entry, auto frame) {
        learner_.accept(entry, frame, now);
        learner_.flush(now);
      });
  ring_error_ = taken ? "" : taken.error().message();
  busy_ = false;
  beat();
  expire_later();
}

void NameLoop::beat() {
  if (!holds() || stopped_) return;
  answers_.waiting().beat(boot_nanoseconds());
  beat_.expires_after(kBeat);
  beat_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) beat();
  });
}

void NameLoop::applied() {
  const node::NodeView& view = reconciler_.view();
  if (!view.started()) return;
  const auto& endpoints = view.image().endpoints;
  wanted_ =
      std::any_of(endpoints.begin(), endpoints.end(), [](const auto& entry) { return entry.second.names; });
  set_servers();
  if (std::exchange(classes_due_, false))
    learner_.all_classes_changed();
  else
    learner_.classes_changed(view.last_change()->names);
  if (!busy_) {
    busy_ = true;
    learner_.flush(boot_nanoseconds());
    busy_ = false;
  }
  beat();
  expire_later();
}

void NameLoop::set_servers() {
  auto servers = learn::servers(options_.believed, reconciler_.view().compiler().compilation(),
                                reconciler_.view().name());
  std::set<net::Ip> addresses;
  for (const learn::Server& server : servers) addresses.insert(server.first);
  // First no pod may claim their addresses, then they are believed.
  if (reconciler_.reserve(std::move(addresses))) return boost::asio::post(loop_, apply_);
  if (servers_known_ && servers == servers_ && servers_error_.empty()) return;
  servers_known_ = true;
  const bool other_ports = std::any_of(servers.begin(), servers.end(), [](const learn::Server& server) {
    return server.second.host() != SLUICE_DNS_PORT;
  });
  auto set = answers_.set_servers({servers.begin(), servers.end()});
  if (set) set = maps_.set_dns_ports(other_ports);
  servers_error_ = set ? "" : set.error().message();
  servers_ = std::move(servers);
  learner_.set_servers(servers_);
}

void NameLoop::expire_later() {
  const auto next = learner_.next_expiry();
  expiry_.cancel();
  if (!next || stopped_) return;
  const uint64_t now = boot_nanoseconds();
  expiry_.expires_after(std::chrono::nanoseconds(*next > now ? *next - now : 0));
  expiry_.async_wait([this](const error_code& cancelled) {
    if (cancelled || stopped_) return;
    busy_ = true;
    learner_.expire(boot_nanoseconds());
    busy_ = false;
    expire_later();
  });
}

void NameLoop::stop() {
  stopped_ = true;
  answers_.waiting().beat(0);  // answers go on at once from now on
  if (auto taken = answers_.waiting().consume(SIZE_MAX,
                                              [&](const sluice_dns_packet& entry, auto frame) {
                                                learner_.accept(entry, frame, boot_nanoseconds());
                                              });
      !taken)
    log_.error("names_unreadable", {{"error", taken.error().message()}});
  learner_.flush(boot_nanoseconds());
  error_code ignored;
  ring_fd_.cancel(ignored);
  beat_.cancel();
  expiry_.cancel();
  counted({});  // who waits is answered
}

std::vector<std::string> NameLoop::problems() const {
  std::vector<std::string> lines;
  if (wanted_ && !sender_)
    lines.push_back(
        "names: answers are not held until what they teach is in force, so that a first connection may be "
        "denied: " +
        no_sender_ + ": give the agent CAP_NET_RAW (docs/names.md)");
  if (wanted_ && servers_.empty())
    lines.push_back("names: no DNS server is believed, so nothing is learnt: " +
                    std::string(options_.believed.usual
                                    ? "there is no Service kube-system/kube-dns with an address; give "
                                      "--dns-server ADDRESS or NAMESPACE/SERVICE"
                                : options_.believed.options.empty()
                                    ? "--dns-server none"
                                    : "--dns-server names Services alone, none of which has an address"));
  for (const std::string* error : {&servers_error_, &ring_error_, &learner_.last_error()})
    if (!error->empty()) lines.push_back("names: " + *error);
  return lines;
}

void NameLoop::count_connections(OnCounted done) {
  counted_.push_back(std::move(done));
  if (counted_.size() > 1) return;  // what is counted already is for all of them
  Connections of;
  for (const names::Listed& one : learner_.memory().list()) of.emplace(one.ip, 0);
  const auto count = [this, of = std::move(of)]() mutable {
    learning::count_connections(programs_, of, log_);
    boost::asio::post(loop_, [this, of = std::move(of)] { counted(of); });
  };
  try {
    count_ = std::async(std::launch::async, count);
  } catch (const std::system_error&) {  // no thread can be had
    auto here = count;
    here();
  }
}

void NameLoop::counted(const Connections& of) {
  for (const OnCounted& done : std::exchange(counted_, {})) done(of);
}

}  // namespace sluice::control::learning
