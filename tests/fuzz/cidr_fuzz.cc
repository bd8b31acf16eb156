// Any text as an address and as a CIDR: what is taken is canonical, and its text reads back as the same
// value.
#include <cstdint>
#include <string_view>

#include "agent/net/ip.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto ip = net::Ip::parse(text); ip.ok()) {
    auto again = net::Ip::parse(ip->to_text());
    require(again.ok() && *again == *ip);
    auto from_bytes = net::Ip::from_bytes(ip->bytes());
    require(from_bytes.ok() && *from_bytes == *ip);
    require(net::Cidr::host(*ip).contains(*ip) && net::Cidr::everything(ip->family()).contains(*ip));
  }
  auto cidr = net::Cidr::parse(text);
  if (!cidr.ok()) return 0;
  auto again = net::Cidr::parse(cidr->to_text());
  require(again.ok() && *again == *cidr);
  require(cidr->length() >= 0 && cidr->length() <= net::address_bits(cidr->family()));
  for (int i = cidr->length(); i < net::address_bits(cidr->family()); ++i) require(!cidr->base().bit(i));
  require(cidr->contains(cidr->base()) && cidr->contains(*cidr));
  require(net::Cidr::everything(cidr->family()).contains(*cidr));
  return 0;
}
