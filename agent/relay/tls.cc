#include "agent/relay/tls.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>

namespace sluice::relay {
namespace {

using grpc::experimental::FileWatcherCertificateProvider;

std::shared_ptr<FileWatcherCertificateProvider> watched(const TlsFiles& files,
                                                        std::chrono::seconds look_every) {
  return std::make_shared<FileWatcherCertificateProvider>(files.key, files.certificate, files.ca,
                                                          static_cast<unsigned>(look_every.count()));
}

}  // namespace

base::Status check_files(const TlsFiles& files) {
  for (const std::string& file : {files.certificate, files.key, files.ca}) {
    const std::ifstream stream(file);
    if (!stream) return base::Error::from_errno(errno, "open " + file);
  }
  return base::done();
}

std::shared_ptr<grpc::ServerCredentials> server_credentials(const TlsFiles& files,
                                                            std::chrono::seconds look_every) {
  grpc::experimental::TlsServerCredentialsOptions options(watched(files, look_every));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> channel_credentials(const TlsFiles& files,
                                                              std::chrono::seconds look_every) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(watched(files, look_every));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  return grpc::experimental::TlsCredentials(options);
}

PeerNames names_of(const grpc::AuthContext& context) {
  PeerNames names;
  for (const auto& name : context.FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME))
    names.common_name.assign(name.data(), name.size());
  for (const auto& name : context.FindPropertyValues(GRPC_X509_SAN_PROPERTY_NAME))
    names.alternative_names.emplace_back(name.data(), name.size());
  return names;
}

}  // namespace sluice::relay
