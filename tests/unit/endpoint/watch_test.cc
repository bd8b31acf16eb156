// EndpointWatch on real namespaces: every change is heard of, and what could not be followed is tried again.
#include "agent/endpoint/watch.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>

#include <functional>

#include "tests/unit/endpoint/namespaces_fixture.h"

namespace sluice::endpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kDeadlineMs = 5000;

class Watch : public Namespaces {};

// Drains until the wanted news were there; a deadline, no sleep. Nested in an epoll of its own, as an event
// loop would.
bool hears(EndpointWatch& watch, const std::function<bool(const News&)>& wanted) {
  for (;;) {
    pollfd fd{watch.fd(), POLLIN, 0};
    if (::poll(&fd, 1, kDeadlineMs) <= 0) return false;
    const auto news = watch.drain();
    if (!news.ok()) return false;
    if (wanted(*news)) return true;
  }
}

void quieten(EndpointWatch& watch) {
  pollfd fd{watch.fd(), POLLIN, 0};
  while (::poll(&fd, 1, 0) > 0) ASSERT_TRUE(watch.drain().ok());
}

TEST_F(Watch, HearsOfTheMountThatComesAfterTheFile) {
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok()) << watch.error().message();
  touch("late");
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  quieten(*watch);
  mount_over("late");
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  quieten(*watch);
  drop("late");
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
}

TEST_F(Watch, HearsOfLinksAndAddressesHereAndInside) {
  const Netns a = add("a");
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.links; }));
  ASSERT_DONE(address("near-a", "169.254.1.1", RT_SCOPE_LINK));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.node_addresses; }));
  quieten(*watch);
  ASSERT_DONE(within(a, [] { return address("eth0", "10.0.0.1"); }));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.inside && !news.links; }));
  quieten(*watch);
  ASSERT_DONE(remove("near-a"));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.links; }));
}

TEST_F(Watch, FollowsANamespaceThatCameLater) {
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  const Netns a = add("a");
  ASSERT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  quieten(*watch);
  ASSERT_DONE(within(a, [] { return set_up("lo"); }));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.inside; }));
}

TEST_F(Watch, WaitsForADirectoryThatComesLater) {
  const std::string deep = dir_ + "/one/two";
  auto watch = EndpointWatch::open(deep);
  ASSERT_TRUE(watch.ok()) << watch.error().message();
  ASSERT_EQ(::mkdir((dir_ + "/one").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir(deep.c_str(), 0755), 0);
  pollfd fd{watch->fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&fd, 1, kDeadlineMs), 1);
  quieten(*watch);
  ASSERT_TRUE(base::Fd(::open((deep + "/x").c_str(), O_CREAT | O_CLOEXEC | O_WRONLY, 0600)).valid());
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.namespaces; }));
  ::unlink((deep + "/x").c_str());
  ::rmdir(deep.c_str());
  ::rmdir((dir_ + "/one").c_str());
}

// One descriptor is left, and it takes two to listen inside.
TEST_F(Watch, TriesANamespaceAgainThatItCouldNotFollow) {
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  const Netns a = add("a");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest = base::Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get();
  const rlimit scarce{static_cast<rlim_t>(lowest) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &scarce), 0);
  const auto first = watch->drain(), second = watch->drain();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_THAT(first->problems, ElementsAre(HasSubstr("follow namespace a: open a netlink socket")));
  EXPECT_EQ(second->problems, first->problems) << "for as long as it lasts";
  const auto third = watch->drain();
  ASSERT_TRUE(third.ok());
  EXPECT_THAT(third->problems, IsEmpty());
  EXPECT_TRUE(third->namespaces);
  quieten(*watch);
  ASSERT_DONE(within(a, [] { return set_up("lo"); }));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.inside; }));
}

TEST_F(Watch, SaysThatNewsWereLost) {
  const Netns a = add("a");
  ASSERT_DONE(veth("near-a", "eth0", a.fd()));
  auto watch = EndpointWatch::open(dir_);
  ASSERT_TRUE(watch.ok());
  // More news than a socket holds, and nobody reads.
  for (int i = 0; i < 1000; ++i)
    ASSERT_DONE(address("near-a", "10.77." + std::to_string(i / 250) + "." + std::to_string(i % 250)));
  EXPECT_TRUE(hears(*watch, [](const News& news) { return news.overrun; }));
}

}  // namespace
}  // namespace sluice::endpoint
