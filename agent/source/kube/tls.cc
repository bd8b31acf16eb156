#include "agent/source/kube/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>

#include "agent/base/excerpt.h"

namespace sluice::source::kube {
namespace {

namespace ssl = boost::asio::ssl;
using Code = boost::system::error_code;

bool is_address(const std::string& host) {
  Code code;
  boost::asio::ip::make_address(host, code);
  return !code;
}

base::Error within(const Code& code, const Material& material, const std::string& what) {
  return base::Error(what + (material.file.empty() ? "" : " " + material.file) +
                     ": is not usable: " + base::one_line(code.message()));
}

base::Status use_client_certificate(ssl::context& context, const ApiServer& server) {
  if (server.certificate.absent()) return base::done();
  const auto certificate = server.certificate.read(), key = server.key.read();
  if (!certificate) return certificate.error().within("client certificate");
  if (!key) return key.error().within("client key");
  Code code;
  context.use_certificate_chain(boost::asio::buffer(*certificate), code);
  if (code) return within(code, server.certificate, "client certificate");
  context.use_private_key(boost::asio::buffer(*key), ssl::context::pem, code);
  if (code) return within(code, server.key, "client key");
  return base::done();
}

base::Status trust(ssl::context& context, const ApiServer& server) {
  Code code;
  if (server.ca.absent()) {
    context.set_default_verify_paths(code);
    if (code) return base::Error("the system's certificates: " + base::one_line(code.message()));
    return base::done();
  }
  const auto ca = server.ca.read();
  if (!ca) return ca.error().within("certificate authority");
  context.add_certificate_authority(boost::asio::buffer(*ca), code);
  if (code) return within(code, server.ca, "certificate authority");
  // What is given is trusted, be it self-signed or an intermediate, as Go's crypto/x509 does.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.native_handle()), X509_V_FLAG_PARTIAL_CHAIN);
  return base::done();
}

}  // namespace

base::Result<ssl::context> make_tls_context(const ApiServer& server) {
  ssl::context context(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  Code code;
  context.set_verify_mode(ssl::verify_peer, code);
  if (code) return base::Error("TLS: " + base::one_line(code.message()));
  if (auto trusted = trust(context, server); !trusted) return trusted.error();
  if (auto used = use_client_certificate(context, server); !used) return used.error();
  return context;
}

base::Status expect_server(SSL* ssl, const ApiServer& server) {
  const std::string& name = server.verified_name();
  const bool address = is_address(name);
  const bool set =
      address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1
              : SSL_set1_host(ssl, name.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
  constexpr unsigned char kHttp11[] = "\x08http/1.1";
  if (!set || SSL_set_alpn_protos(ssl, kHttp11, sizeof kHttp11 - 1) != 0)
    return base::Error("TLS: " + base::excerpt(name) + " is no name for a server");
  return base::done();
}

base::Error handshake_error(SSL* ssl, const ApiServer& server, const Code& code) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) return base::Error("TLS: " + base::one_line(code.message()));
  const std::string why = X509_verify_cert_error_string(verified);
  const bool name = verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH;
  return base::Error("the server's certificate: " + why +
                     (name ? " for " + server.verified_name() +
                                 ": use a name that the certificate has, or tls-server-name in a kubeconfig"
                           : ": check the certificate authority"));
}

}  // namespace sluice::source::kube
