#include "agent/net/port.h"

#include "agent/base/excerpt.h"

namespace sluice::net {

using base::Error;
using base::Result;

Result<Port> Port::from_number(int64_t number) {
  if (number < 1 || number > 65535)
    return Error("port " + std::to_string(number) + " is not between 1 and 65535");
  return Port(static_cast<uint16_t>(number));
}

Result<Protocol> Protocol::parse(std::string_view name) {
  if (name == "TCP") return kTcp;
  if (name == "UDP") return kUdp;
  if (name == "SCTP") return kSctp;
  return Error(base::excerpt(name) + " is not a protocol: use TCP, UDP or SCTP");
}

std::string Protocol::to_text() const {
  switch (number_) {
    case kIcmp.number():
      return "ICMP";
    case kTcp.number():
      return "TCP";
    case kUdp.number():
      return "UDP";
    case kIcmpv6.number():
      return "ICMPv6";
    case kSctp.number():
      return "SCTP";
  }
  return std::to_string(number_);
}

}  // namespace sluice::net
