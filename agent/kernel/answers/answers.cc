#include "agent/kernel/answers/answers.h"

#include <cstring>
#include <set>

#include "agent/image/encode.h"
#include "agent/kernel/entries.h"

namespace sluice::kernel::answers {

using base::Result;
using base::Status;

namespace {

template <typename Key, typename Value>
Result<std::vector<std::pair<Key, Value>>> entries(const Programs& programs, sluice_map map) {
  auto read = get_entries(programs.map(map));
  if (!read) return read.error();
  std::vector<std::pair<Key, Value>> all(read->count);
  for (size_t i = 0; i < all.size(); ++i) {
    std::memcpy(&all[i].first, &read->keys[i * sizeof(Key)], sizeof(Key));
    std::memcpy(&all[i].second, &read->values[i * sizeof(Value)], sizeof(Value));
  }
  return all;
}

}  // namespace

Result<Answers> Answers::open(const Programs& programs) {
  auto waiting = Waiting::open(programs);
  if (!waiting) return waiting.error();
  return Answers(programs, std::move(*waiting));
}

Status Answers::set_servers(const std::vector<std::pair<net::Ip, net::Port>>& servers) {
  const MapHandle map = programs_->map(SLUICE_MAP_DNS_SERVERS);
  const auto before = entries<sluice_learnt_address, uint32_t>(*programs_, SLUICE_MAP_DNS_SERVERS);
  if (!before) return before.error();
  const auto less = [](const auto& a, const auto& b) { return std::memcmp(&a, &b, sizeof a) < 0; };
  std::set<sluice_learnt_address, decltype(less)> wanted(less);
  for (const auto& [ip, port] : servers) wanted.insert(image::encode_learnt(ip, port));
  for (const auto& [key, value] : *before)
    if (!wanted.contains(key))
      if (auto dropped = drop_entries(map, bytes_of(key)); !dropped) return dropped;
  constexpr uint32_t kBelieved = 1;
  for (const auto& key : wanted)
    if (auto put = put_entries(map, bytes_of(key), bytes_of(kBelieved)); !put) return put;
  return base::done();
}

Status Answers::set_learnt(const net::Ip& ip, const std::optional<sluice_learnt_names>& names) {
  const MapHandle map = programs_->map(SLUICE_MAP_LEARNT);
  const sluice_learnt_address key = image::encode_learnt(ip);
  return names ? put_entries(map, bytes_of(key), bytes_of(*names)) : drop_entries(map, bytes_of(key));
}

Status Answers::set_text(uint32_t slot, std::string_view text) {
  const MapHandle map = programs_->map(SLUICE_MAP_NAME_TEXTS);
  if (text.empty()) return drop_entries(map, bytes_of(slot));
  sluice_name_text value{};
  text.copy(value.text, sizeof value.text - 1);
  return put_entries(map, bytes_of(slot), bytes_of(value));
}

Status Answers::set_question(std::span<const uint8_t> key, std::span<const uint8_t> value) {
  const MapHandle map = programs_->map(SLUICE_MAP_QUESTIONS);
  return value.empty() ? drop_entries(map, key) : put_entries(map, key, value);
}

Result<Answers::Kept> Answers::read(const Programs& programs) {
  Kept kept;
  auto learnt = entries<sluice_learnt_address, sluice_learnt_names>(programs, SLUICE_MAP_LEARNT);
  if (!learnt) return learnt.error();
  for (const auto& [key, names] : *learnt) kept.learnt.emplace_back(image::decode_learnt(key), names);
  auto texts = entries<uint32_t, sluice_name_text>(programs, SLUICE_MAP_NAME_TEXTS);
  if (!texts) return texts.error();
  for (const auto& [slot, text] : *texts)
    kept.texts.emplace_back(slot, std::string(text.text, ::strnlen(text.text, sizeof text.text)));
  auto questions = entries<sluice_question_key, sluice_question_value>(programs, SLUICE_MAP_QUESTIONS);
  if (!questions) return questions.error();
  kept.questions = std::move(*questions);
  auto servers = entries<sluice_learnt_address, uint32_t>(programs, SLUICE_MAP_DNS_SERVERS);
  if (!servers) return servers.error();
  for (const auto& [key, believed] : *servers)
    kept.servers.emplace_back(image::decode_learnt(key), net::Port::from_network(key.port));
  return kept;
}

}  // namespace sluice::kernel::answers
