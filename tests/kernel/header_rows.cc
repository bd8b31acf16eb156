// Longer headers: IPv4 options, IPv6 extension headers.
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY;
constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51, kDestination = 60;
constexpr uint8_t kMobility = 135, kHip = 139, kShim6 = 140;

World web(const Ends& e) {
  World world = e.isolated();
  image::Ref http = world.portset(net::kTcp, {ports(80)});
  return world.peer(e.peer).allow(e.hook, kFriend, http);
}

void add_option_rows(const Ends& e, Rows& rows) {
  constexpr uint8_t kMostWords = 10;
  auto& row = rows.add(Feature::kIpv4Options, e, "1 to 10 words: the ports stand behind them", web(e));
  for (uint8_t words = 1; words <= kMostWords; ++words) {
    Spec allowed = e.syn(80), denied = e.syn(81);
    allowed.ipv4_option_words = denied.ipv4_option_words = words;
    row.send(kYes, e.hook, allowed).send(kNo, e.hook, denied);
  }
}

Spec with_extensions(Spec spec, std::vector<uint8_t> kinds) {
  spec.extension_headers = std::move(kinds);
  return spec;
}

void add_extension_rows(const Ends& e, Rows& rows) {
  for (uint8_t kind :
       {kHopByHop, kRouting, kFragment, kAuthentication, kDestination, kMobility, kHip, kShim6}) {
    if (kind == kFragment) continue;  // Feature::kAtomicFragment
    rows.add(Feature::kExtensionHeaders, e, "kind " + std::to_string(kind) + ": the ports stand behind it",
             web(e))
        .send(kYes, e.hook, with_extensions(e.syn(80), {kind}))
        .send(kNo, e.hook, with_extensions(e.syn(81), {kind}));
  }
  // A destination header of 24 bytes, as its length field says.
  Bytes longer = packet::build(with_extensions(e.syn(80), {kDestination}));
  constexpr size_t kPayloadLength = 18, kExtension = 54;
  longer.insert(longer.begin() + kExtension + 8, 16, 0);
  longer[kExtension + 1] = 2;
  longer[kPayloadLength + 1] = static_cast<uint8_t>(longer[kPayloadLength + 1] + 16);
  rows.add(Feature::kExtensionHeaders, e, "longer than the least", web(e)).send(kYes, e.hook, longer);
  rows.add(Feature::kExtensionHeaders, e, "no next header is a protocol without ports", web(e))
      .send(kNo, e.hook, e.opening(net::Protocol(59), 0));

  const World all = e.isolated(image::Ref::all()).address(e.node, {{}, true, false});
  for (uint8_t kind :
       {kHopByHop, kRouting, kFragment, kAuthentication, kDestination, kMobility, kHip, kShim6})
    rows.add(Feature::kExtensionHeaders, e,
             "kind " + std::to_string(kind) + ": a packet that ends there is cut off", all)
        .send(SLUICE_DENIED_TRUNCATED, e.hook, packet::build(e.opening(net::Protocol(kind), 0)))
        .send(SLUICE_DENIED_TRUNCATED, e.hook, packet::build(e.opening(net::Protocol(kind), 0, e.node)))
        .change(e.open())
        .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, packet::build(e.opening(net::Protocol(kind), 0)));

  auto& chain = rows.add(Feature::kExtensionChain, e, "read to the bound, not beyond", web(e));
  for (size_t count = 2; count <= SLUICE_MAX_EXTENSION_HEADERS; ++count)
    chain.send(kYes, e.hook, with_extensions(e.syn(80), std::vector<uint8_t>(count, kDestination)))
        .send(kNo, e.hook, with_extensions(e.syn(81), std::vector<uint8_t>(count, kDestination)));
  std::vector<uint8_t> too_many(SLUICE_MAX_EXTENSION_HEADERS + 1, kDestination);
  chain.send(SLUICE_DENIED_EXTENSION_CHAIN, e.hook, packet::build(with_extensions(e.syn(80), too_many)));
  rows.add(Feature::kExtensionChain, e, "of different kinds", web(e))
      .send(kYes, e.hook,
            with_extensions(e.syn(80), {kHopByHop, kDestination, kRouting, kAuthentication, kMobility, kHip,
                                        kShim6, kDestination}));
  rows.add(Feature::kExtensionChain, e, "too long a chain passes where nothing isolates the pod", e.open())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, packet::build(with_extensions(e.syn(80), too_many)));
}

}  // namespace

void add_header_rows(const Ends& e, Rows& rows) {
  if (e.v4()) {
    add_option_rows(e, rows);
    rows.not_applicable(Feature::kExtensionHeaders, e, "IPv4 has options instead");
    rows.not_applicable(Feature::kExtensionChain, e, "IPv4 has options instead");
  } else {
    add_extension_rows(e, rows);
    rows.not_applicable(Feature::kIpv4Options, e, "IPv6 has extension headers instead");
  }
}

}  // namespace sluice::testing
