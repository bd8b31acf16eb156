// ApiDouble: an API server for tests: the Kubernetes protocol over real TLS on loopback, answering from a
// World, in JSON or protobuf, with every fault that a script asks for.
//
// Laws: one thread a connection; the destructor ends all of them. A request takes the script's fault at most
// once, a watch has one fault for its whole life. Any thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/kubeapi/pki.h"
#include "tests/kubeapi/world.h"

namespace sluice::kubeapi {

// Each names what the client sees.
enum class Fault : uint8_t {
  kNone,
  kGone,          // HTTP 410
  kTooMany,       // HTTP 429 with Retry-After: 0
  kBusy,          // HTTP 503 with Retry-After: 0
  kServerError,   // HTTP 500
  kTimeout,       // HTTP 504, "Too large resource version"
  kUnauthorized,  // HTTP 401
  kForbidden,     // HTTP 403
  kNotFound,      // HTTP 404
  kHangUp,        // the connection ends without an answer
  kCutBody,       // it ends in the middle of the body
  kSilent,        // nothing comes
  kSilentBody,    // a head and the half of a body, then nothing
  kGarbage,       // 200 and a body that is no JSON
  kDribble,       // the answer in pieces of few bytes
  kErrorGone,     // watch: an ERROR event 410
  kErrorOther,    // watch: an ERROR event 500
  kEndWatch,      // watch: it ends at once, in good order
};
inline constexpr size_t kFaults = 18;

struct Asked {
  ServedKind kind;
  bool watch = false;
  bool continued = false;  // a further page
  std::string path;        // without the query
  std::string authorization, accept;
  std::string client;  // CN of the client's certificate; empty: none
};
using Script = std::function<Fault(const Asked& asked)>;

class ApiDouble {
 public:
  struct Options {
    bool protobuf = true;              // where the client accepts it
    std::string token;                 // who does not show it gets 401; empty: nobody needs to
    bool ask_for_certificate = false;  // of the client
    std::string address = "127.0.0.1";
    // Called as an event is about to be written to a watch's socket; from any thread.
    std::function<void(const Event& event)> writing = {};
  };
  ApiDouble(World& world, const Pki& pki, Options options, Script script);
  ApiDouble(World& world, const Pki& pki) : ApiDouble(world, pki, {}, {}) {}
  ~ApiDouble();
  ApiDouble(const ApiDouble&) = delete;
  ApiDouble& operator=(const ApiDouble&) = delete;

  uint16_t port() const { return port_; }
  // Every connection ends now, in the middle of whatever it does.
  void drop_connections();
  // From now on this token is asked for.
  void change_token(const std::string& token);
  // Requests so far.
  std::vector<Asked> asked() const;

 private:
  class Connection;
  void accept();

  World& world_;
  const Options options_;
  const Script script_;
  boost::asio::io_context loop_;
  boost::asio::ssl::context tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::string token_;
  std::vector<Asked> asked_;
  std::list<std::shared_ptr<Connection>> connections_;
  std::list<std::thread> threads_;
  std::thread acceptor_thread_;
};

}  // namespace sluice::kubeapi
