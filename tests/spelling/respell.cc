#include "tests/spelling/respell.h"

#include <optional>
#include <set>
#include <vector>

#include "agent/source/decode/documents.h"
#include "agent/source/folder/folder_state.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/text.h"
#include "tests/spelling/writer.h"

namespace sluice::spelling {
namespace {

using oracle::Random;
using source::decode::Document;

constexpr const char* kByteOrderMark = "\xEF\xBB\xBF";
const std::vector<std::string> kPaths = {"a.yaml", "b.json", "c/d.yml", "e.yaml"};

std::vector<Document> documents_of(const model::Cluster& cluster) {
  std::vector<Document> documents;
  source::decode::for_each_document(oracle::to_yaml(cluster), [&](int, const auto& document) {
    documents.push_back(std::get<Document>(document));
  });
  return documents;
}

// Objects of the same names that say something else.
model::Cluster earlier_definitions(const model::Cluster& cluster, uint64_t seed) {
  model::Cluster earlier;
  const model::Cluster other = oracle::random_cluster(seed + 1, 8);
  std::set<model::ObjectId> ours;
  for (const model::Object& object : cluster.objects()) ours.insert(model::id_of(object));
  for (const model::Object& object : other.objects())
    if (ours.contains(model::id_of(object))) earlier.apply(model::Change::upsert(object));
  return earlier;
}

// Documents one after the other, in every way that they may be kept apart.
class Stream {
 public:
  explicit Stream(Random& random) : random_(random), is_crlf_(random.chance(20)) {
    if (random.chance(30)) text_ = kByteOrderMark;
    if (random.chance(50)) text_ += separator();
  }
  void add(const std::string& document, Style style) {
    if (last_) text_ += between(style);
    text_ += document;
    last_ = style;
  }
  std::string text() const {
    if (!is_crlf_) return text_;
    std::string text;
    for (const char c : text_) text += c == '\n' ? "\r\n" : std::string(1, c);
    return text;
  }

 private:
  std::string separator() {
    const std::string mark = kByteOrderMark;
    return random_.pick<std::string>({"---\n", "---   \n", "--- # the next\n", "---# the next\n",
                                      "---\n" + mark, mark + "---\n", "---\n\n---\n"});
  }
  // JSON needs nothing between; only YAML knows an end of a document.
  std::string between(Style next) {
    if (last_ == Style::kJson && next == Style::kJson && random_.chance(60))
      return random_.pick({"", " ", "\n", "\n\n"});
    const bool ends = last_ != Style::kJson && random_.chance(10);
    return (ends ? "\n...\n" : "\n") + separator();
  }

  Random& random_;
  std::string text_;
  std::optional<Style> last_;
  bool is_crlf_;
};

void write(Random& random, Writer& writer, const std::vector<Document>& documents, Stream& stream) {
  for (size_t at = 0; at < documents.size();) {
    const Style style = random.pick({Style::kJson, Style::kFlow, Style::kBlock, Style::kBlock});
    const size_t room = std::min<size_t>(documents.size() - at, 5);
    if (room < 2 || random.chance(60)) {
      const std::string text = writer.object(documents[at++].root(), style);
      stream.add(text, style);
      continue;
    }
    std::vector<source::decode::Tree> some;
    for (size_t left = 2 + random.below(room - 1); left > 0; --left) some.push_back(documents[at++].root());
    stream.add(writer.list(some, style), style);
  }
}

}  // namespace

Files respell(const model::Cluster& cluster, uint64_t seed) {
  Random random(seed);
  Writer writer(random);
  std::map<std::string, std::vector<Document>> shares;
  for (Document& document : documents_of(earlier_definitions(cluster, seed)))
    shares[kPaths[0]].push_back(std::move(document));
  const size_t files = 1 + random.below(kPaths.size());
  for (Document& document : documents_of(cluster))
    shares[kPaths[random.below(files)]].push_back(std::move(document));
  Files texts;
  for (const auto& [path, documents] : shares) {
    Stream stream(random);
    write(random, writer, documents, stream);
    texts[path] = stream.text();
  }
  return texts;
}

Reading read_back(const Files& files) {
  source::folder::FolderState folder;
  source::folder::FolderReading reading;
  for (const auto& [path, text] : files)
    reading.files.push_back(
        {path, source::folder::FileReading::State::kRead, source::decode::decode(text, path)});
  Reading read;
  for (const model::Change& change : folder.apply(std::move(reading))) read.cluster.apply(change);
  read.problems = folder.problems();
  read.warnings = folder.warnings();
  return read;
}

}  // namespace sluice::spelling
