// ApiServer: where the Kubernetes API server is, and how a client proves who it is: from a pod's
// service account or from a kubeconfig.
//
// Laws:
//  1. Always HTTPS, with the server's certificate and name verified. A configuration that asks
//     for less is refused with a line that says so.
//  2. What this client cannot do is refused likewise: exec plugins, auth providers, passwords,
//     impersonation, proxies.
//  3. Files are named here and read when they are needed, so that tokens and certificates may
//     rotate.
//
// Values; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/base/result.h"

namespace sluice::source::kube {

// Bytes of a certificate, key or token: given, or in a file that is read anew at every use.
struct Material {
  std::string data, file;  // at most one is not empty
  bool absent() const { return data.empty() && file.empty(); }
  // The file's bytes or the data. An error names the file.
  base::Result<std::string> read() const;
};

struct ApiServer {
  std::string host, port;  // a name or an address without brackets
  std::string path;        // before every request's: "", "/k8s/clusters/c-1"
  std::string tls_name;    // which the certificate must have; empty: the host
  Material ca;             // PEM; absent: the system's
  Material certificate, key;
  Material token;

  std::string url() const;  // "https://10.96.0.1:443"
  const std::string& verified_name() const { return tls_name.empty() ? host : tls_name; }
};

inline constexpr char kServiceAccountDir[] = "/var/run/secrets/kubernetes.io/serviceaccount";

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

// As client-go's InClusterConfig: KUBERNETES_SERVICE_HOST and _PORT, and token and ca.crt in `account_dir`.
base::Result<ApiServer> in_cluster(const Environment& environment, const std::string& account_dir);

// `context`: empty is the file's current-context. Paths in the file are relative to it.
base::Result<ApiServer> from_kubeconfig(const std::string& file, const std::string& context);
// The same of the file's bytes; the file itself is not opened.
base::Result<ApiServer> read_kubeconfig(const std::string& bytes, const std::string& file,
                                        const std::string& context);

// The token without white space around it. An error: what is left is more than one word, and would end the
// line of the request that it stands in.
base::Result<std::string> bearer_token(std::string_view bytes);
// Only such characters may stand in a URL, a name or a token: visible and ASCII.
bool is_visible(std::string_view text);

struct HostPort {
  std::string host, port;
};
// "HOST:PORT", "[::1]:6443"; without a port 443.
base::Result<HostPort> parse_host_port(std::string_view text);

}  // namespace sluice::source::kube
