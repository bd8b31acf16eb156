// from_kubeconfig(): the parts of clientcmd's v1 Config that this client can honour
// (kubernetes.io/docs/reference/config-api/kubeconfig.v1).
#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/base/excerpt.h"
#include "agent/source/decode/documents.h"
#include "agent/source/decode/field.h"
#include "agent/source/kube/api_server.h"

namespace sluice::source::kube {
namespace {

using source::decode::Field;

base::Result<std::string> decode_base64(std::string text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::erase_if(text, [](unsigned char c) { return std::isspace(c); });
  if (text.empty()) return base::Error("is empty");
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  // EVP_DecodeBlock is less strict: it passes over '-' at the end and takes '=' anywhere.
  if (text.size() % 4 != 0 || text.find_first_not_of(kAlphabet) < text.size() - padding)
    return base::Error("is no base64");
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0) return base::Error("is no base64");
  // The padding is counted as zero bytes.
  bytes.resize(static_cast<size_t>(length) - padding);
  return bytes;
}

class Config {
 public:
  Config(source::decode::Decoding& decoding, const Field& root, const std::string& file)
      : decoding_(decoding), root_(root), folder_(std::filesystem::absolute(file).parent_path()) {}

  ApiServer read(std::string wanted) {
    ApiServer server;
    if (wanted.empty()) wanted = root_.get("current-context").text();
    if (wanted.empty()) {
      root_.get("current-context").fail("is missing: write it, or give --context NAME");
      return server;
    }
    const Field context = entry("contexts", "context", wanted);
    if (failed()) return server;
    const std::string cluster = context.get("cluster").required_text(), user = context.get("user").text();
    if (!failed()) read_cluster(entry("clusters", "cluster", cluster), server);
    if (!failed() && !user.empty()) read_user(entry("users", "user", user), server);
    return server;
  }

 private:
  bool failed() const { return decoding_.fault().has_value(); }

  // The `what` of the entry with that name in one of the file's lists.
  Field entry(std::string_view list, std::string_view what, const std::string& name) {
    std::optional<Field> found;
    root_.get(list).each([&](const Field& item) {
      if (!found && item.get("name").text() == name) found.emplace(item.get(what));
    });
    if (found && !found->absent()) return *found;
    root_.get(list).fail("has no " + std::string(what) + " named " + base::excerpt(name) +
                         ": add it, or choose another context");
    return root_;
  }

  void read_cluster(const Field& cluster, ApiServer& server) {
    refuse(cluster, "proxy-url", "proxies are not supported: leave it out");
    const Field insecure = cluster.get("insecure-skip-tls-verify");
    if (insecure.boolean().value_or(false))
      insecure.fail("is refused: the server's certificate is always verified: give certificate-authority");
    server.ca = material(cluster, "certificate-authority");
    const Field tls_name = cluster.get("tls-server-name");
    server.tls_name = tls_name.text();
    if (!is_visible(server.tls_name)) tls_name.fail("has characters that no name has");
    const Field url = cluster.get("server");
    read_url(url, url.required_text(), server);
  }

  static void read_url(const Field& field, std::string_view url, ApiServer& server) {
    constexpr std::string_view kScheme = "https://";
    if (!url.starts_with(kScheme))
      return field.fail(base::excerpt(url) + " is no https URL: write https://HOST:PORT");
    url.remove_prefix(kScheme.size());
    const size_t slash = std::min(url.find('/'), url.size());
    const HostPort address = field.value_of(parse_host_port(url.substr(0, slash)));
    server.host = address.host;
    server.port = address.port;
    server.path = url.substr(slash);
    while (server.path.ends_with('/')) server.path.pop_back();
    if (!is_visible(server.path) || server.path.find_first_of("?#") != std::string::npos)
      field.fail("has a path with blanks, ? or #: write https://HOST:PORT/PATH");
  }

  void read_user(const Field& user, ApiServer& server) {
    refuse(user, "exec",
           "credential plugins are not run here: use a token, a tokenFile or a client certificate");
    refuse(user, "auth-provider", "is not supported: use a token, a tokenFile or a client certificate");
    for (const char* name : {"username", "password"})
      refuse(user, name, "Kubernetes knows no passwords any more: use a token or a client certificate");
    for (const char* name : {"as", "as-uid", "as-groups", "as-user-extra"})
      refuse(user, name, "impersonation is not supported: use the account itself");
    server.certificate = material(user, "client-certificate");
    server.key = material(user, "client-key");
    if (server.certificate.absent() != server.key.absent())
      user.fail("has only one of client-certificate and client-key: give both");
    // As kubectl: a token given wins over a file.
    const Field token = user.get("token");
    server.token.data = token.value_of(bearer_token(token.text()));
    if (server.token.data.empty()) server.token.file = absolute(user.get("tokenFile").text());
  }

  static void refuse(const Field& map, std::string_view name, std::string_view why) {
    if (const Field field = map.get(name); !field.absent()) field.fail(why);
  }

  // NAME-data wins over NAME, as for kubectl.
  Material material(const Field& map, const std::string& name) {
    Material found;
    const Field data = map.get(name + "-data");
    if (!data.text().empty())
      found.data = data.value_of(decode_base64(data.text()));
    else
      found.file = absolute(map.get(name).text());
    return found;
  }

  std::string absolute(const std::string& path) const {
    return path.empty() ? path : (folder_ / path).lexically_normal().string();
  }

  source::decode::Decoding& decoding_;
  const Field& root_;
  const std::filesystem::path folder_;
};

}  // namespace

base::Result<ApiServer> from_kubeconfig(const std::string& file, const std::string& context) {
  const Material config{"", file};
  auto bytes = config.read();
  if (!bytes) return bytes.error();
  return read_kubeconfig(*bytes, file, context);
}

base::Result<ApiServer> read_kubeconfig(const std::string& bytes, const std::string& file,
                                        const std::string& context) {
  const auto parsed = source::decode::parse_yaml_document(bytes, 1);
  if (const auto* error = std::get_if<source::decode::SyntaxError>(&parsed))
    return base::Error(file + ": line " + std::to_string(error->line) + ": " + error->message);
  const auto* document = std::get_if<source::decode::Document>(&parsed);
  if (document == nullptr) return base::Error(file + ": is empty");
  source::decode::Decoding decoding;
  const Field root(decoding, document->root());
  ApiServer server = Config(decoding, root, file).read(context);
  if (const auto& fault = decoding.fault())
    return base::Error(file + ": " + (fault->field.empty() ? "" : fault->field + ": ") + fault->message);
  return server;
}

}  // namespace sluice::source::kube
