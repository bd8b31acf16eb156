#include "agent/dns/streams.h"

#include <algorithm>

namespace sluice::dns {

Streams::Table::iterator Streams::open(const StreamKey& key) {
  if (const auto known = streams_.find(key); known != streams_.end()) forget(known);
  if (streams_.size() == kMost) give_way(ages_.oldest_of_most());
  ++counts_.opened;
  const auto stream = streams_.emplace(key, Stream{}).first;
  stream->second.age = ages_.add(key.interface);
  by_age_.emplace(stream->second.age, key);
  return stream;
}

void Streams::begin(Half& half, uint32_t first) {
  half.follows = true;
  half.first = half.next = first;
}

void Streams::drop_kept(Half& half) {
  bytes_ -= half.kept.size();
  half.kept = {};  // not clear(): its memory is wanted back
  half.length_bytes = half.length = half.taken = 0;
}

void Streams::stop(Half& half) {
  drop_kept(half);
  half.follows = false;
}

void Streams::forget(Table::iterator stream) {
  for (Half& half : stream->second.halves) drop_kept(half);
  by_age_.erase(stream->second.age);
  ages_.remove(stream->first.interface, stream->second.age);
  streams_.erase(stream);
}

void Streams::give_way(uint64_t age) {
  ++counts_.given_up;
  forget(streams_.find(by_age_.at(age)));
}

void Streams::take_bytes(Half& half, std::span<const uint8_t> bytes, size_t most, const OnMessage& message) {
  while (!bytes.empty()) {
    if (half.length_bytes < 2) {
      half.length = half.length << 8 | bytes.front();
      ++half.length_bytes;
      bytes = bytes.subspan(1);
      if (half.length_bytes == 2 && half.length == 0) drop_kept(half);
      continue;
    }
    const auto part = bytes.first(std::min(half.length - half.taken, bytes.size()));
    bytes = bytes.subspan(part.size());
    half.taken += part.size();
    const auto wanted = part.first(std::min(part.size(), most - half.kept.size()));
    if (half.taken == half.length && half.kept.empty()) {
      message(wanted);
    } else {
      half.kept.insert(half.kept.end(), wanted.begin(), wanted.end());
      bytes_ += wanted.size();
      if (half.taken < half.length) continue;
      message(half.kept);
    }
    drop_kept(half);
  }
}

void Streams::take_segment(Half& half, const Packet& segment, size_t most, const OnMessage& message) {
  const uint32_t begins = segment.sequence + ((segment.flags & kSyn) != 0 ? 1 : 0);
  const auto seen = static_cast<int32_t>(half.next - begins);  // RFC 9293 3.4: numbers go round
  if (seen < 0) {
    ++counts_.gaps;
    stop(half);
    return;
  }
  if (static_cast<size_t>(seen) > segment.payload.size()) return;
  const auto fresh = segment.payload.subspan(static_cast<size_t>(seen));
  half.next += static_cast<uint32_t>(fresh.size());
  take_bytes(half, fresh, most, message);
  if ((segment.flags & kFin) != 0) stop(half);
}

void Streams::accept(const StreamKey& key, Direction direction, const Packet& segment,
                     const OnMessage& message) {
  const bool is_query = direction == Direction::kFromPod;
  const bool opens = (segment.flags & (kSyn | kAck | kRst)) == kSyn && is_query;
  const uint32_t first = segment.sequence + 1;
  auto stream = streams_.find(key);
  const auto half_of = [&]() -> Half& { return stream->second.halves[is_query ? 0 : 1]; };
  const bool is_again = stream != streams_.end() && half_of().follows && half_of().first == first;
  if (opens && !is_again) {
    stream = open(key);
    begin(half_of(), first);
  }
  if (stream == streams_.end()) {
    if (!segment.payload.empty()) ++counts_.unopened;
    return;
  }
  if ((segment.flags & kRst) != 0) {
    forget(stream);
    return;
  }
  const bool accepts = (segment.flags & (kSyn | kAck)) == (kSyn | kAck) && !is_query;
  if (accepts && !is_again) {
    drop_kept(half_of());
    begin(half_of(), first);
  }
  if (half_of().follows) {
    take_segment(half_of(), segment, is_query ? kQueryBytes : size_t{65535}, message);
  } else if (!segment.payload.empty()) {
    ++counts_.unopened;
  }
  const auto& halves = stream->second.halves;
  if ((segment.flags & kFin) != 0 && !halves[0].follows && !halves[1].follows) forget(stream);
  while (bytes_ > kMostBytes) give_way(ages_.oldest_of_most());
}

}  // namespace sluice::dns
