#include "bench/api/grpc_messages.h"

#include <algorithm>

namespace sluice::bench::api {
namespace {

constexpr size_t kFrameHead = 9, kMessageHead = 5;
constexpr uint8_t kData = 0, kPadded = 0x8;

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace

base::Status GrpcMessages::read(std::string_view bytes) {
  const size_t skipped = std::min(preface_left_, bytes.size());
  preface_left_ -= skipped;
  frames_ += bytes.substr(skipped);
  size_t at = 0;
  while (frames_.size() - at >= kFrameHead) {
    const std::string_view head(frames_.data() + at, kFrameHead);
    const size_t length = big_endian(head.substr(0, 3));
    if (frames_.size() - at < kFrameHead + length) break;
    const auto type = static_cast<uint8_t>(head[3]), flags = static_cast<uint8_t>(head[4]);
    const std::string_view payload(frames_.data() + at + kFrameHead, length);
    at += kFrameHead + length;
    if (type != kData) continue;
    if (flags & kPadded) return base::Error("a padded DATA frame");
    if (auto taken = read_data(big_endian(head.substr(5)), payload); !taken) return taken;
  }
  frames_.erase(0, at);
  return base::done();
}

base::Status GrpcMessages::read_data(uint32_t stream, std::string_view payload) {
  std::string& bytes = streams_[stream];
  bytes += payload;
  size_t at = 0;
  while (bytes.size() - at >= kMessageHead) {
    const size_t length = big_endian(std::string_view(bytes).substr(at + 1, 4));
    if (bytes.size() - at < kMessageHead + length) break;
    if (bytes[at] != 0) return base::Error("a compressed message");
    take_(std::string_view(bytes).substr(at + kMessageHead, length));
    at += kMessageHead + length;
  }
  bytes.erase(0, at);
  return base::done();
}

}  // namespace sluice::bench::api
