#include "agent/control/http.h"

#include <gtest/gtest.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>

namespace sluice::control {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// A listener on a port of its own, served by a thread until the test ends.
class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto listening =
        HttpListener::listen(loop_, parse_endpoint("127.0.0.1:0").value(), [](std::string_view path) {
          return path == "/metrics" ? HttpAnswer{200, "text/plain", "a 1\n"}
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

TEST_F(HttpTest, AnswersGet) {
  const auto answer = ask("GET /metrics?x=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(answer.substr(answer.size() - 8), "\r\n\r\na 1\n");
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

TEST(ParseEndpoint, ReadsAloud) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:9619").value().port(), 9619);
  EXPECT_TRUE(parse_endpoint("[::1]:1").value().address().is_v6());
  for (const char* wrong : {"", "9619", ":9619", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000",
                            "127.0.0.1:80x", "::1:80", "[127.0.0.1]:80"})
    EXPECT_FALSE(parse_endpoint(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace sluice::control
