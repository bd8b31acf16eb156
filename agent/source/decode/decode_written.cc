// Where an object's fields stand and how they are spelled (agent/source/written.h).
#include "agent/net/ip.h"
#include "agent/source/decode/addresses.h"
#include "agent/source/decode/decode_kinds.h"

namespace sluice::source::decode {
namespace {

void note_host_bits(const Field& field, WrittenObject& written) {
  const std::string text = without_leading_zeros(field.tree().text());
  const auto read = net::Cidr::parse(text);
  const auto address = net::Ip::parse(std::string_view(text).substr(0, text.find('/')));
  if (read && address && *address != read->base())
    written.host_bits.push_back({field.path(), std::string(field.tree().text()), read->to_text()});
}

// The field and those below it. Depth is bounded (tree.h).
void note_lines(const Field& field, WrittenObject& written) {
  if (field.absent()) return;
  written.lines.emplace(field.path(), field.tree().line());
  if (field.tree().type() == TreeType::kSequence)
    field.each([&](const Field& item) { note_lines(item, written); });
  if (field.tree().type() == TreeType::kMap)
    for (Tree entry : field.tree()) note_lines(field.get(entry.key()), written);
}

void note_blocks(const Field& peers, WrittenObject& written) {
  peers.each([&](const Field& peer) {
    const Field block = peer.get("ipBlock");
    note_host_bits(block.get("cidr"), written);
    block.get("except").each([&](const Field& except) { note_host_bits(except, written); });
  });
}

void note_networks(const Field& peers, WrittenObject& written) {
  peers.each([&](const Field& peer) {
    peer.get("networks").each([&](const Field& network) { note_host_bits(network, written); });
  });
}

void note_spelling(const Field& spec, WrittenObject& written) {
  spec.get("ingress").each([&](const Field& rule) { note_blocks(rule.get("from"), written); });
  spec.get("egress").each([&](const Field& rule) {
    note_blocks(rule.get("to"), written);
    note_networks(rule.get("to"), written);
  });
}

}  // namespace

WrittenObject decode_written(const Tree& root, const TypeMeta& type, model::ObjectName name, Place place) {
  WrittenObject written{type.api_version, type.kind, std::move(name), std::move(place), {}, {}, {}};
  Decoding lenient;
  const Field object(lenient, root);
  written.lint_ignore = object.get("metadata").get("annotations").get(kLintIgnoreAnnotation).text();
  if (type.kind != model::to_text(model::Kind::kNetworkPolicy) &&
      type.kind != model::to_text(model::Kind::kClusterNetworkPolicy))
    return written;
  note_lines(object.get("spec"), written);
  note_spelling(object.get("spec"), written);
  return written;
}

}  // namespace sluice::source::decode
