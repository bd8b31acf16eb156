// Addresses and prefixes as manifests spell them. For agent/source and agent/convert.
//
// Laws:
//  1. Leading zeros of an IPv4 octet, an IPv6 group and a prefix length are passed over ("010" is
//     10, as the API server reads it and as Go did before 1.17), and so are host bits of a
//     prefix; a warning says what was read.
//  2. Everything else is as net::Ip and net::Cidr have it.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/net/ip.h"
#include "agent/source/decode/field.h"

namespace sluice::source::decode {

// "198.51.100.64/26" of "198.051.100.064/026"; what is no address stays none.
std::string without_leading_zeros(std::string_view text);

// Of a text that is all of a field or part of it: how it is oddly spelled is warned of at the field.
base::Result<net::Cidr> read_cidr(const Field& field, std::string_view text);

net::Ip decode_ip(const Field& ip);        // must be there
net::Cidr decode_cidr(const Field& cidr);  // must be there

}  // namespace sluice::source::decode
