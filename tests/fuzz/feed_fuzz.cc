// Any bytes as what a feeder sends: FeedRequests in text form between lines of "--", or after a zero byte as
// on the wire, each after two bytes of length. Laws: what is decoded is what it encodes to; a batch counts
// wholly or not at all; what was handed out always adds up to what was sent, by a book that is kept here in
// the plainest way.
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/source/decode/decode.h"
#include "agent/source/feed/decode.h"
#include "agent/source/feed/encode.h"
#include "agent/source/feed/session.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;
using source::feed::FeedSession;

constexpr size_t kMost = 6;  // objects

class Silent final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

std::vector<v1::FeedRequest> requests_of(std::string_view bytes) {
  std::vector<v1::FeedRequest> requests;
  const bool wire = !bytes.empty() && bytes[0] == 0;
  if (wire) bytes.remove_prefix(1);
  while (bytes.size() > 2) {
    v1::FeedRequest request;
    if (wire) {
      const size_t length =
          static_cast<size_t>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
      bytes.remove_prefix(2);
      const std::string_view message = bytes.substr(0, length);
      if (!request.ParseFromArray(message.data(), static_cast<int>(message.size()))) break;
      bytes.remove_prefix(message.size());
    } else {
      const std::string_view text = bytes.substr(0, bytes.find("\n--\n"));
      google::protobuf::TextFormat::Parser parser;
      Silent silent;
      parser.RecordErrorsTo(&silent);
      if (!parser.ParseFromString(std::string(text), &request)) break;
      bytes.remove_prefix(std::min(bytes.size(), text.size() + 4));
    }
    requests.push_back(std::move(request));
  }
  return requests;
}

using Objects = std::map<model::ObjectId, model::Object>;

void add_up(const std::vector<model::Change>& changes, Objects& objects) {
  for (const model::Change& change : changes) {
    if (change.is_removal())
      require(objects.erase(change.id()) == 1);
    else
      objects.insert_or_assign(change.id(), std::get<model::Object>(change.what));
  }
}

// What the feeder has told, as it would be kept with no thought of cost.
class Book {
 public:
  void begin() { snapshot_.reset(); }
  void take(const source::feed::FedBatch& batch) {
    if (batch.begins_snapshot) snapshot_.emplace();
    for (const auto& event : batch.events) take(event);
    if (batch.ends_snapshot) {
      counts_ = std::move(*snapshot_);
      snapshot_.reset();
    }
  }
  const Objects& counts() const { return counts_; }

 private:
  void take(const source::feed::FedEvent& event) {
    Objects& objects = snapshot_ ? *snapshot_ : counts_;
    if (const auto* object = std::get_if<model::Object>(&event.what))
      objects.insert_or_assign(event.id, *object);
    else if (std::holds_alternative<model::ObjectId>(event.what))
      objects.erase(event.id);
    else
      refuse(event.id, objects);
  }
  // It stays as it last was; a policy of which nothing is held isolates (semantics 40).
  void refuse(const model::ObjectId& id, Objects& objects) const {
    if (const auto held = counts_.find(id); held != counts_.end()) objects.insert(*held);
    if (id.kind == model::Kind::kNetworkPolicy)
      objects.emplace(id, source::decode::closed_policy(id.name).policy);
  }
  Objects counts_;
  std::optional<Objects> snapshot_;
};

bool same(FeedSession a, FeedSession b) {
  const auto news_a = a.drain_news(), news_b = b.drain_news();
  return a.taken() == b.taken() && a.synced() == b.synced() && a.caught_up() == b.caught_up() &&
         a.snapshots() == b.snapshots() && a.events() == b.events() && a.refused() == b.refused() &&
         std::ranges::equal(news_a.changes, news_b.changes, {}, &model::Change::what, &model::Change::what) &&
         news_a.observed == news_b.observed && news_a.sequence == news_b.sequence;
}

bool is_line(const std::string& text) {
  return !text.empty() && text.find('\n') == std::string::npos && text.size() < 4096;
}

void check_decoded(const source::feed::FedBatch& batch) {
  for (const auto& event : batch.events) {
    require(is_line(source::feed::to_line(event.id)));
    if (const auto* why = std::get_if<std::string>(&event.what)) require(is_line(*why));
    const auto* object = std::get_if<model::Object>(&event.what);
    if (object == nullptr) continue;
    require(model::id_of(*object) == event.id);
    const v1::Object encoded = source::feed::encode(*object);
    const auto again = source::feed::decode(encoded);
    require(again && *again == *object);
    const auto id = source::feed::id_as_written(source::feed::encode(event.id));
    require(id && *id == event.id);
  }
}

// A feeder's requests, one after the other; the Node takes the news after each.
class FeedSender {
 public:
  void take(const v1::FeedRequest& request) {
    if (request.has_hello()) {
      const auto& hello = request.hello();
      const bool resumed = session_.begin(hello.session(), hello.resume_after());
      require(!resumed || (session_.taken() == hello.resume_after() && session_.caught_up()));
      require(resumed || (session_.taken() == 0 && !session_.caught_up()));
      book_.begin();
    }
    if (request.has_batch()) take(request.batch());
    const auto news = session_.drain_news();
    add_up(news.changes, counts_);
    require(counts_ == book_.counts() && counts_.size() <= kMost && session_.refused().size() <= kMost);
    require(news.sequence <= session_.taken() &&
            (!session_.caught_up() || news.sequence == session_.taken()));
  }

 private:
  void take(const v1::Batch& batch) {
    const auto read = source::feed::read_batch(batch);
    if (const auto* breach = std::get_if<source::feed::FeedBreach>(&read))
      return require(is_line(breach->what));
    const auto& fed = std::get<source::feed::FedBatch>(read);
    check_decoded(fed);
    const FeedSession before = session_;
    const auto breach = session_.accept(fed);
    if (breach) {
      require(is_line(breach->what) && same(before, session_));
      const bool adds = std::ranges::any_of(
          fed.events, [](const auto& event) { return !std::holds_alternative<model::ObjectId>(event.what); });
      require(adds || breach->kind != source::feed::FeedBreach::Kind::kTooMuch);
      return;
    }
    require(session_.taken() == fed.sequence && session_.events() == before.events() + fed.events.size());
    book_.take(fed);
  }

  FeedSession session_{kMost};
  Book book_;
  Objects counts_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FeedSender feeding;
  for (const v1::FeedRequest& request : requests_of({reinterpret_cast<const char*>(data), size}))
    feeding.take(request);
  return 0;
}
