// RelayServer: the gRPC side of a Relay: nodes come in over TLS, and call it.
//
// gRPC's threads post to the loop; the server is made, used and destroyed on the thread that runs the loop.
#pragma once

#include <grpcpp/server.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "agent/relay/relay.h"
#include "agent/relay/tls.h"

namespace sluice::relay {

class FollowService;

class RelayServer {
 public:
  struct Options {
    std::string address;  // ADDR:PORT
    TlsFiles files;
    NodeNames node_names = NodeNames::kCertificate;
    std::chrono::seconds look_every = kRotation;
  };
  // Listens; an error: the address cannot be had. `loop` and `relay` must outlive it.
  static base::Result<std::unique_ptr<RelayServer>> listen(boost::asio::io_context& loop, Relay& relay,
                                                           const Options& options);
  // Ends every stream.
  ~RelayServer();
  RelayServer(const RelayServer&) = delete;
  RelayServer& operator=(const RelayServer&) = delete;

  int port() const { return port_; }
  // Streams refused since the certificate, valid as it is, may not ask for that node (NodeNames). One that is not valid
  // is refused by TLS, and is not among them.
  uint64_t others_certificates() const;

 private:
  RelayServer() = default;
  std::unique_ptr<FollowService> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace sluice::relay
