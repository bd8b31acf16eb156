// HttpsClient: GET requests to one API server, one at a time, the body handed out as it comes.
//
// Laws:
//  1. TLS 1.2 or later, with the server's certificate and name verified. Credentials are read
//     anew for every connection, and the token for every request.
//  2. Every step is bounded in time: kConnectLimit each to look the server up, to be connected
//     (see Dial) and for the handshake; `silence` between two pieces of an answer; `limit` for
//     all of it.
//  3. A connection that is fit for it serves the next request too. After a failure before any
//     answer the next connection begins with the server's next address.
//  4. `done` comes last and once. After cancel() nothing comes.
//
// One thread, that of the io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/source/kube/api_server.h"

namespace sluice::source::kube {

inline constexpr std::chrono::seconds kConnectLimit{15};
inline constexpr size_t kBodyPiece = 64 << 10;  // bytes
inline constexpr uint32_t kLargestHead = 64 << 10;

struct HttpHead {
  unsigned status = 0;
  std::string content_type;                  // without parameters, in lower case
  std::chrono::milliseconds retry_after{0};  // of Retry-After in seconds
};

struct HttpsRequest {
  std::string target;  // "/api/v1/pods?limit=500"
  std::string accept;
  std::string user_agent;
  std::chrono::milliseconds silence{30'000}, limit{300'000};
};

class HttpsClient {
 public:
  struct Handlers {
    std::function<void(const HttpHead& head)> head;
    // An error ends the request; it comes back in done().
    std::function<base::Status(std::string_view piece)> body;
    std::function<void(const std::optional<base::Error>& error)> done;  // none: the answer was whole
  };

  // `loop` and `server` must outlive it.
  HttpsClient(boost::asio::io_context& loop, const ApiServer& server);
  ~HttpsClient();
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;

  // Ends the request before, if there is one.
  void get(HttpsRequest request, Handlers handlers);
  void cancel();

 private:
  class Connection;
  class Exchange;

  boost::asio::io_context& loop_;
  const ApiServer& server_;
  std::shared_ptr<Connection> connection_;  // fit for another request
  size_t address_ = 0;                      // number of the server's address to begin with
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace sluice::source::kube
