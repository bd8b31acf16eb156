// Live: many addresses. A name with a thousand of them, 8 an answer, while connections stay open to those that it had first;
// 64,000 in all; and a name that is flooded beside a quiet one. The server is a socket of the test.
#include "tests/live/names_server.h"

namespace sluice::live {
namespace {

constexpr uint16_t kAskingPort = 40'001;
constexpr size_t kOfOneName = 1'000, kOfTheNode = 64'000;
constexpr size_t kInOnePacket = 80;  // addresses of an answer that is not fragmented

net::Ip web_address(size_t number) {
  return address_of(static_cast<uint32_t>(number), net::Family::kIpv4);
}

class LiveNamesMany : public LiveNames {
 protected:
  void TearDown() override {
    server_.close();
    pod_.close();
    LiveNames::TearDown();
  }
  void up_with_server(std::vector<std::string> options = {}) {
    LiveNames::up(0);
    start(std::move(options));
    server_ = bound(kDnsNetns, {*net::Ip::parse(kServer), kDnsPort});
    pod_ = bound(netns_of_client(0), {address_of_client(0), kAskingPort});
    ASSERT_TRUE(server_.valid() && pod_.valid());
  }
  static base::Fd bound(const std::string& netns, const SocketAt& at) {
    const SocketAddress address(at);
    auto fd = socket_in(netns, address.family(), SOCK_DGRAM, 0);
    return fd && ::bind(fd->get(), address.get(), address.size()) == 0 ? std::move(*fd) : base::Fd();
  }
  static void send(const base::Fd& from, const SocketAt& to, const Message& message) {
    const SocketAddress address(to);
    ASSERT_EQ(::sendto(from.get(), message.data(), message.size(), 0, address.get(), address.size()),
              static_cast<ssize_t>(message.size()));
  }
  // The pod asks for the name and gets `count` addresses, from this number on.
  void teach(const std::string& name, size_t first, size_t count, uint16_t ttl = 3600) {
    const Question question{static_cast<uint16_t>(++questions_), name};
    send(pod_, {*net::Ip::parse(kServer), kDnsPort}, asking(question));
    ASSERT_EQ(datagram(server_.get(), kPatience), asking(question));
    std::vector<net::Ip> ips;
    for (size_t i = 0; i < count; ++i) ips.push_back(web_address(first + i));
    const Message answer = answering(question, ips, ttl);
    send(server_, {address_of_client(0), kAskingPort}, answer);
    ASSERT_EQ(datagram(pod_.get(), kPatience), answer) << "the same bytes";
  }
  static size_t addresses_of(const v1::NamesReply& reply, const std::string& name) {
    for (const v1::LearntName& one : reply.names())
      if (one.name() == name) return static_cast<size_t>(one.addresses_size());
    return 0;
  }

  base::Fd server_, pod_;
  size_t questions_ = 0;
};

TEST_F(LiveNamesMany, AThousandAddressesWhileOldConnectionsStayOpen) {
  constexpr size_t kOld = 50, kAnAnswer = 8, kAnswers = 140;
  up_with_server();
  std::vector<Stream> open;
  for (size_t i = 0; i < kOld; ++i) {
    teach("big.shop.test", i, 1, 600);  // they expire first
    const SocketAt at{web_address(i), kTalk};
    auto opened = Stream::open(netns_of_client(0), kWebNetns, at, at, kPatience);
    ASSERT_TRUE(opened) << i << ": " << opened.error().message();
    open.push_back(std::move(*opened));
  }
  for (size_t i = 0; i < kAnswers; ++i) teach("big.shop.test", kOld + kAnAnswer * i, kAnAnswer);
  const v1::NamesReply now = names();
  EXPECT_EQ(addresses_of(now, "big.shop.test"), kOfOneName);
  EXPECT_EQ(now.facts().addresses_given_up(), kOld + kAnAnswer * kAnswers - kOfOneName);
  EXPECT_EQ(now.facts().addresses_refused(), 0u);
  const SocketAt last{web_address(kOld + kAnAnswer * kAnswers - 1), kTalk};
  EXPECT_TRUE(Stream::open(netns_of_client(3), kWebNetns, last, last, kPatience)) << "just learnt";
  for (Stream& stream : open) expect_beats(stream, 2, "its name has had a thousand other addresses since");
  write("other.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: more, labels: {team: shop}}}\n");
  in_force();
  for (Stream& stream : open) expect_beats(stream, 2, "and another policy is in force");
  EXPECT_EQ(denied(), 0u);
}

TEST_F(LiveNamesMany, AFloodOfOneNameTakesNothingFromAQuietOne) {
  up_with_server();
  teach("quiet.shop.test", 0, 10, 600);
  for (size_t i = 0; i < 3 * kOfOneName; i += kInOnePacket) teach("flood.shop.test", 100 + i, kInOnePacket);
  const v1::NamesReply now = names();
  EXPECT_EQ(addresses_of(now, "quiet.shop.test"), 10u);
  EXPECT_EQ(addresses_of(now, "flood.shop.test"), kOfOneName);
}

TEST_F(LiveNamesMany, AFullNode) {
#ifdef SLUICE_SANITIZE
  GTEST_SKIP() << "an agent that is so much slower misses some of the flood";
#endif
  up_with_server();
  const auto name = [](size_t number) { return "n" + std::to_string(number) + ".shop.test"; };
  teach("quiet.shop.test", 0, 10, 600);
  for (size_t i = 0; i < kOfTheNode + 6 * kOfOneName;
       i += kInOnePacket)  // some names get a packet less than others
    teach(name(i / kOfOneName), 100 + i % (kOfTheNode - 200), kInOnePacket);
  const v1::NamesReply now = names();
  EXPECT_EQ(now.facts().addresses(), kOfTheNode);
  EXPECT_EQ(addresses_of(now, "quiet.shop.test"), 10u) << "those that have most give";
  EXPECT_GT(now.facts().addresses_given_up(), 0u);
  EXPECT_EQ(now.facts().addresses_refused(), 0u);
  for (const size_t i : {size_t{0}, size_t{5}}) {
    const SocketAt at{web_address(i), kTalk};
    EXPECT_TRUE(Stream::open(netns_of_client(0), kWebNetns, at, at, kPatience)) << i;
  }
  EXPECT_EQ(agent_.end(SIGKILL), 128 + SIGKILL);
  start();
  EXPECT_EQ(names().facts().addresses(), kOfTheNode) << "the next agent finds them";
  EXPECT_EQ(denied(), 0u);
}

}  // namespace
}  // namespace sluice::live
