// Live: who would teach the agent a name and must not. The server here is a socket of the test, which says what it likes.
#include "tests/live/names_fixture.h"

namespace sluice::live {
namespace {

using Learnt = std::vector<std::string>;

constexpr uint16_t kTtl = 600;
const net::Ip kVictim = *net::Ip::parse("10.99.9.9");

// A UDP socket at an address of a namespace.
base::Fd socket_at(const std::string& netns, const net::Ip& ip, uint16_t port) {
  const SocketAddress address({ip, port});
  auto fd = socket_in(netns, address.family(), SOCK_DGRAM, 0);
  EXPECT_TRUE(fd) << fd.error().message();
  if (!fd || ::bind(fd->get(), address.get(), address.size()) != 0) return {};
  return std::move(*fd);
}

bool send_to(const base::Fd& from, const SocketAt& to, const Message& message) {
  const SocketAddress address(to);
  return ::sendto(from.get(), message.data(), message.size(), 0, address.get(), address.size()) ==
         static_cast<ssize_t>(message.size());
}

class LiveNamesAttack : public LiveNames {
 protected:
  static constexpr uint16_t kPodPort = 40'000;

  void TearDown() override {
    for (base::Fd* fd : {&server_, &liar_, &pod_}) *fd = base::Fd();
    LiveNames::TearDown();
  }
  void up_without_dnsmasq() {
    LiveNames::up(0);
    start();
    server_ = socket_at(kDnsNetns, *net::Ip::parse(kServer), kDnsPort);
    liar_ = socket_at(kLiarNetns, *net::Ip::parse(kLiar), kDnsPort);
    pod_ = socket_at(netns_of_client(0), address_of_client(0), kPodPort);
    ASSERT_TRUE(server_.valid() && liar_.valid() && pod_.valid());
  }
  // The question arrives at `server`, which listens there.
  void ask(const base::Fd& server, const char* address, const Question& question) {
    ASSERT_TRUE(send_to(pod_, {*net::Ip::parse(address), kDnsPort}, asking(question)));
    ASSERT_EQ(datagram(server.get(), kPatience), asking(question));
  }
  // The pod gets what is sent to it, the same bytes.
  void answer(const base::Fd& server, const Message& message, const char* what) {
    ASSERT_TRUE(send_to(server, {address_of_client(0), kPodPort}, message));
    EXPECT_EQ(datagram(pod_.get(), kPatience), message) << what;
  }

  base::Fd server_, liar_, pod_;
};

TEST_F(LiveNamesAttack, OnlyWhatWasAskedTeaches) {
  up_without_dnsmasq();
  const Question evil{7, "evil.shop.test"}, other{7, "other.shop.test"}, good{8, "good.shop.test"};
  answer(server_, answering(evil, kVictim, kTtl), "nobody asked");
  EXPECT_EQ(learnt(), Learnt{});
  EXPECT_EQ(event("unasked"), 1u);
  ask(server_, kServer, other);
  answer(server_, answering({9, other.name}, kVictim, kTtl), "another id");
  EXPECT_EQ(event("unasked"), 2u);
  answer(server_, answering(evil, kVictim, kTtl), "another name");
  answer(server_, answering({7, "OTHER.shop.test"}, kVictim, kTtl), "other letters");
  EXPECT_EQ(event("different"), 2u);
  answer(server_, {1, 2, 3}, "no message");
  EXPECT_EQ(event("unreadable"), 1u);
  EXPECT_EQ(learnt(), Learnt{});
  ask(server_, kServer, good);
  answer(server_, answering(good, *net::Ip::parse(kWeb), kTtl), "what was asked");
  EXPECT_EQ(learnt(), Learnt{"good.shop.test 10.77.0.9"}) << "else nothing above means anything";
  answer(server_, answering(good, kVictim, kTtl), "once more, with another address");
  EXPECT_EQ(event("repeated"), 1u);
  EXPECT_EQ(learnt(), Learnt{"good.shop.test 10.77.0.9"});
}

TEST_F(LiveNamesAttack, OnlyWhoIsBelievedTeaches) {
  up_without_dnsmasq();
  const Question question{11, "evil.shop.test"};
  ask(liar_, kLiar, question);
  answer(liar_, answering(question, kVictim, kTtl), "of a server that nobody believes");
  EXPECT_EQ(learnt(), Learnt{});
  ask(server_, kServer, question);
  answer(liar_, answering(question, kVictim, kTtl), "of another than was asked");
  EXPECT_EQ(learnt(), Learnt{});
  EXPECT_EQ(event("asked"), 1u) << "what the liar is asked is not listened to";
}

TEST_F(LiveNamesAttack, NoPodPlaysTheServer) {
  up_without_dnsmasq();
  ASSERT_EQ(run({"/bin/sh", "-c",
                 kIpTool + std::string(" -n sluice-evil-spoofer address add 10.77.0.53/32 dev lo")}),
            0);
  const base::Fd spoofer = socket_at(kSpooferNetns, *net::Ip::parse(kServer), kDnsPort);
  ASSERT_TRUE(spoofer.valid());
  const Question question{12, "evil.shop.test"};
  ask(server_, kServer, question);
  ASSERT_TRUE(send_to(spoofer, {address_of_client(0), kPodPort}, answering(question, kVictim, kTtl)));
  EXPECT_EQ(datagram(pod_.get(), kSilenceMilliseconds), Message{}) << "it never leaves the pod that sends it";
  EXPECT_EQ(denied("evil"), 1u);
  EXPECT_EQ(learnt(), Learnt{});
  answer(server_, answering(question, *net::Ip::parse(kWeb), kTtl), "of the server itself");
  EXPECT_EQ(learnt(), Learnt{"evil.shop.test 10.77.0.9"});
}

}  // namespace
}  // namespace sluice::live
