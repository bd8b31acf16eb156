#include "agent/source/kube/api_server.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>

#include "agent/base/excerpt.h"

namespace sluice::source::kube {
namespace {

constexpr size_t kLargestMaterial = 1 << 20;
constexpr char kDefaultPort[] = "443";

base::Result<std::string> read_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return base::Error::from_errno(errno, "open " + file);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  std::string text = std::move(bytes).str();
  if (stream.bad()) return base::Error("read " + file + ": failed");
  if (text.empty()) return base::Error(file + ": is empty");
  if (text.size() > kLargestMaterial) return base::Error(file + ": is larger than any certificate or token");
  return text;
}

bool is_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  return code == std::errc() && end == text.data() + text.size() && port != 0;
}

}  // namespace

base::Result<std::string> Material::read() const {
  return file.empty() ? base::Result<std::string>(data) : read_file(file);
}

std::string ApiServer::url() const {
  const bool literal6 = host.find(':') != host.npos;
  return "https://" + (literal6 ? "[" + host + "]" : host) + ":" + port + path;
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

base::Result<std::string> bearer_token(std::string_view bytes) {
  constexpr std::string_view kBlanks = " \t\r\n";
  bytes.remove_prefix(std::min(bytes.find_first_not_of(kBlanks), bytes.size()));
  bytes = bytes.substr(0, bytes.find_last_not_of(kBlanks) + 1);
  if (!is_visible(bytes))
    return base::Error("is no token: it has blanks or other characters that a token cannot have");
  return std::string(bytes);
}

base::Result<HostPort> parse_host_port(std::string_view text) {
  const base::Error wrong(base::excerpt(text) +
                          " is no HOST:PORT: write 10.0.0.1:6443, [fd00::1]:6443 or a name");
  HostPort parsed;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos) return wrong;
    parsed.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const size_t colon = text.find(':');
    parsed.host = text.substr(0, colon);
    if (colon != text.npos) rest = text.substr(colon);
  }
  parsed.port = rest.empty() ? kDefaultPort : std::string(rest.substr(1));
  const bool clean = is_visible(parsed.host) && parsed.host.find_first_of("/@?#%") == std::string::npos;
  if (parsed.host.empty() || !clean || (!rest.empty() && rest[0] != ':') || !is_port(parsed.port))
    return wrong;
  return parsed;
}

base::Result<ApiServer> in_cluster(const Environment& environment, const std::string& account_dir) {
  ApiServer server;
  for (const auto& [name, value] : {std::pair{"KUBERNETES_SERVICE_HOST", &server.host},
                                    std::pair{"KUBERNETES_SERVICE_PORT", &server.port}}) {
    *value = environment(name).value_or("");
    if (value->empty())
      return base::Error(std::string(name) +
                         " is not set: run in a pod of the cluster, or give --kubeconfig FILE");
  }
  if (!is_port(server.port))
    return base::Error("KUBERNETES_SERVICE_PORT: " + base::excerpt(server.port) + " is no port");
  server.ca.file = account_dir + "/ca.crt";
  server.token.file = account_dir + "/token";
  for (const Material* material : {&server.ca, &server.token})
    if (auto bytes = material->read(); !bytes)
      return base::Error("service account: " + bytes.error().message() +
                         ": mount the pod's service account token");
  return server;
}

}  // namespace sluice::source::kube
