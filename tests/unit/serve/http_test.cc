#include "agent/serve/http.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <thread>

#include "agent/base/fd.h"
#include "agent/endpoint/netns.h"

namespace sluice::serve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A listener on a port of its own, served by a thread until the test ends.
class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto listening =
        HttpListener::listen(loop_, parse_endpoint("127.0.0.1:0").value(), [](const HttpRequest& request) {
          return request.path == "/metrics"
                     ? HttpAnswer{200, "text/plain", std::string(request.accept) + "a 1\n"}
                     : HttpAnswer{404, "text/plain", "no\n"};
        });
    ASSERT_TRUE(listening.ok()) << listening.error().message();
    listener_.emplace(std::move(*listening));
    server_ = std::thread([this] { loop_.run_for(std::chrono::seconds(30)); });
  }
  void TearDown() override {
    loop_.stop();
    if (server_.joinable()) server_.join();
  }
  // Everything that comes back, until the server closes.
  std::string ask(const std::string& request) {
    asio::io_context client;
    tcp::socket socket(client);
    boost::system::error_code code;
    socket.connect(listener_->endpoint(), code);
    EXPECT_FALSE(code) << code.message();
    asio::write(socket, asio::buffer(request), code);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), code);
    return answer;
  }

  asio::io_context loop_;
  std::optional<HttpListener> listener_;
  std::thread server_;
};

TEST_F(HttpTest, GivesTheWholeRequestToWhoeverWantsIt) {
  loop_.stop();
  server_.join();
  loop_.restart();
  auto listening =
      HttpListener::listen(loop_, parse_endpoint("127.0.0.1:0").value(), [](const HttpRequest& request) {
        HttpAnswer answer;
        answer.body =
            std::string(request.path) + "|" + std::string(request.query) + "|" + std::string(request.host);
        answer.headers = {{"X-Frame-Options", "DENY"}};
        return answer;
      });
  ASSERT_TRUE(listening.ok()) << listening.error().message();
  listener_.emplace(std::move(*listening));
  server_ = std::thread([this] { loop_.run_for(std::chrono::seconds(30)); });
  const auto body = [](const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); };
  const std::string answer = ask("GET /a/b?c=d&e?f HTTP/1.1\r\nHost: x:1\r\n\r\n");
  EXPECT_EQ(body(answer), "/a/b|c=d&e?f|x:1");
  EXPECT_NE(answer.find("X-Frame-Options: DENY\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body(ask("GET / HTTP/1.1\r\n\r\n")), "/||");
  EXPECT_EQ(body(ask("GET /? HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n")), "/||");
}

TEST_F(HttpTest, AnswersGet) {
  const auto answer = ask("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(answer.substr(answer.size() - 8), "\r\n\r\na 1\n");
}

TEST_F(HttpTest, HandsOnWhatIsAcceptedOfAllThatItIsTold) {
  const auto answer = ask("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: x/y; q=0.5, */*\r\nCookie: c\r\n\r\n");
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), "x/y; q=0.5, */*a 1\n");
}

TEST_F(HttpTest, HeadHasNoBody) {
  const auto answer = ask("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 4"), std::string::npos) << answer;
  EXPECT_EQ(answer.substr(answer.size() - 4), "\r\n\r\n");
}

TEST_F(HttpTest, OtherPathsAndMethods) {
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").substr(9, 3), "404");
  EXPECT_EQ(ask("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").substr(9, 3), "405");
}

TEST_F(HttpTest, WhatIsNoHttpIsCutOff) {
  EXPECT_EQ(ask("\x16\x03\x01 nonsense\r\n\r\n"), "");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nX: " + std::string(kHttpHeaderBytes * 2, 'a')), "");
}

// An address more for lo, as an interface of its own ("lo:1").
bool give_lo(const std::string& alias, const std::string& ip) {
  const base::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::copy(alias.begin(), alias.end(), request.ifr_name);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  if (::ioctl(fd.get(), SIOCSIFADDR, &request) != 0) return false;
  request.ifr_flags = IFF_UP;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

// A listener on every address of a network namespace that has 10.9.0.1 (the node's) and 10.9.0.2.
class Crowd {
 public:
  Crowd()
      : listener_(*HttpListener::listen(loop_, parse_endpoint("[::]:0").value(),
                                        [](const HttpRequest&) { return HttpAnswer{}; })),
        server_([this] { loop_.run_for(std::chrono::seconds(30)); }) {}
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() {
    loop_.stop();
    server_.join();
  }

  tcp::socket connect(const char* from, const char* to) {
    tcp::socket socket(client_, tcp::v4());
    boost::system::error_code code;
    socket.bind({asio::ip::make_address(from), 0}, code);
    if (!code) socket.connect({asio::ip::make_address(to), listener_.endpoint().port()}, code);
    EXPECT_FALSE(code) << code.message();
    return socket;
  }
  // The answer's status, or "" where the connection was closed at once.
  std::string ask(const char* from, const char* to) {
    tcp::socket socket = connect(from, to);
    boost::system::error_code code;
    asio::write(socket, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), code);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), code);
    return answer.empty() ? "" : answer.substr(9, 3);
  }

 private:
  asio::io_context loop_, client_;
  HttpListener listener_;
  std::thread server_;
};

TEST(HttpCrowd, NobodyElseKeepsTheMachineItselfOut) {
  bool made = false;
  const auto ran = endpoint::on_fresh_thread([&] {
    made = ::unshare(CLONE_NEWNET) == 0 && give_lo("lo", "127.0.0.1") && give_lo("lo:1", "10.9.0.1") &&
           give_lo("lo:2", "10.9.0.2");
    if (!made) return;
    Crowd crowd;
    std::vector<tcp::socket> idle;
    for (size_t i = 0; i < kHttpConnections; ++i) idle.push_back(crowd.connect("10.9.0.2", "10.9.0.1"));
    EXPECT_EQ(crowd.ask("10.9.0.2", "10.9.0.1"), "");
    EXPECT_EQ(crowd.ask("127.0.0.1", "127.0.0.1"), "200");
    EXPECT_EQ(crowd.ask("10.9.0.1", "10.9.0.1"), "200") << "a probe of the node's own address";
  });
  ASSERT_TRUE(ran.ok());
  if (!made) GTEST_SKIP() << "needs root, for a network namespace of its own";
}

TEST(ParseEndpoint, ReadsAloud) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:9619").value().port(), 9619);
  EXPECT_TRUE(parse_endpoint("[::1]:1").value().address().is_v6());
  for (const char* wrong : {"", "9619", ":9619", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000",
                            "127.0.0.1:80x", "::1:80", "[127.0.0.1]:80"})
    EXPECT_FALSE(parse_endpoint(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace sluice::serve
