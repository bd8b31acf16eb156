#include "agent/learn/learner.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "agent/image/encode.h"

namespace sluice::learn {
namespace {

constexpr uint64_t kInUseStands = names::kSecond;      // flows are read once a second at most
constexpr uint64_t kLooksAhead = 10 * names::kSecond;  // of flows, while a limit comes near
constexpr size_t kManyExpired = 4096;

sluice_learnt_names spelled(const names::Entry& entry) {
  std::vector<std::pair<image::NameSlot, uint64_t>> all;
  for (const names::SlotUntil& one : entry.all()) all.emplace_back(one.slot, one.until);
  return image::encode_names(all);
}

names::Entry entry_of(const sluice_learnt_names& kept) {
  names::Entry entry;
  for (const uint64_t word : kept.word)
    if (const auto slot = static_cast<names::Slot>(word & SLUICE_NAME_MASK); slot != 0)
      entry.slots.at(entry.count++) = {slot, word & ~uint64_t{SLUICE_NAME_MASK}};
  return entry;
}

std::vector<image::NameSlot> slots_of(const names::AddressChange& change) {
  std::vector<image::NameSlot> slots;
  if (change.entry)
    for (const names::SlotUntil& one : change.entry->all()) slots.push_back(one.slot);
  return slots;
}

template <typename T>
std::span<const uint8_t> bytes_of(const T& value) {
  return {reinterpret_cast<const uint8_t*>(&value), sizeof value};
}

}  // namespace

dns::SendHeader finished_header(std::span<uint8_t> frame, uint16_t gso_size) {
  return dns::finish_checksum(frame, dns::read_frame(frame), gso_size).value_or(dns::SendHeader{});
}

Learner::Learner(names::Limits limits, Host host)
    : host_(std::move(host)), memory_(limits, asks()), exchanges_(keeper()) {}

names::Asks Learner::asks() {
  return {[this](names::Slot, std::string_view name) { return host_.class_of(name).value; },
          [this](names::Slot slot) { return is_slot_in_use(slot); },
          [this](const net::Ip& ip) { return is_address_in_use(ip); }};
}

dns::Exchanges::Keeper Learner::keeper() {
  return {[this](const dns::QuestionKey& key, const dns::QuestionValue& value) {
            note(host_.set_question(bytes_of(key), bytes_of(value)));
          },
          [this](const dns::QuestionKey& key) { note(host_.set_question(bytes_of(key), {})); }};
}

bool Learner::is_slot_in_use(image::NameSlot slot) {
  look(kInUseStands);
  if (!in_use_ || now_ - slots_at_ > 2 * kInUseStands) {
    if (!in_use_) in_use_.emplace();
    in_use_->slots = host_.in_use().slots;
    slots_at_ = now_;
  }
  return in_use_->slots.contains(slot);
}

bool Learner::is_address_in_use(const net::Ip& ip) {
  look(kInUseStands);
  return in_use_ && in_use_->addresses.contains(ip);
}

void Learner::look(uint64_t age) {
  if (looking_ || (in_use_at_ != 0 && now_ - in_use_at_ <= age)) return;
  looking_ = now_;
  waiting_ = expired_;
  std::vector<net::Ip> addresses;
  addresses.reserve(living_.size());
  for (const auto& [ip, slots] : living_) addresses.push_back(ip);
  for (const auto& [ip, slots] : expired_)
    if (!living_.contains(ip)) addresses.push_back(ip);
  host_.look(std::move(addresses));
}

void Learner::note(const base::Status& done) {
  if (done) return;
  ++counts_.failed;
  last_error_ = done.error().message();
}

void Learner::restore(const Kept& kept, uint64_t now) {
  now_ = now;
  std::vector<names::SlotChange> slots;
  for (const auto& [slot, text] : kept.texts)
    if (slot <= names::kLastSlot) slots.push_back({static_cast<names::Slot>(slot), text});
  std::vector<std::pair<net::Ip, names::Entry>> entries;
  for (const auto& [ip, words] : kept.learnt) entries.emplace_back(ip, entry_of(words));
  memory_.restore(slots, entries, now);
  std::vector<std::pair<dns::QuestionKey, dns::QuestionValue>> questions;
  for (const auto& [key, value] : kept.questions)
    questions.emplace_back(std::bit_cast<dns::QuestionKey>(key), std::bit_cast<dns::QuestionValue>(value));
  exchanges_.restore(std::move(questions), now);
  std::map<image::NameSlot, std::optional<std::string>> names;
  for (const auto& [slot, text] : kept.texts)
    if (slot <= names::kLastSlot && !text.empty() &&
        memory_.name_of(static_cast<names::Slot>(slot)) == text) {
      names[static_cast<image::NameSlot>(slot)] = text;
      known_.insert(static_cast<image::NameSlot>(slot));
    }
  for (const names::Listed& one : memory_.list()) living_[one.ip].push_back(one.slot);
  if (!known_.empty())
    for (const auto& [slot, ip] : host_.in_use().opened) {
      const auto at = living_.find(ip);
      const bool lives = at != living_.end() && std::ranges::find(at->second, slot) != at->second.end();
      if (known_.contains(slot) && !lives) expired_[ip].insert(slot);
    }
  look_at_ = now + kLook;
  look_from_ = kManyExpired + expired_.size();
  std::map<net::Ip, std::vector<image::NameSlot>> addresses = living_;
  for (const auto& [ip, of_ip] : expired_) addresses[ip] = in_force_at(ip);
  note(host_.put_in_force(names, addresses));
  flush(now);
}

void Learner::accept(const sluice_dns_packet& entry, std::span<const uint8_t> frame, uint64_t now) {
  accept_sent(entry, frame, now);
  if (entry.held)
    held_.push_back(
        {entry.ifindex, static_cast<uint16_t>(entry.gso_size), entry.time, {frame.begin(), frame.end()}});
}

void Learner::accept_sent(const sluice_dns_packet& entry, std::span<const uint8_t> frame, uint64_t now) {
  now_ = now;
  const dns::Packet packet = dns::read_frame(frame);
  const bool answer = entry.direction == SLUICE_INGRESS;
  const Server server = answer ? Server(packet.source, net::Port::from_host(packet.source_port))
                               : Server(packet.destination, net::Port::from_host(packet.destination_port));
  if (servers_.contains(server)) {
    const auto direction = answer ? dns::Direction::kToPod : dns::Direction::kFromPod;
    for (const dns::Answer& one : exchanges_.accept(packet, entry.endpoint, direction, now))
      if (one.lesson == dns::Lesson::kAddresses) memory_.learn(one.to_learn(), one.addresses, one.ttl, now);
  } else {
    ++counts_.not_believed;
  }
  ++(entry.held ? counts_.held : answer ? counts_.unheld : counts_.questions);
}

void Learner::flush(uint64_t now) {
  now_ = now;
  last_error_.clear();
  while (memory_.changed()) write(memory_.drain_changed());
  for (Held& held : std::exchange(held_, {})) send_on(held, now);
  if (memory_.is_nearly_full()) look(kLooksAhead);
}

void Learner::write(const names::Changes& changes) {
  std::map<image::NameSlot, std::optional<std::string>> going, coming;
  for (const names::SlotChange& change : changes.slots) {
    if (known_.erase(change.slot) > 0) going[change.slot] = std::nullopt;
    if (change.name.empty()) continue;
    coming[change.slot] = change.name;
    known_.insert(change.slot);
  }
  if (!going.empty()) note(host_.put_in_force(going, {}));
  for (const names::SlotChange& change : changes.slots) note(host_.set_text(change.slot, change.name));
  std::map<net::Ip, std::vector<image::NameSlot>> addresses;
  for (const names::AddressChange& change : changes.addresses) {
    note(host_.set_learnt(change.ip, change.entry ? std::optional(spelled(*change.entry)) : std::nullopt));
    const std::vector<image::NameSlot> before = std::exchange(living_[change.ip], slots_of(change));
    std::set<image::NameSlot>& expired = expired_[change.ip];
    expired.insert(before.begin(), before.end());
    for (const image::NameSlot slot : living_[change.ip]) expired.erase(slot);
    if (living_[change.ip].empty()) living_.erase(change.ip);
    if (expired.empty()) expired_.erase(change.ip);
    waiting_.erase(change.ip);
    addresses[change.ip] = in_force_at(change.ip);
  }
  if (!coming.empty() || !addresses.empty()) note(host_.put_in_force(coming, addresses));
}

std::vector<image::NameSlot> Learner::in_force_at(const net::Ip& ip) const {
  std::vector<image::NameSlot> slots;
  if (const auto at = living_.find(ip); at != living_.end()) slots = at->second;
  if (const auto at = expired_.find(ip); at != expired_.end())
    slots.insert(slots.end(), at->second.begin(), at->second.end());
  return slots;
}

void Learner::look_at_expired(uint64_t now) {
  if (expired_.empty() || (now < look_at_ && expired_.size() < look_from_)) return;
  look_at_ = now + kLook;
  look(0);
}

// Of what had expired before the look, what no connection is open by is gone for good.
void Learner::looked(Host::InUse found, uint64_t now) {
  now_ = now;
  in_use_at_ = std::exchange(looking_, std::nullopt).value_or(now);
  slots_at_ = std::max(slots_at_, in_use_at_);
  in_use_ = std::move(found);
  const auto waiting = std::exchange(waiting_, {});
  if (!in_use_->is_whole) return;
  const auto& opened = in_use_->opened;
  std::map<net::Ip, std::vector<image::NameSlot>> changed;
  for (const auto& [ip, slots] : waiting) {
    const auto expired = expired_.find(ip);
    if (expired == expired_.end() || std::erase_if(expired->second, [&, at = &ip](image::NameSlot slot) {
                                       return !opened.contains({slot, *at});
                                     }) == 0)
      continue;
    if (expired->second.empty()) expired_.erase(expired);
    changed[ip] = in_force_at(ip);
  }
  look_from_ = 2 * expired_.size() + kManyExpired;
  if (!changed.empty()) note(host_.put_in_force({}, changed));
}

std::optional<uint64_t> Learner::next_expiry() const {
  const auto next = memory_.next_expiry();
  if (expired_.empty()) return next;
  return next ? std::min(*next, look_at_) : look_at_;
}

void Learner::send_on(Held& held, uint64_t now) {
  if (is_too_late(held.time, now)) {
    ++counts_.too_late;
    return;
  }
  const dns::SendHeader header = finished_header(held.frame, held.gso_size);
  if (auto sent = host_.send(held.ifindex, header, held.frame); !sent) {
    ++counts_.not_sent;
    last_error_ = sent.error().message();
  }
}

void Learner::classes_changed(std::span<const image::NameSlot> slots) {
  std::vector<names::Slot> changed;
  for (const image::NameSlot slot : slots) changed.push_back(static_cast<names::Slot>(slot));
  memory_.classes_changed(changed);
}

void Learner::all_classes_changed() {
  const std::vector<image::NameSlot> all(known_.begin(), known_.end());
  classes_changed(all);
}

void Learner::expire(uint64_t now) {
  now_ = now;
  memory_.expire(now);
  exchanges_.expire(now);
  flush(now);
  look_at_expired(now);
}

}  // namespace sluice::learn
