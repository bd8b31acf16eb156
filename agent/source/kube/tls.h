// TLS as OpenSSL and Asio do it: a context made of an ApiServer's certificates, and what its errors mean.
// Private to agent/source/kube. One thread.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "agent/base/result.h"
#include "agent/source/kube/api_server.h"

namespace sluice::source::kube {

// Reads the certificates and keys; made anew for every connection, since they rotate.
base::Result<boost::asio::ssl::context> make_tls_context(const ApiServer& server);
// The certificate must be valid and have the server's verified_name().
base::Status expect_server(SSL* ssl, const ApiServer& server);
// Why a handshake failed, with how to mend it.
base::Error handshake_error(SSL* ssl, const ApiServer& server, const boost::system::error_code& code);

}  // namespace sluice::source::kube
