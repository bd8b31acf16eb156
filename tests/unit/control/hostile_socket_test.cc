// Bytes that are no calls, on the agent's socket: the agent answers everybody else meanwhile and afterwards.
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "agent/control/client.h"
#include "tests/unit/control/server_fixture.h"

namespace sluice::control {
namespace {

// RFC 9113: section 3.4, 4.1 and 6.
constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindow = 8,
  kContinuation = 9
};

// `length` may lie.
std::string frame(FrameType type, uint8_t flags, uint32_t stream, const std::string& payload,
                  std::optional<uint32_t> length = {}) {
  const uint32_t said = length.value_or(static_cast<uint32_t>(payload.size()));
  std::string bytes;
  for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(said >> shift & 0xff);
  bytes += {static_cast<char>(type), static_cast<char>(flags)};
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(stream >> shift & 0xff);
  return bytes + payload;
}

std::string text(const std::string& value) {  // RFC 7541 section 5.2, up to 126 bytes
  return std::string(1, static_cast<char>(value.size())) + value;
}

// What opens a call, each header as a literal that is not indexed.
std::string headers_of_a_call() {
  std::string block;
  for (const auto& [name, value] :
       std::initializer_list<std::pair<std::string, std::string>>{{":method", "POST"},
                                                                  {":scheme", "http"},
                                                                  {":path", "/sluice.v1.Feed/Objects"},
                                                                  {":authority", "x"},
                                                                  {"content-type", "application/grpc"},
                                                                  {"te", "trailers"}})
    block += std::string(1, '\0') + text(name) + text(value);
  return block;
}

std::string begun() {
  return kPreface + frame(kSettings, 0, 0, "");
}

std::string many(size_t times, const std::function<std::string(uint32_t)>& one) {
  std::string all = begun();
  for (uint32_t i = 0; i < times; ++i) all += one(i);
  return all;
}

std::string noise(size_t size) {
  std::mt19937 random(20261130);
  std::string bytes(size, 0);
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

struct Junk {
  const char* name;
  std::string bytes;
};

std::vector<Junk> all_junk() {
  const uint8_t end_headers = 4, end_stream = 1;
  const std::string call = headers_of_a_call();
  std::string message = std::string("\0\x7f\xff\xff\xff", 5);  // gRPC's head: not packed, two GiB follow
  return {
      {"noise", noise(256 << 10)},
      {"noise after a preface", begun() + noise(256 << 10)},
      {"another protocol", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
      {"nothing but a byte", "P"},
      {"half a preface", std::string(kPreface, 10)},
      {"a frame that never ends", begun() + frame(kData, 0, 1, std::string(1 << 20, 'x'), 0xffffff)},
      {"a message of two GiB", begun() + frame(kHeaders, end_headers, 1, call) +
                                   frame(kData, 0, 1, message + std::string(1000, 'x'))},
      {"calls that are taken back at once", many(20'000,
                                                 [&](uint32_t i) {
                                                   return frame(kHeaders, end_headers, 2 * i + 1, call) +
                                                          frame(kReset, 0, 2 * i + 1, std::string(4, 8));
                                                 })},
      {"calls without end",
       many(5'000, [&](uint32_t i) { return frame(kHeaders, end_headers, 2 * i + 1, call); })},
      {"headers without end",
       begun() + frame(kHeaders, 0, 1, call) +
           many(2'000, [](uint32_t) { return frame(kContinuation, 0, 1, std::string(1024, '\x40')); })},
      {"a name of a megabyte",
       begun() +
           frame(kHeaders, end_headers, 1, std::string("\0\x7f\x81\x80\x3f", 5) + std::string(1000, 'a'))},
      {"pings", many(50'000, [](uint32_t) { return frame(kPing, 0, 0, "12345678"); })},
      {"settings", many(50'000, [](uint32_t) { return frame(kSettings, 0, 0, ""); })},
      {"windows", many(50'000, [](uint32_t) { return frame(kWindow, 0, 0, std::string("\0\0\0\1", 4)); })},
      {"goodbye and on", begun() + frame(kGoAway, 0, 0, std::string(8, 0)) +
                             frame(kHeaders, end_headers | end_stream, 1, call)},
      {"a stream of the server's", begun() + frame(kHeaders, end_headers, 2, call)},
  };
}

class HostileSocketTest : public ServerFixture {
 protected:
  base::Fd connect() const {
    base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.close();
    return fd;
  }
  // As much as is taken, without reading a byte of what is answered: until the other end is gone, or takes no more.
  static void send(const base::Fd& connection, const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t count = ::send(connection.get(), &bytes[sent], bytes.size() - sent, MSG_NOSIGNAL);
      if (count > 0) {
        sent += static_cast<size_t>(count);
        continue;
      }
      pollfd wanted{connection.get(), POLLOUT, 0};
      if (errno != EAGAIN || ::poll(&wanted, 1, 200) <= 0) return;
    }
  }
  void expect_answers(const char* after) const {
    const auto status = Client(socket_).status();
    ASSERT_TRUE(status.ok()) << after << ": " << status.error().message();
    EXPECT_EQ(status->node(), "node-1") << after;
  }
};

TEST_F(HostileSocketTest, BytesThatAreNoCallsKeepNobodyFromBeingAnswered) {
  start();
  std::vector<base::Fd> open;
  for (const Junk& junk : all_junk()) {
    open.push_back(connect());
    ASSERT_TRUE(open.back().valid()) << junk.name;
    send(open.back(), junk.bytes);
    expect_answers(junk.name);
  }
  open.clear();
  expect_answers("all of them are gone");
}

TEST_F(HostileSocketTest, ManyThatSayNothingKeepNobodyFromBeingAnswered) {
  start();
  std::vector<base::Fd> open;
  for (int i = 0; i < 300; ++i) {
    open.push_back(connect());
    if (open.back().valid() && i % 2 == 0)
      send(open.back(), std::string(kPreface, static_cast<size_t>(i % 24)));
  }
  expect_answers("three hundred");
}

}  // namespace
}  // namespace sluice::control
