// Flooder: a pod that makes up packets of connections nobody has, as fast as it can. Upper-layer checksums are
// wrong for TCP, so that nobody answers. IPv4. Use from one thread; needs root.
#pragma once

#include <array>
#include <cstring>
#include <string>

#include "agent/packet/build.h"
#include "tests/live/netns_socket.h"

namespace sluice::live {

class Flooder {
 public:
  // `netns`: the file of the pod's namespace; `other`: the address of the pod that it sends to.
  static base::Result<Flooder> open(const std::string& netns, const net::Ip& own, const net::Ip& other) {
    auto raw = socket_in(netns, AF_INET, SOCK_RAW, IPPROTO_RAW);
    if (!raw) return raw.error();
    return Flooder(std::move(*raw), own, other);
  }

  // A packet of each of the connections `first` to `first + count - 1`: all have ports of their own.
  base::Status send(packet::Spec spec, bool opener, uint32_t first, uint32_t count) {
    spec.source = own_;
    spec.destination = other_;
    const packet::Bytes form = packet::build_ip(spec);
    for (uint32_t at = first, end = first + count; at < end;) {
      const uint32_t some = std::min(end - at, kAtOnce);
      for (uint32_t i = 0; i < some; ++i) fill(i, form, opener, at + i);
      const int sent = ::sendmmsg(raw_.get(), messages_.data(), some, 0);
      if (sent <= 0) return base::Error::from_errno(errno, "flood " + other_.to_text());
      at += static_cast<uint32_t>(sent);
    }
    return base::done();
  }

 private:
  static constexpr uint32_t kAtOnce = 64, kClientPorts = 60000, kFirstClientPort = 2000, kFirstServerPort = 1;
  static constexpr size_t kIpHeader = 20, kMost = 64;

  Flooder(base::Fd raw, const net::Ip& own, const net::Ip& other)
      : raw_(std::move(raw)), own_(own), other_(other), to_(SocketAt{other, 0}) {}

  void fill(uint32_t index, const packet::Bytes& form, bool opener, uint32_t connection) {
    auto& frame = frames_[index];
    std::memcpy(frame.data(), form.data(), std::min(form.size(), kMost));
    const std::array<uint16_t, 2> ports = {
        htons(static_cast<uint16_t>(kFirstClientPort + connection % kClientPorts)),
        htons(static_cast<uint16_t>(kFirstServerPort + connection / kClientPorts))};
    std::memcpy(&frame[kIpHeader], &ports[opener ? 0 : 1], sizeof ports[0]);
    std::memcpy(&frame[kIpHeader + 2], &ports[opener ? 1 : 0], sizeof ports[0]);
    parts_[index] = {frame.data(), form.size()};
    messages_[index] = {};
    messages_[index].msg_hdr.msg_name = const_cast<sockaddr*>(to_.get());
    messages_[index].msg_hdr.msg_namelen = to_.size();
    messages_[index].msg_hdr.msg_iov = &parts_[index];
    messages_[index].msg_hdr.msg_iovlen = 1;
  }

  base::Fd raw_;
  net::Ip own_, other_;
  SocketAddress to_;
  std::array<std::array<uint8_t, kMost>, kAtOnce> frames_{};
  std::array<iovec, kAtOnce> parts_{};
  std::array<mmsghdr, kAtOnce> messages_{};
};

}  // namespace sluice::live
