#include "agent/source/feed/field.h"

#include "agent/base/excerpt.h"
#include "agent/source/decode/names.h"
#include "agent/source/feed/limits.h"

namespace sluice::source::feed {

using base::excerpt;

FeedField FeedField::at(std::string_view name) const {
  return FeedField(*decoding_, path_.empty() ? std::string(name) : path_ + "." + std::string(name));
}

FeedField FeedField::at(int index) const {
  return FeedField(*decoding_, path_ + "[" + std::to_string(index) + "]");
}

void FeedField::check(std::string_view text, std::string_view fault) const {
  if (!fault.empty()) fail(excerpt(text) + " " + std::string(fault));
}

std::string FeedField::opaque(const std::string& text) const {
  if (text.size() <= kFeedLongestText) return base::one_line(text);
  fail("has " + std::to_string(text.size()) + " bytes: at most " + std::to_string(kFeedLongestText) +
       " may be");
  return {};
}

net::Ip FeedField::ip(const std::string& text) const {
  return value_of(net::Ip::parse(text));
}

net::Cidr FeedField::cidr(const std::string& text) const {
  return value_of(net::Cidr::parse(text));
}

net::Port FeedField::port(uint32_t number) const {
  return value_of(net::Port::from_number(number));
}

net::Protocol FeedField::protocol(uint32_t number) const {
  for (const net::Protocol known : net::kPortProtocols)
    if (known.number() == number) return known;
  fail(std::to_string(number) + " is no protocol with ports: use 6 (TCP), 17 (UDP) or 132 (SCTP)");
  return net::kTcp;
}

std::string FeedField::port_name(const std::string& name) const {
  check(name, source::decode::port_name_fault(name));
  return name;
}

std::string FeedField::slice_port_name(const std::string& name) const {
  if (!name.empty()) check(name, source::decode::dns_label_fault(name));
  return name;
}

void FeedField::add_label(const std::string& key, const std::string& value, model::Labels& all) const {
  check(key, source::decode::label_key_fault(key));
  check(value, source::decode::label_value_fault(value));
  all.emplace(key, value);
}

}  // namespace sluice::source::feed
