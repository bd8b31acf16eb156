// ICMP and ICMPv6: echo, and errors about connections (semantics 20; RFC 792, RFC 4443).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint8_t kError = SLUICE_ALLOWED_ICMP_ERROR;

World one_way(const Ends& e) {
  return World(e.pod).isolate(e.hook).isolate(e.back()).peer(e.peer).allow(e.hook, kFriend,
                                                                           image::Ref::all());
}
World nothing(const Ends& e) {
  return World(e.pod).isolate(e.hook).isolate(e.back()).peer(e.peer);
}

// The error that answers a packet which passed through `hook`: from a router on the way to the pod, or from
// the pod to whoever sent the packet.
Spec error_about(const Ends& e, const Spec& quoted, sluice_direction hook, int type = -1) {
  Spec error = hook == SLUICE_EGRESS ? packet::icmp_error(e.router, e.pod, quoted)
                                     : packet::icmp_error(e.pod, quoted.source, quoted);
  if (type >= 0) error.icmp_type = static_cast<uint8_t>(type);
  return error;
}
std::vector<int> error_types(const Ends& e) {
  return e.v4() ? std::vector<int>{3, 11, 12} : std::vector<int>{1, 2, 3, 4};
}

void add_error_rows(const Ends& e, Rows& rows) {
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, e.icmp}) {
    Spec spec = e.opening(protocol, 80);
    auto& row =
        rows.add(Feature::kIcmpError, e, protocol.to_text() + ": each type passes, either way", one_way(e));
    row.send(kYes, e.hook, spec);
    for (int type : error_types(e))
      row.send(kError, e.back(), error_about(e, spec, e.hook, type), "type " + std::to_string(type));
    row.send(kFlow, e.back(), reply(spec));
    for (int type : error_types(e))
      row.send(kError, e.hook, error_about(e, reply(spec), e.back(), type),
               "about the answer, type " + std::to_string(type));
  }
  Spec longer = e.syn();
  longer.ipv4_option_words = 3;
  if (!e.v4()) longer.extension_headers = {60, 43};
  rows.add(Feature::kIcmpError, e, "quotes of packets with longer headers", one_way(e))
      .send(kYes, e.hook, longer)
      .send(kError, e.back(), error_about(e, longer, e.hook));
  rows.add(Feature::kIcmpError, e, "what is no error is no error", one_way(e))
      .send(kYes, e.hook, e.syn())
      .send(kNo, e.back(), error_about(e, e.syn(), e.hook, e.v4() ? 5 : 127));
}

void add_unrelated_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kIcmpErrorUnknown, e, "is judged as any ICMP", one_way(e))
      .send(kNo, e.back(), error_about(e, e.syn(), e.hook))
      .send(kYes, e.hook, e.syn(80))
      .send(kNo, e.back(), error_about(e, e.syn(81), e.hook), "another port");

  Spec later = e.udp(80);
  later.fragment = packet::Fragment{1, 4, false};
  const Bytes whole = packet::build_ip(e.udp(80));
  later.payload.assign(whole.begin() + (e.v4() ? 20 : 40), whole.end());
  rows.add(Feature::kIcmpErrorUnknown, e, "a later fragment has no ports, whatever its bytes look like",
           one_way(e))
      .send(kYes, e.hook, e.udp(80))
      .send(kNo, e.back(), error_about(e, later, e.hook));

  Spec foreign = e.syn();
  (e.from_pod() ? foreign.source : foreign.destination) = e.foreign;
  Spec reversed = error_about(e, e.syn(), e.hook);
  reversed.payload = packet::build_ip(reply(e.syn()));
  rows.add(Feature::kIcmpErrorForeign, e, "is judged as any ICMP", one_way(e))
      .send(kYes, e.hook, e.syn())
      .send(kNo, e.back(), error_about(e, foreign, e.hook))
      .send(kNo, e.back(), reversed, "a packet that went the other way");

  auto& cut = rows.add(Feature::kIcmpErrorCut, e, "is related as long as it holds the ports", one_way(e));
  cut.send(kYes, e.hook, e.syn());
  const size_t ports_end = (e.v4() ? 20 : 40) + 4;
  for (size_t kept = 0; kept <= ports_end + 4; ++kept) {
    Spec error = error_about(e, e.syn(), e.hook);
    error.payload.resize(kept);
    cut.send(kept >= ports_end ? kError : kNo, e.back(), error, std::to_string(kept) + " bytes");
  }

  World also = one_way(e).peer(e.other, kStranger);
  rows.add(Feature::kIcmpErrorStale, e, "follows what the connection may do now", one_way(e))
      .send(kYes, e.hook, e.syn())
      .change(also)
      .send(kError, e.back(), error_about(e, e.syn(), e.hook))
      .change(nothing(e))
      .send(kNo, e.back(), error_about(e, e.syn(), e.hook))
      .change(one_way(e))
      .send(kError, e.back(), error_about(e, e.syn(), e.hook));
}

Spec echo(const Ends& e, uint16_t identifier, size_t bytes = 0) {
  Spec request = e.opening(e.icmp, 0);
  request.icmp_identifier = identifier;
  request.payload.resize(bytes);
  return request;
}
// A request of the far end's, or of the pod's where the others are the far end's.
Spec other_way(Spec request) {
  std::swap(request.source, request.destination);
  return request;
}

void add_echo_rows(const Ends& e, Rows& rows) {
  const Spec ping = echo(e, 7);
  rows.add(Feature::kEcho, e, "the reply belongs to the request", one_way(e))
      .send(kNo, e.back(), reply(ping), "a reply to nothing")
      .send(kYes, e.hook, ping)
      .send(kFlow, e.back(), reply(ping))
      .send(kFlow, e.hook, ping)
      .send(kFlow, e.back(), reply(ping));
  Spec first = echo(e, 7, 64);
  first.fragment = packet::Fragment{};
  rows.add(Feature::kEcho, e, "in fragments", one_way(e))
      .send(kYes, e.hook, first)
      .send(kFlow, e.back(), reply(first));

  auto& back = rows.add(Feature::kEchoIdentifier, e, "an allowed ping lets nobody ping back", one_way(e));
  const std::vector<uint16_t> identifiers = {0, 1, 2, 7, 256, 512, 0xfff8, 0xffff};
  for (uint16_t identifier : identifiers) {
    back.send(kYes, e.hook, echo(e, identifier));
    for (uint16_t other : identifiers)
      back.send(kNo, e.back(), other_way(echo(e, other)),
                std::to_string(identifier) + ", " + std::to_string(other));
    back.send(kFlow, e.back(), reply(echo(e, identifier)));
  }
  rows.add(Feature::kEchoIdentifier, e, "a reply of another identifier is none", one_way(e))
      .send(kYes, e.hook, ping)
      .send(kNo, e.back(), reply(echo(e, 8)))
      .send(kNo, e.back(), reply(echo(e, 0x0700)));
  World both = one_way(e).allow(e.back(), kFriend, image::Ref::all());
  rows.add(Feature::kEchoIdentifier, e, "both ways with one identifier are two connections", both)
      .send(kYes, e.hook, ping)
      .send(kYes, e.back(), other_way(ping))
      .send(kFlow, e.back(), reply(ping))
      .send(kFlow, e.hook, reply(other_way(ping)));
  rows.add(Feature::kEchoIdentifier, e, "errors quote it", one_way(e))
      .send(kYes, e.hook, ping)
      .send(kError, e.back(), error_about(e, ping, e.hook))
      .send(kNo, e.back(), error_about(e, echo(e, 8), e.hook));
  rows.add(Feature::kEchoIdentifier, e, "a change ends it", one_way(e))
      .send(kYes, e.hook, ping)
      .change(nothing(e))
      .send(kNo, e.back(), reply(ping))
      .send(kNo, e.hook, ping)
      .change(one_way(e))
      .send(kFlow, e.back(), reply(ping));

  Spec timestamp = ping;
  timestamp.icmp_type = e.v4() ? 13 : 139;
  rows.add(Feature::kEchoStray, e, "is judged as ICMP, and opens no ping", one_way(e))
      .send(kYes, e.hook, reply(other_way(ping)))
      .send(kFlow, e.hook, reply(other_way(ping)))
      .send(kNo, e.back(), other_way(ping))
      .send(kFlow, e.back(), other_way(timestamp), "other ICMP has one connection a pair of addresses");
  rows.add(Feature::kEchoStray, e, "is one once its request is forgotten", one_way(e))
      .send(kYes, e.hook, ping)
      .wait(31)
      .send(kNo, e.back(), reply(ping));
}

}  // namespace

void add_icmp_rows(const Ends& e, Rows& rows) {
  add_echo_rows(e, rows);
  add_error_rows(e, rows);
  add_unrelated_rows(e, rows);
}

}  // namespace sluice::testing
