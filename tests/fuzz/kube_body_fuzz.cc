// Any bytes as what an API server answers. The first byte says which kind, which encoding, list or watch; the
// second where the bytes are cut into pieces. Laws: the pieces in which bytes come change nothing; what
// protobuf says in JSON gives equal Trees; what a JSON list gives is what the decoder of whole documents
// gives.
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/source/decode/decode.h"
#include "agent/source/kube/body.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;
using source::decode::Tree;
using source::decode::TreeType;
using source::kube::Encoding;

std::string quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20)
      quoted += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    else if (c == '"' || c == '\\')
      quoted += std::string("\\") + c;
    else
      quoted += c;
  }
  return quoted + "\"";
}

// As JSON: scalars as written, keys in their order.
std::string to_json(const Tree& tree) {
  if (tree.type() == TreeType::kNull) return "null";
  if (tree.type() == TreeType::kScalar) return tree.quoted() ? quote(tree.text()) : std::string(tree.text());
  const bool is_map = tree.type() == TreeType::kMap;
  std::string json;
  for (const Tree child : tree)
    json += (json.empty() ? "" : ",") + (is_map ? quote(child.key()) + ":" : "") + to_json(child);
  return is_map ? "{" + json + "}" : "[" + json + "]";
}

// What one reading of a body gives, to the first error.
struct Reading {
  std::vector<std::string> trees;  // as JSON, an event's after its type
  std::vector<model::Object> objects;
  size_t refused = 0;
  source::kube::ListMeta meta;
  std::string error;  // empty: none
  bool same_as(const Reading& other) const {
    return trees == other.trees && objects == other.objects && refused == other.refused &&
           error == other.error && meta.resource_version == other.meta.resource_version &&
           meta.continue_token == other.meta.continue_token;
  }
};

void decode_into(model::Kind kind, const Tree& tree, Reading& reading) {
  source::decode::Decoded decoded;
  source::decode::decode_object_of(kind, tree, {"f", 1, 1}, decoded);
  for (auto& found : decoded.objects) reading.objects.push_back(std::move(found.object));
  reading.refused += decoded.problems.size();
  for (const auto& problem : decoded.problems) require(problem.to_text().find('\n') == std::string::npos);
}

struct Body {
  model::Kind kind;
  Encoding encoding;
  std::string_view bytes;
};

// `next` is the size of the next piece.
template <typename Reader, typename Next>
base::Status read_pieces(Reader& reader, std::string_view bytes, Next next) {
  while (!bytes.empty()) {
    const std::string_view front = bytes.substr(0, next());
    const std::vector<char> piece(front.begin(), front.end());  // of its own: no byte more may be read
    if (auto read = reader.read({piece.data(), piece.size()}); !read) return read;
    bytes.remove_prefix(piece.size());
  }
  return base::done();
}

template <typename Next>
Reading read_list(const Body& body, Next next) {
  Reading reading;
  const auto reader =
      source::kube::make_list_reader(body.encoding, source::kube::shape_of(body.kind), [&](const Tree& tree) {
        reading.trees.push_back(to_json(tree));
        decode_into(body.kind, tree, reading);
      });
  if (auto read = read_pieces(*reader, body.bytes, next); !read) {
    reading.error = read.error().message();
    return reading;
  }
  if (auto meta = reader->finish())
    reading.meta = *meta;
  else
    reading.error = meta.error().message();
  return reading;
}

template <typename Next>
Reading read_watch(const Body& body, Next next) {
  Reading reading;
  const auto reader = source::kube::make_watch_reader(
      body.encoding, source::kube::shape_of(body.kind), [&](const std::string& type, const Tree& tree) {
        reading.trees.push_back(quote(type) + to_json(tree));
        decode_into(body.kind, tree, reading);
        require(source::kube::status_of(tree).message.find('\n') == std::string::npos);
      });
  if (auto read = read_pieces(*reader, body.bytes, next); !read) reading.error = read.error().message();
  return reading;
}

template <typename Read>
Reading check_pieces(const Body& body, uint8_t seed, Read read) {
  const Reading whole = read(body, [&] { return body.bytes.size(); });
  require(whole.error.find('\n') == std::string::npos);
  std::minstd_rand random(seed + 1U);
  require(read(body, [&] { return 1 + random() % (1 + seed); }).same_as(whole));
  return whole;
}

// The same list in the other encoding gives equal Trees.
void check_in_json(const Body& body, const Reading& reading) {
  std::string json = "{\"metadata\":{\"resourceVersion\":" + quote(reading.meta.resource_version) +
                     ",\"continue\":" + quote(reading.meta.continue_token) + "},\"items\":[";
  for (const std::string& tree : reading.trees) json += (json.back() == '[' ? "" : ",") + tree;
  json += "]}";
  const Reading again = read_list({body.kind, Encoding::kJson, json}, [&] { return json.size(); });
  require(again.same_as(reading));
}

// Where the decoder of whole documents takes it too: its parser keeps what the reader passes over, and finds
// fault with it.
void check_against_whole(const Body& body, const Reading& reading) {
  std::string_view rest = body.bytes;
  const auto parsed = source::decode::parse_json_value(rest, 1);
  const auto* document = std::get_if<source::decode::Document>(&parsed);
  if (document == nullptr || rest.find_first_not_of(" \t\r\n") != std::string_view::npos) return;
  Reading whole;
  for (const Tree item : document->root().find("items")) {
    // Which kind it is the reader is told; the whole document may say otherwise.
    if (!item.find("kind").is_null() || !item.find("apiVersion").is_null()) return;
    decode_into(body.kind, item, whole);
  }
  // Of a policy in a file, fields that nobody knows are refused outside of its spec too.
  const bool policy =
      body.kind == model::Kind::kNetworkPolicy || body.kind == model::Kind::kClusterNetworkPolicy;
  if (policy && whole.refused > 0) return;
  require(whole.objects == reading.objects && whole.refused == reading.refused);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const bool is_list = (data[0] & 1) == 0;
  const Body body{model::kKinds[data[0] / 4 % std::size(model::kKinds)],
                  (data[0] & 2) == 0 ? Encoding::kJson : Encoding::kProtobuf,
                  {reinterpret_cast<const char*>(data) + 2, size - 2}};
  const bool custom = body.kind == model::Kind::kClusterNetworkPolicy;
  if (custom && body.encoding == Encoding::kProtobuf) return 0;  // never sent so
  const source::kube::ApiStatus status = source::kube::read_status(body.encoding, body.bytes);
  require((status.reason + status.message).find('\n') == std::string::npos);
  if (!is_list) {
    check_pieces(body, data[1], [](const Body& of, auto next) { return read_watch(of, next); });
    return 0;
  }
  const Reading reading =
      check_pieces(body, data[1], [](const Body& of, auto next) { return read_list(of, next); });
  if (!reading.error.empty()) return 0;
  body.encoding == Encoding::kProtobuf ? check_in_json(body, reading) : check_against_whole(body, reading);
  return 0;
}
