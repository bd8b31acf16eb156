// The API server of the tests as a program, for tests that are scripts: writes a kubeconfig that leads to it,
// then does what the lines on standard input say and answers each with "ok" or "error: why". Ends with its
// input.
//   put {…}            an object with kind and metadata: added or replaced
//   remove KIND NAME   NAMESPACE/NAME, or NAME of a Namespace or Node
//   compact            forgets its history: watches and pages from before get 410
//   drop               ends every connection
//   away, back         answers nothing, and again
// usage: kube_api_double KUBECONFIG
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/kubeapi/api_double.h"

namespace sluice::kubeapi {
namespace {

constexpr char kToken[] = "test-token";

std::string base64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

bool write_kubeconfig(const char* file, const Pki& pki, uint16_t port) {
  std::ofstream to(file, std::ios::binary);
  to << "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
     << "clusters:\n- name: test\n  cluster:\n    server: https://127.0.0.1:" << port
     << "\n    certificate-authority-data: " << base64(pki.ca) << "\n"
     << "contexts:\n- name: test\n  context: {cluster: test, user: watcher}\n"
     << "users:\n- name: watcher\n  user: {token: " << kToken << "}\n";
  to.close();
  return to.good();
}

std::optional<ServedKind> kind_of(std::string_view name) {
  const ServedKind kind(name);
  const bool known = kind.of_model() || kind == kCiliumPolicy || kind == kCiliumClusterwidePolicy;
  return known ? std::optional(kind) : std::nullopt;
}

class Commands {
 public:
  Commands(World& world, ApiDouble& api, std::atomic<bool>& away) : world_(world), api_(api), away_(away) {}

  // Empty: done; else why not.
  std::string obey(const std::string& line) {
    const size_t blank = line.find(' ');
    const std::string command = line.substr(0, blank),
                      rest = blank == line.npos ? "" : line.substr(blank + 1);
    if (command == "put") return put(rest);
    if (command == "remove") return remove(rest);
    if (command == "compact") return world_.compact(), "";
    if (command == "drop") return api_.drop_connections(), "";
    if (command != "away" && command != "back") return "unknown command " + command;
    away_ = command == "away";
    if (away_) api_.drop_connections();
    return {};
  }

 private:
  std::string put(const std::string& text) {
    boost::json::error_code code;
    auto parsed = boost::json::parse(text, code);
    if (code || !parsed.is_object()) return "no JSON object";
    Json& object = parsed.as_object();
    const auto* kind = object.if_contains("kind");
    const auto* metadata = object.if_contains("metadata");
    const auto known =
        kind != nullptr && kind->is_string() ? kind_of(std::string_view(kind->as_string())) : std::nullopt;
    if (!known) return "kind: is none that is watched";
    if (metadata == nullptr || !metadata->is_object() || !metadata->as_object().contains("name"))
      return "metadata.name: is missing";
    world_.put(*known, object);
    return {};
  }
  std::string remove(const std::string& rest) {
    const size_t blank = rest.find(' ');
    const auto kind = kind_of(rest.substr(0, blank));
    if (!kind || blank == rest.npos) return "write: remove KIND NAME";
    const std::string name = rest.substr(blank + 1);
    const size_t slash = name.find('/');
    world_.remove(*kind, slash == name.npos
                             ? model::ObjectName{"", name}
                             : model::ObjectName{name.substr(0, slash), name.substr(slash + 1)});
    return {};
  }

  World& world_;
  ApiDouble& api_;
  std::atomic<bool>& away_;
};

int run(const char* kubeconfig) {
  World world;
  std::atomic<bool> away = false;
  const Pki pki = make_pki();
  ApiDouble::Options options;
  options.token = kToken;
  ApiDouble api(world, pki, options, [&away](const Asked&) { return away ? Fault::kHangUp : Fault::kNone; });
  if (!write_kubeconfig(kubeconfig, pki, api.port())) {
    std::fprintf(stderr, "kube_api_double: cannot write %s\n", kubeconfig);
    return 1;
  }
  Commands commands(world, api, away);
  for (std::string line; std::getline(std::cin, line);) {
    const std::string why = commands.obey(line);
    std::cout << (why.empty() ? "ok" : "error: " + why) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace sluice::kubeapi

int main(int argc, char** argv) {
  if (argc == 2) return sluice::kubeapi::run(argv[1]);
  std::fputs("usage: kube_api_double KUBECONFIG\n", stderr);
  return 2;
}
