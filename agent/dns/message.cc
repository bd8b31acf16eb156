#include "agent/dns/message.h"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::dns {

namespace {

constexpr size_t kLongestWireName = 255, kLongestLabel = 63;
// Of the header's second word (RFC 1035 4.1.1).
constexpr uint16_t kIsAnswer = 0x8000, kOpcode = 0x7800, kTruncation = 0x0200, kCode = 0x000f;

struct Header {
  uint16_t id = 0, flags = 0, questions = 0, answers = 0;
};

// A place in a message; what it takes is there, or nothing is.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> message) : message_(message) {}

  std::optional<uint16_t> number() {
    const auto two = take(2);
    if (two.empty()) return std::nullopt;
    return static_cast<uint16_t>(two[0] << 8 | two[1]);
  }
  std::optional<uint32_t> long_number() {
    const auto high = number(), low = number();
    if (!high || !low) return std::nullopt;
    return uint32_t{*high} << 16 | *low;
  }
  // Empty where there are fewer; `size` is not 0.
  std::span<const uint8_t> take(size_t size) {
    if (message_.size() - at_ < size) return {};
    at_ += size;
    return message_.subspan(at_ - size, size);
  }
  std::optional<Name> name(int most_pointers = kMostPointers);
  std::optional<Header> header();
  std::optional<Question> question();
  size_t at() const { return at_; }

 private:
  std::span<const uint8_t> message_;
  size_t at_ = 0;
};

void append(uint8_t byte, std::string& text) {
  const bool is_capital = byte >= 'A' && byte <= 'Z';
  const bool is_plain =
      (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
  if (is_capital || is_plain) {
    text += static_cast<char>(is_capital ? byte - 'A' + 'a' : byte);
    return;
  }
  text += '\\';
  for (const int unit : {100, 10, 1}) text += static_cast<char>('0' + byte / unit % 10);
}

// Goes on behind the name as it stands here. A pointer leads to before where the name, or what was led to, begins.
std::optional<Name> Reader::name(int most_pointers) {
  Name name;
  size_t at = at_, began = at_, wire = 0;
  bool was_led = false;
  for (int pointers = 0;;) {
    if (at >= message_.size()) return std::nullopt;
    const uint8_t length = message_[at];
    if (length >= 0xc0) {
      if (at + 1 >= message_.size() || ++pointers > most_pointers) return std::nullopt;
      const size_t target = size_t{length & 0x3fu} << 8 | message_[at + 1];
      if (target >= began) return std::nullopt;
      if (!was_led) at_ = at + 2;
      was_led = true;
      at = began = target;
      continue;
    }
    wire += size_t{1} + length;
    if (length > kLongestLabel || wire > kLongestWireName || message_.size() - at <= length)
      return std::nullopt;
    at += size_t{1} + length;
    if (length == 0) break;
    if (name.labels++ > 0) name.text += '.';
    for (const uint8_t byte : message_.subspan(at - length, length)) append(byte, name.text);
  }
  if (!was_led) at_ = at;
  return name;
}

std::optional<Header> Reader::header() {
  const auto id = number(), flags = number(), questions = number(), answers = number();
  if (!id || !flags || !questions || !answers || take(4).empty()) return std::nullopt;
  return Header{*id, *flags, *questions, *answers};
}

std::optional<Question> Reader::question() {
  const size_t begin = at_;
  auto name = this->name(0);
  const auto type = number(), qclass = number();
  if (!name || !type || !qclass) return std::nullopt;
  const auto wire = message_.subspan(begin, at_ - begin);
  return Question{std::string(wire.begin(), wire.end()), *std::move(name), *type, *qclass};
}

struct Alias {
  std::string target;
  int labels = 0;
  uint32_t ttl = 0;
};
struct Addresses {
  std::vector<net::Ip> ips;
  uint32_t ttl = UINT32_MAX;
};

// What the answer section says, by owner: of the question's type and its class alone.
struct Section {
  std::map<std::string, Alias, std::less<>> aliases;
  std::map<std::string, Addresses, std::less<>> addresses;
  std::set<std::string, std::less<>> forks;  // owners of two different CNAMEs
};

constexpr uint32_t kGreatestTtl = 0x7fffffff;  // RFC 2181 8: what is above counts as 0

// False: it is malformed.
bool read_record(Reader& reader, uint16_t wanted, Section& section) {
  auto owner = reader.name();
  const auto type = reader.number(), rclass = reader.number();
  auto ttl = reader.long_number();
  const auto length = reader.number();
  if (!owner || !type || !rclass || !ttl || !length) return false;
  if (*ttl > kGreatestTtl) ttl = 0;
  if (*rclass == kClassIn && *type == kTypeCname) {
    const size_t end = reader.at() + *length;
    auto target = reader.name();
    if (!target || reader.at() != end) return false;
    const auto [known, is_new] =
        section.aliases.emplace(std::move(owner->text), Alias{target->text, target->labels, *ttl});
    if (is_new) return true;
    if (known->second.target != target->text) section.forks.insert(known->first);
    known->second.ttl = std::min(known->second.ttl, *ttl);
    return true;
  }
  const auto data = *length == 0 ? std::span<const uint8_t>() : reader.take(*length);
  if (data.size() != *length) return false;
  if (*rclass != kClassIn || *type != wanted) return true;
  if (data.size() != (wanted == kTypeA ? 4 : 16)) return false;
  Addresses& addresses = section.addresses[std::move(owner->text)];
  addresses.ips.push_back(*net::Ip::from_bytes(data));
  addresses.ttl = std::min(addresses.ttl, *ttl);
  return true;
}

// Each once, where it stands first.
std::vector<net::Ip> distinct(const std::vector<net::Ip>& all) {
  std::set<net::Ip> seen;
  std::vector<net::Ip> once;
  for (const net::Ip& ip : all)
    if (seen.insert(ip).second) once.push_back(ip);
  return once;
}

Lesson follow(const Section& section, Answer& answer) {
  uint32_t ttl = kGreatestTtl;
  std::vector<Name> way = {answer.question.name};
  while (true) {
    const std::string& here = way.back().text;
    const auto alias = section.aliases.find(here);
    if (alias == section.aliases.end()) break;
    if (section.forks.contains(here)) return Lesson::kTwoWays;
    if (std::ranges::any_of(way, [&](const Name& name) { return name.text == alias->second.target; }))
      return Lesson::kCircle;
    if (way.size() > kMostAliases) return Lesson::kLongWay;
    ttl = std::min(ttl, alias->second.ttl);
    way.push_back({alias->second.target, alias->second.labels});
  }
  const auto end = section.addresses.find(way.back().text);
  if (end == section.addresses.end()) return Lesson::kNoAddress;
  answer.names = std::move(way);
  answer.addresses = distinct(end->second.ips);
  answer.ttl = std::min(ttl, end->second.ttl);
  return Lesson::kAddresses;
}

Lesson learn(Reader& reader, const Header& header, Answer& answer) {
  if ((header.flags & kCode) != 0) return Lesson::kError;
  if ((header.flags & kTruncation) != 0) return Lesson::kTruncated;
  const uint16_t type = answer.question.type;
  if ((type != kTypeA && type != kTypeAaaa) || answer.question.qclass != kClassIn) return Lesson::kOtherType;
  Section section;
  for (int i = 0; i < header.answers; ++i)
    if (!read_record(reader, type, section)) return Lesson::kMalformed;
  return follow(section, answer);
}

// The header, where it is a standard query's (answer's) with one question.
std::optional<Header> header_of(Reader& reader, bool is_answer) {
  const auto header = reader.header();
  if (!header || ((header->flags & kIsAnswer) != 0) != is_answer || (header->flags & kOpcode) != 0 ||
      header->questions != 1)
    return std::nullopt;
  return header;
}

}  // namespace

std::string_view to_text(Lesson lesson) {
  static constexpr std::string_view kTexts[] = {
#define SLUICE_DNS_LESSON(name, text) text,
      SLUICE_DNS_LESSONS(SLUICE_DNS_LESSON)
#undef SLUICE_DNS_LESSON
  };
  return kTexts[static_cast<size_t>(lesson)];
}

std::vector<std::string> Answer::to_learn() const {
  std::vector<std::string> texts;
  for (const Name& name : names)
    if (name.can_be_named()) texts.push_back(name.text);
  return texts;
}

std::optional<Query> read_question(std::span<const uint8_t> message) {
  Reader reader(message);
  const auto header = header_of(reader, false);
  if (!header) return std::nullopt;
  auto question = reader.question();
  if (!question) return std::nullopt;
  return Query{header->id, *std::move(question)};
}

std::optional<Answer> read_answer(std::span<const uint8_t> message) {
  Reader reader(message);
  const auto header = header_of(reader, true);
  if (!header) return std::nullopt;
  auto question = reader.question();
  if (!question) return std::nullopt;
  Answer answer;
  answer.id = header->id;
  answer.question = *std::move(question);
  answer.lesson = learn(reader, *header, answer);
  return answer;
}

}  // namespace sluice::dns
