// Which address is connected to, and how long one that does not answer may take, as rows: on loopback.
#include "agent/source/kube/dial.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>

namespace sluice::source::kube {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

const asio::ip::address kHere = asio::ip::make_address("127.0.0.1");

enum Address { kAccepts, kRefuses, kSwallows };

// An address that behaves so. One that swallows has a full queue of connections: the kernel drops every SYN.
class Listener {
 public:
  Listener(asio::io_context& loop, Address how) : acceptor_(loop), filling_(loop) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({kHere, 0});
    if (how == kRefuses) return;
    acceptor_.listen(how == kSwallows ? 0 : 8);
    if (how == kSwallows) filling_.connect(acceptor_.local_endpoint());
  }
  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

 private:
  tcp::acceptor acceptor_;
  tcp::socket filling_;
};

struct Row {
  const char* name;
  std::vector<Address> addresses;
  size_t first;
  std::optional<size_t> connected;
  const char* error = "";
};
const Row kRows[] = {
    {"one that accepts", {kAccepts}, 0, 0},
    {"one that refuses", {kRefuses}, 0, {}, "connect: Connection refused"},
    {"one that swallows", {kSwallows}, 0, {}, "connect: nothing came in time"},
    {"the next after one that refuses", {kRefuses, kAccepts}, 0, 1},
    {"the next after one that swallows", {kSwallows, kAccepts}, 0, 1},
    {"the last of several", {kSwallows, kRefuses, kSwallows, kAccepts}, 0, 3},
    {"from where it is told to begin", {kAccepts, kAccepts, kSwallows}, 1, 1},
    {"once round", {kAccepts, kSwallows, kRefuses}, 7, 0},
    {"none of them",
     {kSwallows, kRefuses},
     1,
     {},
     "connect: 127.0.0.1: Connection refused, 127.0.0.1: nothing came in time"},
    {"no address at all", {}, 0, {}, "look up api: it has no address"},
};

constexpr DialLimits kLimits{milliseconds(50), milliseconds(400), milliseconds(10)};
constexpr std::chrono::seconds kDeadline{20};

class Dials : public testing::TestWithParam<Row> {};

TEST_P(Dials, TheFirstThatAnswers) {
  const Row& row = GetParam();
  SCOPED_TRACE(row.name);
  asio::io_context loop;
  std::deque<Listener> listeners;
  Dial::Addresses addresses;
  for (const Address how : row.addresses) addresses.push_back(listeners.emplace_back(loop, how).endpoint());
  int ends = 0;
  const auto dial =
      std::make_shared<Dial>(loop, kLimits, row.first, [&](base::Result<Dial::Connected> result) {
        ++ends;
        EXPECT_EQ(result.ok(), row.connected.has_value());
        if (result.ok()) {
          EXPECT_EQ(result->address, row.connected);
          EXPECT_EQ(result->socket.remote_endpoint(), addresses[result->address]);
        } else {
          EXPECT_EQ(result.error().message(), row.error);
        }
      });
  dial->start("api",
              [&](const Dial::Found& found) { asio::post(loop, [&, found] { found({}, addresses); }); });
  loop.run_for(kDeadline);
  EXPECT_EQ(ends, 1);
}
INSTANTIATE_TEST_SUITE_P(All, Dials, testing::ValuesIn(kRows));

TEST(Dial, ALookUpThatDoesNotEndIsGivenUp) {
  asio::io_context loop;
  Dial::Found late;
  std::string error;
  const auto dial = std::make_shared<Dial>(
      loop, kLimits, 0,
      [&](const base::Result<Dial::Connected>& result) { error = result.error().message(); });
  dial->start("api", [&](const Dial::Found& found) { late = found; });
  loop.run_for(kDeadline);
  EXPECT_EQ(error, "look up api: nothing came in time");
  late({}, {{kHere, 1}});  // and what comes after that is nobody's
  loop.restart();
  EXPECT_EQ(loop.run_for(kDeadline), 0u);
}

TEST(Dial, CancelledItSaysNothing) {
  asio::io_context loop;
  Listener listener(loop, kSwallows);
  const auto dial = std::make_shared<Dial>(
      loop, kLimits, 0, [](const base::Result<Dial::Connected>&) { ADD_FAILURE() << "it was cancelled"; });
  dial->start("api", [&](const Dial::Found& found) {
    asio::post(loop, [&, found] {
      found({}, {listener.endpoint()});
      dial->cancel();
    });
  });
  EXPECT_GT(loop.run_for(kDeadline), 0u);
}

TEST(Dial, LooksHostsUp) {
  asio::io_context loop;
  Dial::Addresses addresses;
  look_up_host(loop, "127.0.0.1", "6443")(
      [&](boost::system::error_code, Dial::Addresses found) { addresses = std::move(found); });
  loop.run_for(kDeadline);
  EXPECT_EQ(addresses, (Dial::Addresses{{kHere, 6443}}));
}

}  // namespace
}  // namespace sluice::source::kube
