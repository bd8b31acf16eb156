// Any bytes as a message of DNS. What is taught is what ldns reads of the same bytes, followed by its own comparisons.
// There is nothing to compare where it refuses them (it reads all sections), nor where an answer has records of other
// types or classes: behind a name in one of these it goes on where the name ends, not where the record does.
#include <cstdint>
#include <memory>
#include <set>

#include "agent/dns/message.h"
#include "tests/fuzz/law.h"

#include <ldns/ldns.h>  // last: it defines these words
#undef false
#undef true

namespace {

using namespace sluice;
using fuzz::require;

using Packet = std::unique_ptr<ldns_pkt, void (*)(ldns_pkt*)>;

bool is_alias_of(const ldns_rr* record, const ldns_rdf* owner) {
  return ldns_rr_get_type(record) == LDNS_RR_TYPE_CNAME && ldns_rr_get_class(record) == LDNS_RR_CLASS_IN &&
         ldns_dname_compare(ldns_rr_owner(record), owner) == 0;
}

// The addresses that ldns' records lead to, and how many names are on the way.
std::set<net::Ip> addresses_of(const ldns_pkt* packet, size_t& names) {
  const ldns_rr* question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
  const ldns_rr_list* answers = ldns_pkt_answer(packet);
  const ldns_rdf* here = ldns_rr_owner(question);
  names = 1;
  for (bool goes_on = true; goes_on && names < 100;) {
    goes_on = false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(answers) && !goes_on; ++i) {
      const ldns_rr* record = ldns_rr_list_rr(answers, i);
      if (!is_alias_of(record, here)) continue;
      here = ldns_rr_rdf(record, 0);
      ++names;
      goes_on = true;
    }
  }
  std::set<net::Ip> addresses;
  for (size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(answers, i);
    if (ldns_rr_get_type(record) != ldns_rr_get_type(question) ||
        ldns_rr_get_class(record) != LDNS_RR_CLASS_IN || ldns_dname_compare(ldns_rr_owner(record), here) != 0)
      continue;
    const ldns_rdf* data = ldns_rr_rdf(record, 0);
    addresses.insert(*net::Ip::from_bytes({ldns_rdf_data(data), ldns_rdf_size(data)}));
  }
  return addresses;
}

bool is_of_types_that_teach(const ldns_rr_list* records) {
  for (size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(records, i);
    const ldns_rr_type type = ldns_rr_get_type(record);
    if (ldns_rr_get_class(record) != LDNS_RR_CLASS_IN ||
        (type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA && type != LDNS_RR_TYPE_CNAME))
      return false;
  }
  return true;
}

void check_laws(const dns::Answer& answer) {
  require((answer.lesson == dns::Lesson::kAddresses) == !answer.addresses.empty());
  require(answer.addresses.empty() == answer.names.empty());
  require(answer.names.size() <= dns::kMostAliases + 1 && answer.ttl <= 0x7fffffff);
  std::set<std::string> distinct;
  for (const dns::Name& name : answer.names) {
    require(name.labels <= 127 && name.text.size() <= 255 * 4);
    require(distinct.insert(name.text).second);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  if (const auto query = dns::read_question(bytes)) {
    require(query->question.wire.size() <= dns::kLongestQuestion);
    require(!dns::read_answer(bytes));
  }
  const auto answer = dns::read_answer(bytes);
  if (!answer) return 0;
  check_laws(*answer);
  ldns_pkt* read = nullptr;
  if (answer->lesson != dns::Lesson::kAddresses || ldns_wire2pkt(&read, data, size) != LDNS_STATUS_OK)
    return 0;
  const Packet packet(read, ldns_pkt_free);
  if (!is_of_types_that_teach(ldns_pkt_answer(read))) return 0;
  size_t names = 0;
  const std::set<net::Ip> wanted = addresses_of(read, names);
  require(ldns_pkt_id(read) == answer->id && names == answer->names.size());
  require(wanted == std::set<net::Ip>(answer->addresses.begin(), answer->addresses.end()));
  return 0;
}
