#include "agent/dns/exchanges.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "agent/net/port.h"

namespace sluice::dns {

namespace {

QuestionKey key_of(const Packet& packet, uint32_t interface, Direction direction) {
  const bool from_pod = direction == Direction::kFromPod;
  const net::Ip& server = from_pod ? packet.destination : packet.source;
  QuestionKey key;
  key.interface = interface;
  key.local_port = from_pod ? packet.source_port : packet.destination_port;
  key.server_port = from_pod ? packet.destination_port : packet.source_port;
  key.protocol = (packet.kind == Kind::kTcp ? net::kTcp : net::kUdp).number();
  key.family = static_cast<uint8_t>(server.family());
  key.server = server.padded();
  return key;
}

bool can_be(const QuestionKey& key, const QuestionValue& value, uint64_t now) {
  const bool is_known_protocol = key.protocol == net::kTcp.number() || key.protocol == net::kUdp.number();
  return is_known_protocol && (key.family == 4 || key.family == 6) && value.length > 0 &&
         value.length <= kLongestQuestion && value.asked <= now && now - value.asked < Exchanges::kLife;
}

}  // namespace

size_t Exchanges::Hash::operator()(const QuestionKey& key) const noexcept {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(&key), sizeof key});
}

std::vector<Answer> Exchanges::accept(const Packet& packet, uint32_t interface, Direction direction,
                                      uint64_t now) {
  expire(now);
  std::vector<Answer> answers;
  const QuestionKey key = key_of(packet, interface, direction);
  const auto take = [&](std::span<const uint8_t> message) {
    if (direction == Direction::kFromPod)
      ask(key, message, now);
    else
      answer(key, message, answers);
  };
  switch (packet.kind) {
    case Kind::kUdp:
      take(packet.payload);
      break;
    case Kind::kTcp: {
      const bool from_pod = direction == Direction::kFromPod;
      const StreamKey stream{interface, from_pod ? packet.source : packet.destination,
                             from_pod ? packet.destination : packet.source, key.local_port, key.server_port};
      streams_.accept(stream, direction, packet, take);
      break;
    }
    case Kind::kFragment:
      note(Event::kFragment);
      break;
    case Kind::kOther:
    case Kind::kMalformed:
    case Kind::kNotIp:
      note(Event::kOtherPacket);
      break;
  }
  return answers;
}

void Exchanges::ask(QuestionKey key, std::span<const uint8_t> message, uint64_t now) {
  const auto query = read_question(message);
  if (!query) {
    note(Event::kUnreadable);
    return;
  }
  note(Event::kAsked);
  key.id = query->id;
  QuestionValue value;
  value.asked = now;
  value.length = static_cast<uint16_t>(query->question.wire.size());
  std::ranges::copy(query->question.wire, value.question.begin());
  remember(key, value);
  if (keeper_.added) keeper_.added(key, value);
}

void Exchanges::answer(QuestionKey key, std::span<const uint8_t> message, std::vector<Answer>& answers) {
  if (message.size() < kHeaderBytes) {
    note(Event::kUnreadable);
    return;
  }
  key.id = static_cast<uint16_t>(message[0] << 8 | message[1]);
  const auto asked = questions_.find(key);
  if (asked == questions_.end()) {
    note(Event::kUnasked);
    return;
  }
  Outstanding& question = asked->second;
  if (question.is_answered) {
    note(Event::kRepeated);
    return;
  }
  auto answer = read_answer(message);
  if (!answer) {
    note(Event::kUnreadable);
    return;
  }
  const std::span<const uint8_t> wanted(question.value.question.data(), question.value.length);
  if (!std::ranges::equal(wanted, std::span(reinterpret_cast<const uint8_t*>(answer->question.wire.data()),
                                            answer->question.wire.size()))) {
    note(Event::kDifferent);
    return;
  }
  note(Event::kAnswered);
  question.is_answered = true;
  if (keeper_.removed) keeper_.removed(key);
  answers.push_back(*std::move(answer));
}

// What stood under this key is replaced, which is no removal.
void Exchanges::remember(const QuestionKey& key, const QuestionValue& value) {
  if (const auto former = questions_.find(key); former != questions_.end())
    drop(former);
  else
    make_room(key.interface);
  const uint64_t age = ages_.add(key.interface);
  questions_.emplace(key, Outstanding{value, age, false});
  by_age_.emplace(age, key);
}

void Exchanges::drop(Table::iterator question) {
  by_age_.erase(question->second.age);
  ages_.remove(question->first.interface, question->second.age);
  questions_.erase(question);
}

void Exchanges::forget(uint64_t age) {
  const QuestionKey key = by_age_.at(age);
  const auto question = questions_.find(key);
  const bool is_outstanding = !question->second.is_answered;
  drop(question);
  if (is_outstanding && keeper_.removed) keeper_.removed(key);
}

void Exchanges::make_room(uint32_t interface) {
  const bool own_is_full = ages_.count(interface) >= kMostOfInterface;
  if (!own_is_full && questions_.size() < kMost) return;
  const uint64_t oldest = own_is_full ? ages_.oldest_of(interface) : ages_.oldest_of_most();
  if (!questions_.at(by_age_.at(oldest)).is_answered) note(Event::kGaveWay);
  forget(oldest);
}

void Exchanges::expire(uint64_t now) {
  while (!by_age_.empty()) {
    const auto& [age, key] = *by_age_.begin();
    const uint64_t asked = questions_.at(key).value.asked;
    if (now < asked || now - asked < kLife) return;
    forget(age);
  }
}

void Exchanges::restore(std::vector<std::pair<QuestionKey, QuestionValue>> questions, uint64_t now) {
  std::ranges::sort(questions, {}, [](const auto& one) { return std::tuple(one.second.asked, one.first); });
  for (const auto& [key, value] : questions) {
    if (can_be(key, value, now))
      remember(key, value);
    else if (keeper_.removed)
      keeper_.removed(key);
  }
}

}  // namespace sluice::dns
