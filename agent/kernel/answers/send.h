// Sender: frames onto interfaces of this node, as they were copied from there. Needs CAP_NET_RAW.
// One thread.
#pragma once

#include <cstdint>
#include <span>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/dns/frame.h"

namespace sluice::kernel::answers {

class Sender {
 public:
  // `mark` of every packet that is sent (SO_MARK).
  static base::Result<Sender> open(uint32_t mark);
  // A whole frame, from its Ethernet header on, to the far end of the interface.
  base::Status send(uint32_t ifindex, const dns::SendHeader& header, std::span<const uint8_t> frame) const;
  // Of an error of send(): will no packet pass, whatever it is and wherever it goes?
  static bool is_lasting(const base::Error& error);

 private:
  explicit Sender(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

}  // namespace sluice::kernel::answers
