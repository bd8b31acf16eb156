// What cannot be read: cut off, or contradictory (semantics 26).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kCut = SLUICE_DENIED_TRUNCATED, kBad = SLUICE_DENIED_MALFORMED;
constexpr size_t kIp = 14;  // where the IP header starts

World anything_goes(const Ends& e) {
  return e.isolated(image::Ref::all());
}
size_t upper_at(const Ends& e) {
  return kIp + (e.v4() ? 20 : 40);
}
void set16(Bytes& frame, size_t at, size_t value) {
  frame[at] = static_cast<uint8_t>(value >> 8);
  frame[at + 1] = static_cast<uint8_t>(value & 0xff);
}
// The length field says what the frame holds from the IP header on.
void fix_length(const Ends& e, Bytes& frame) {
  if (e.v4())
    set16(frame, kIp + 2, frame.size() - kIp);
  else
    set16(frame, kIp + 4, frame.size() - kIp - 40);
}
Bytes changed(Bytes frame, size_t at, unsigned value) {
  frame[at] = static_cast<uint8_t>(value);
  return frame;
}

void add_cut_rows(const Ends& e, Rows& rows) {
  std::vector<Spec> specs;
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, e.icmp})
    specs.push_back(e.opening(protocol, 80));
  Spec longer = e.syn();
  longer.ipv4_option_words = 2;
  if (!e.v4()) longer.extension_headers = {0, 60, 51};
  specs.push_back(longer);
  for (const Spec& spec : specs) {
    const Bytes frame = packet::build(spec);
    auto& closed = rows.add(Feature::kTruncated, e, spec.protocol.to_text() + ": dropped", anything_goes(e));
    auto& open = rows.add(Feature::kTruncated, e, spec.protocol.to_text() + ": passes where nothing isolates",
                          e.open());
    for (size_t size = 0; size < frame.size(); ++size) {
      Bytes cut(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(size));
      closed.send(kCut, e.hook, cut, std::to_string(size) + " bytes");
      open.send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, cut, std::to_string(size) + " bytes");
    }
    closed.send(SLUICE_ALLOWED_POLICY, e.hook, frame, "all of it");
  }
}

// The IP header is honest about the little that follows it.
void add_short_rows(const Ends& e, Rows& rows) {
  const std::pair<net::Protocol, size_t> headers[] = {
      {net::kTcp, 20}, {net::kUdp, 8}, {net::kSctp, 12}, {e.icmp, 8}};
  for (const auto& [protocol, bytes] : headers) {
    auto& row = rows.add(Feature::kTruncated, e, protocol.to_text() + ": its header is not all there",
                         anything_goes(e));
    for (size_t kept = 0; kept < bytes; ++kept) {
      Bytes frame = packet::build(e.opening(protocol, 80));
      frame.resize(upper_at(e) + kept);
      fix_length(e, frame);
      row.send(kCut, e.hook, frame, std::to_string(kept) + " bytes");
    }
  }
}

void add_contradictions(const Ends& e, Rows& rows) {
  const Bytes syn = packet::build(e.syn());
  auto& row = rows.add(Feature::kMalformed, e, "dropped, with their reason", anything_goes(e));
  const unsigned own = e.v4() ? 4 : 6;
  for (unsigned version = 0; version < 16; ++version)
    if (version != own)
      row.send(kBad, e.hook, changed(syn, kIp, version << 4 | (syn[kIp] & 15u)),
               "version " + std::to_string(version));
  for (unsigned words = 0; words < 5; ++words)
    row.send(kBad, e.hook, changed(syn, upper_at(e) + 12, words << 4),
             "TCP data offset " + std::to_string(words));
  row.send(kBad, e.hook, changed(syn, upper_at(e) + 12, 6 << 4), "TCP data offset past the segment");
  Bytes promising = syn;
  set16(promising, e.v4() ? kIp + 2 : kIp + 4, (e.v4() ? 40u : 20u) + 1);
  row.send(kCut, e.hook, promising, "a length past the frame");
  Bytes padded = syn;
  padded.resize(100);
  row.send(SLUICE_ALLOWED_POLICY, e.hook, padded, "padding behind the packet is none of it");
  rows.add(Feature::kMalformed, e, "pass where nothing isolates the pod", e.open())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, changed(syn, kIp, 0))
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, changed(syn, upper_at(e) + 12, 0));
  if (e.v4()) {
    const Bytes gre = packet::build(e.opening(net::Protocol(47), 0));
    for (unsigned words = 0; words < 5; ++words)
      for (const Bytes& frame : {syn, gre})
        row.send(kBad, e.hook, changed(frame, kIp, 4u << 4 | words),
                 "header length " + std::to_string(words));
    for (size_t total : {0u, 19u}) {
      Bytes frame = syn;
      set16(frame, kIp + 2, total);
      row.send(kBad, e.hook, frame, "total length " + std::to_string(total));
    }
  } else {
    Spec late = e.syn();
    late.extension_headers = {60, 0};
    row.send(kBad, e.hook, packet::build(late), "hop-by-hop options that are not first");
    late.extension_headers = {60};
    Bytes beyond = changed(packet::build(late), upper_at(e) + 1, 2);  // 24 bytes, says its length
    set16(beyond, kIp + 4, 16);
    beyond.resize(beyond.size() + 64);
    row.send(kCut, e.hook, beyond, "an extension header past the payload");
    late.extension_headers = {44, 44};
    row.send(kBad, e.hook, packet::build(late), "two fragment headers");
  }
}

}  // namespace

void add_malformed_rows(const Ends& ends, Rows& rows) {
  add_cut_rows(ends, rows);
  add_short_rows(ends, rows);
  add_contradictions(ends, rows);
}

}  // namespace sluice::testing
