#include "bench/flood/readers.h"

#include <chrono>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"

namespace sluice::bench::flood {

using base::Error;
using base::Result;
using base::Status;

namespace {
constexpr std::chrono::milliseconds kTurn{500};
constexpr int kTries = 40;
}  // namespace

Result<std::unique_ptr<Readers>> Readers::open(Provoke provoke) {
  std::unique_ptr<Readers> readers(new Readers(std::move(provoke)));
  for (int i = 0; i < kReaders; ++i) {
    readers->all_.push_back(std::make_unique<One>());
    readers->all_.back()->thread = std::thread([&one = *readers->all_.back(), &stop = readers->stop_] {
      control::Client client(base::kDefaultSocket);
      v1::ObserveRequest request;
      request.set_follow(true);
      request.set_last(0);
      (void)client.observe(request, [&](const v1::Flow& flow) {
        if (one.follows.exchange(true)) one.told += flow.count() + flow.lost();
        return !stop;
      });
      one.ended = true;
    });
  }
  auto follow = readers->provoke_until(&One::follows);
  if (!follow) return follow.error();
  if (!*follow) return Error("observe: no record came to every reader");
  return readers;
}

Result<bool> Readers::provoke_until(std::atomic<bool> One::*is) const {
  for (int i = 0; i < kTries; ++i) {
    if (auto provoked = provoke_(); !provoked) return provoked.error();
    bool all = true;
    for (const auto& one : all_) all = all && (*one).*is;
    if (all) return true;
    std::this_thread::sleep_for(kTurn);
  }
  return false;
}

Readers::~Readers() {
  stop_ = true;
  (void)provoke_until(&One::ended);
  for (auto& one : all_) one->thread.join();
}

std::vector<uint64_t> Readers::told() const {
  std::vector<uint64_t> all;
  for (const auto& one : all_) all.push_back(one->told);
  return all;
}

}  // namespace sluice::bench::flood
