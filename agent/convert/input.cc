#include "agent/convert/input.h"

#include <map>
#include <tuple>

#include "agent/source/decode/decode.h"
#include "agent/source/decode/field.h"
#include "agent/source/decode/kinds.h"

namespace sluice::convert {

namespace decode = source::decode;

namespace {

constexpr std::string_view kList = "List";

using Places = std::map<std::tuple<std::string, std::string, model::ObjectName>, size_t>;

void add_tree(Input& input, Places& places, decode::Tree tree, std::string api_version, std::string kind) {
  decode::Decoding naming;
  const decode::Field root(naming, tree);
  if (tree.type() != decode::TreeType::kMap) return;  // decode says so
  if (const std::string text = root.get("apiVersion").text(); !text.empty()) api_version = text;
  if (const std::string text = root.get("kind").text(); !text.empty()) kind = text;
  const decode::Tree items = tree.find("items");
  if (kind.ends_with(kList) && items.type() == decode::TreeType::kSequence) {
    const std::string item(std::string_view(kind).substr(0, kind.size() - kList.size()));
    for (decode::Tree each : items) add_tree(input, places, each, item.empty() ? "" : api_version, item);
    return;
  }
  const std::string group(decode::group_of(api_version));
  const decode::Field metadata = root.get("metadata");
  const model::ObjectName name{metadata.get("namespace").text(), metadata.get("name").text()};
  const std::string version = group.empty() ? api_version : api_version.substr(group.size() + 1);
  // Of two definitions of one object the last counts (semantics 29). What names no namespace is in default, if in any.
  const model::ObjectName place{name.ns.empty() ? "default" : name.ns, name.name};
  const auto [known, is_new] = places.try_emplace({group, kind, place}, input.objects.size());
  if (is_new) input.objects.emplace_back();
  input.objects[known->second] = {group, version, kind, name, tree, !is_new};
}

}  // namespace

Input read_input(std::string_view bytes, const std::string& origin) {
  Input input;
  decode::for_each_document(bytes,
                            [&](int, const std::variant<decode::Document, decode::SyntaxError>& parsed) {
                              if (const auto* document = std::get_if<decode::Document>(&parsed))
                                input.documents.push_back(*document);
                            });
  Places places;
  for (const decode::Document& document : input.documents) add_tree(input, places, document.root(), {}, {});
  const decode::Decoded decoded = decode::decode(bytes, origin);
  for (const source::Problem& problem : decoded.problems) input.problems.push_back(problem.to_text());
  for (const decode::DecodedObject& object : decoded.objects)
    input.cluster.apply(model::Change::upsert(object.object));
  return input;
}

}  // namespace sluice::convert
