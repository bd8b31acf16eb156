// HttpListener: a small HTTP/1.1 server for GET and HEAD, asynchronous on the agent's own thread.
//
// Laws:
//  1. At most kHttpConnections of this machine's own at a time, and as many of all others
//     together, so that nobody on the network keeps kubelet's probes out. What is more is closed
//     at once.
//  2. One request a connection, kHttpDeadline for it to come and as much for its answer to be taken, request
//     headers of at most kHttpHeaderBytes.
//  3. A wrong request gets an answer, never more.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/base/result.h"

namespace sluice::serve {

inline constexpr size_t kHttpConnections = 16;
inline constexpr std::chrono::seconds kHttpDeadline{5};
inline constexpr uint32_t kHttpHeaderBytes = 8 * 1024;

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // besides those that every answer has
};
// Valid while it is being answered.
struct HttpRequest {
  std::string_view path, query = {};  // the query without its "?"
  std::string_view host = {};         // the header Host; empty where it is not there exactly once
  std::string_view accept = {};       // the header's value; empty: there is none
};
using HttpHandler = std::function<HttpAnswer(const HttpRequest& request)>;

// "127.0.0.1:9619", "[::1]:9619"; an error says how to write it.
base::Result<boost::asio::ip::tcp::endpoint> parse_endpoint(std::string_view text);

class HttpListener {
 public:
  // `loop` must outlive it.
  static base::Result<HttpListener> listen(boost::asio::io_context& loop,
                                           const boost::asio::ip::tcp::endpoint& at, HttpHandler handler);
  HttpListener(HttpListener&&) noexcept;
  HttpListener& operator=(HttpListener&&) noexcept;
  ~HttpListener();
  // Where it listens, with the port that was chosen where 0 was asked for.
  boost::asio::ip::tcp::endpoint endpoint() const;

 private:
  struct State;
  explicit HttpListener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace sluice::serve
