// Mutual TLS of relays and their nodes, by certificates in files, which may be replaced at any time, as a mounted
// Secret's are: new connections have what is there then. TLS 1.2 and later; each side verifies the other by `ca` alone,
// and a node also the name by which it called the relay.
//
// Any thread.
#pragma once

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <chrono>
#include <memory>
#include <string>

#include "agent/relay/limits.h"
#include "agent/relay/peer.h"

namespace sluice::relay {

struct TlsFiles {
  std::string certificate, key, ca;  // PEM
};

// Are they there, and readable? An error names the file.
base::Status check_files(const TlsFiles& files);

// `look_every`: how often files are looked at.
std::shared_ptr<grpc::ServerCredentials> server_credentials(const TlsFiles& files,
                                                            std::chrono::seconds look_every = kRotation);
std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const TlsFiles& files,
                                                              std::chrono::seconds look_every = kRotation);

// Of a call that came over server_credentials().
PeerNames names_of(const grpc::AuthContext& context);

}  // namespace sluice::relay
