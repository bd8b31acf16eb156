// Any bytes as a kubeconfig. Laws: what is taken can stand in a URL and in an HTTP request's head without
// ending its line; written down as a kubeconfig again it reads back as the same server; an error is one line
// that names the file.
#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/source/kube/api_server.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;
using source::kube::ApiServer;
using source::kube::Material;

constexpr char kFile[] = "/c/config";

bool is_plain(
    std::string_view text) {  // as RFC 3986 has the parts of a URL: no blanks, no control characters
  return std::ranges::all_of(text, [](char c) { return static_cast<uint8_t>(c) > 0x20 && c != 0x7f; });
}

void check(const ApiServer& server) {
  require(!server.host.empty() && is_plain(server.host) && is_plain(server.path));
  require(server.path.empty() || (server.path.front() == '/' && server.path.back() != '/'));
  const int port = std::stoi(server.port);
  require(port > 0 && port < 65536 && server.port.size() <= 5);
  require(is_plain(server.token.data));
  for (const Material* material : {&server.ca, &server.certificate, &server.key, &server.token}) {
    require(material->data.empty() || material->file.empty());
    require(material->file.empty() || material->file.front() == '/');
  }
  require(server.certificate.absent() == server.key.absent());
}

std::string quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x20 || byte == 0x7f)
      out += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
    else
      out += std::string(c == '"' || c == '\\' ? "\\" : "") + c;
  }
  return out + "\"";
}

std::string base64(const std::string& bytes) {
  std::string text(bytes.size() / 3 * 4 + 5, '\0');
  text.resize(static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                                  reinterpret_cast<const unsigned char*>(bytes.data()),
                                                  static_cast<int>(bytes.size()))));
  return text;
}

std::string entry(std::string_view name, const Material& material) {
  if (material.absent()) return {};
  if (material.data.empty()) return ", " + std::string(name) + ": " + quoted(material.file);
  return ", " + std::string(name) + "-data: " + base64(material.data);
}

std::string written(const ApiServer& server) {
  std::string user;
  if (!server.token.data.empty()) user = ", token: " + quoted(server.token.data);
  if (!server.token.file.empty()) user = ", tokenFile: " + quoted(server.token.file);
  user += entry("client-certificate", server.certificate) + entry("client-key", server.key);
  return "current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, "
         "cluster: "
         "{server: " +
         quoted(server.url()) + ", tls-server-name: " + quoted(server.tls_name) +
         entry("certificate-authority", server.ca) + "}}]\nusers: [{name: u, user: {unknown: 1" + user +
         "}}]\n";
}

bool equal(const Material& a, const Material& b) {
  return a.data == b.data && a.file == b.file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto server = source::kube::read_kubeconfig(bytes, kFile, "");
  if (!server) {
    const std::string& message = server.error().message();
    require(message.starts_with(kFile) && message.find('\n') == std::string::npos);
    return 0;
  }
  check(*server);
  const auto again = source::kube::read_kubeconfig(written(*server), kFile, "");
  require(again.ok() && again->url() == server->url() && again->tls_name == server->tls_name);
  require(equal(again->ca, server->ca) && equal(again->token, server->token));
  require(equal(again->certificate, server->certificate) && equal(again->key, server->key));
  return 0;
}
