// YAML by yaml-cpp's event interface: no node graph is built beside our own, and our limits hold while it
// reads.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>

#include "agent/source/documents.h"
#include "agent/source/excerpt.h"
#include "agent/source/tree_builder.h"

namespace sluice::source {
namespace {

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

class Bytes : public std::streambuf {
 public:
  explicit Bytes(std::string_view text) {
    char* start = const_cast<char*>(text.data());  // a get area is never written to
    setg(start, start, start + text.size());
  }
};

class Events : public YAML::EventHandler {
 public:
  explicit Events(uint32_t first_line) : first_line_(first_line) {}
  Document take() { return builder_.take(); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { builder_.null(line(mark), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { builder_.alias(anchor, line(mark)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    builder_.scalar(value, is_string(tag, line(mark)), line(mark), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    expect_tag(tag, "seq", line(mark));
    builder_.begin(TreeType::kSequence, line(mark), anchor);
  }
  void OnSequenceEnd() override { builder_.end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    expect_tag(tag, "map", line(mark));
    builder_.begin(TreeType::kMap, line(mark), anchor);
  }
  void OnMapEnd() override { builder_.end(); }

 private:
  uint32_t line(const YAML::Mark& mark) const {
    return first_line_ + static_cast<uint32_t>(std::max(mark.line, 0));
  }

  // yaml-cpp tags plain scalars "?" and all other ones "!" (YAML 1.2 section 6.8.1).
  static bool is_string(const std::string& tag, uint32_t line) {
    if (tag == "?" || tag.empty()) return false;
    if (tag == "!") return true;
    std::string_view name = tag;
    if (name.starts_with(kCoreTag)) {
      name.remove_prefix(kCoreTag.size());
      if (name == "str") return true;
      if (name == "int" || name == "bool" || name == "float" || name == "null" || name == "timestamp")
        return false;
    }
    throw TreeError{line, "the tag " + excerpt(tag) + " has no meaning in a manifest: leave it out"};
  }

  static void expect_tag(const std::string& tag, std::string_view name, uint32_t line) {
    if (tag.empty() || tag == "?" || tag == "!" || tag == std::string(kCoreTag) + std::string(name)) return;
    throw TreeError{line, "the tag " + excerpt(tag) + " has no meaning in a manifest: leave it out"};
  }

  uint32_t first_line_;
  TreeBuilder builder_;
};

}  // namespace

ParsedDocument parse_yaml_document(std::string_view text, uint32_t first_line) try {
  Bytes bytes(text);
  std::istream stream(&bytes);
  YAML::Parser parser(stream);
  Events events(first_line);
  if (!parser.HandleNextDocument(events)) return std::monostate{};
  Events trailing(first_line);
  if (parser.HandleNextDocument(trailing))
    return SyntaxError{first_line, "goes on after its end: is a \"---\" missing or an indentation wrong?"};
  Document document = events.take();
  if (document.root().is_null()) return std::monostate{};
  return document;
} catch (const TreeError& error) {
  return SyntaxError{error.line, error.message};
} catch (const YAML::Exception& error) {
  uint32_t line = first_line + static_cast<uint32_t>(std::max(error.mark.line, 0));
  return SyntaxError{line, "is not YAML: " + one_line(error.msg)};
} catch (const std::exception& error) {
  return SyntaxError{first_line, "is not YAML: " + one_line(error.what())};
}

}  // namespace sluice::source
