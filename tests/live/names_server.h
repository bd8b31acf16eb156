// LiveNamesWithServer: LiveNames with the real DNS server, and who takes connections at the web server's addresses.
#pragma once

#include "tests/live/names_fixture.h"

namespace sluice::live {

constexpr uint16_t kHttp = 80, kTalk = 8080, kKnock = 8081;
constexpr uint32_t kLongTtl = 600;

// Takes every connection to a port of the web server, at any of its addresses.
class Door {
 public:
  Door() {
    auto socket = socket_in(kWebNetns, AF_INET6, SOCK_STREAM, 0);
    if (!socket) return;
    listening_ = std::move(*socket);
    const SocketAddress any({*net::Ip::parse("::"), kHttp});
    open_ = ::bind(listening_.get(), any.get(), any.size()) == 0 && ::listen(listening_.get(), 4096) == 0;
    thread_ = std::thread([this] {
      while (!stop_)
        if (readable(listening_.get(), 100)) base::Fd(::accept(listening_.get(), nullptr, nullptr));
    });
  }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;
  ~Door() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  bool open() const { return open_; }

 private:
  base::Fd listening_;
  std::atomic<bool> stop_ = false;
  bool open_ = false;
  std::thread thread_;
};

class LiveNamesWithServer : public LiveNames {
 protected:
  void SetUp() override {
    if (!has_dnsmasq()) GTEST_SKIP() << "needs " << kDnsmasq << ": deploy/install-deps.sh";
  }
  // Resolves the known name until a stream to the web server is open by it.
  static base::Result<Stream> open_by_name(uint16_t port, bool asks = true) {
    base::Result<Stream> opened = base::Error("not tried");
    for (uint16_t id = 1; id < 10 && !opened; ++id) {
      if (asks && !says(ask(0, {id, kKnown}), *net::Ip::parse(kWeb))) continue;
      opened = Stream::open(netns_of_client(0), kWebNetns, {*net::Ip::parse(kWeb), port},
                            {*net::Ip::parse(kWeb), port}, asks ? kPatience : 300);
      if (!asks) break;
    }
    return opened;
  }
};

}  // namespace sluice::live
