#include "agent/source/kube/dial.h"

#include <algorithm>

namespace sluice::source::kube {

using boost::system::error_code;

namespace {
constexpr char kLate[] = "nothing came in time";
}  // namespace

Dial::Dial(boost::asio::io_context& loop, DialLimits limits, size_t first, Done done)
    : limits_(limits), first_(first), done_(std::move(done)), socket_(loop), timer_(loop) {}

void Dial::start(std::string host, const LookUp& look_up) {
  host_ = std::move(host);
  limit(limits_.look_up, &Dial::look_up_took_too_long);
  look_up([self = shared_from_this()](error_code code, Addresses addresses) {
    if (!self->over() && self->addresses_.empty()) self->found(code, std::move(addresses));
  });
}

void Dial::cancel() {
  done_ = nullptr;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void Dial::limit(Clock::duration time, void (Dial::*then)()) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), then, due = timer_.expiry()](error_code code) {
    const auto self = weak.lock();
    if (!code && self && !self->over() && self->timer_.expiry() == due) (self.get()->*then)();
  });
}

void Dial::look_up_took_too_long() {
  end(base::Error("look up " + host_ + ": " + kLate));
}

void Dial::found(error_code code, Addresses addresses) {
  if (code || addresses.empty())
    return end(base::Error("look up " + host_ + ": " + (code ? code.message() : "it has no address")));
  addresses_ = std::move(addresses);
  deadline_ = Clock::now() + limits_.connect;
  try_next();
}

void Dial::try_next() {
  const auto left = deadline_ - Clock::now();
  if (tries_ == addresses_.size() || left <= Clock::duration::zero())
    return end(base::Error("connect: " + faults_));
  const auto equal = left / static_cast<Clock::duration::rep>(addresses_.size() - tries_);
  limit(std::min(left, std::max<Clock::duration>(equal, limits_.share)), &Dial::address_took_too_long);
  late_ = false;
  error_code ignored;
  socket_.close(ignored);
  const auto& address = addresses_[(first_ + tries_) % addresses_.size()];
  socket_.async_connect(address, [self = shared_from_this()](error_code code) {
    if (!self->over()) self->tried(code);
  });
}

void Dial::address_took_too_long() {
  late_ = true;
  error_code ignored;
  socket_.close(ignored);  // tried() follows
}

void Dial::tried(error_code code) {
  const size_t number = (first_ + tries_++) % addresses_.size();
  if (!code && !late_) return end(Connected{std::move(socket_), number});
  const std::string why = late_ ? kLate : code.message();
  if (addresses_.size() > 1)
    faults_ += (faults_.empty() ? "" : ", ") + addresses_[number].address().to_string() + ": " + why;
  else
    faults_ = why;
  try_next();
}

void Dial::end(base::Result<Connected> result) {
  timer_.cancel();
  const Done done = std::exchange(done_, nullptr);
  done(std::move(result));
}

Dial::LookUp look_up_host(boost::asio::io_context& loop, const std::string& host, const std::string& port) {
  return [&loop, host, port](const Dial::Found& found) {
    const auto resolver = std::make_shared<Dial::Tcp::resolver>(loop);
    resolver->async_resolve(
        host, port, [resolver, found](error_code code, const Dial::Tcp::resolver::results_type& results) {
          Dial::Addresses addresses;
          for (const auto& result : results) addresses.push_back(result.endpoint());
          found(code, std::move(addresses));
        });
  };
}

}  // namespace sluice::source::kube
