// Where the server is: service accounts, kubeconfigs, and what is refused in them.
#include "agent/source/kube/api_server.h"

#include <gtest/gtest.h>

#include "tests/unit/folder/folder_fixture.h"

namespace sluice::source::kube {
namespace {

TEST(HostPort, Spellings) {
  struct Row {
    const char* text;
    const char* host;
    const char* port;
  };
  for (const Row& row : {Row{"10.0.0.1:6443", "10.0.0.1", "6443"}, Row{"[fd00::1]:6443", "fd00::1", "6443"},
                         Row{"api.example", "api.example", "443"}, Row{"[::1]", "::1", "443"}}) {
    const auto parsed = parse_host_port(row.text);
    ASSERT_TRUE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed->host, row.host);
    EXPECT_EQ(parsed->port, row.port);
  }
  for (const char* wrong : {"", ":443", "a:", "a:0", "a:65536", "a:b", "[::1", "[::1]443", "::1", "a b:1",
                            "a\x01:1", "https://a:1"})
    EXPECT_FALSE(parse_host_port(wrong).ok()) << wrong;
}

constexpr char kConfig[] = R"(apiVersion: v1
kind: Config
current-context: lab
clusters:
- name: lab-cluster
  cluster: {server: "https://10.0.0.1:6443/base/", certificate-authority: pki/ca.crt}
- name: other-cluster
  cluster: {server: "https://[fd00::1]", certificate-authority-data: Q0E=, tls-server-name: api.other}
contexts:
- {name: lab, context: {cluster: lab-cluster, user: token-user}}
- {name: other, context: {cluster: other-cluster, user: cert-user}}
- {name: file, context: {cluster: lab-cluster, user: file-user}}
users:
- {name: token-user, user: {token: s3cret}}
- {name: file-user, user: {tokenFile: /run/token}}
- {name: cert-user, user: {client-certificate-data: Q0VSVA==, client-key: client.key}}
)";

class InFolder : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }

 private:
  source::folder::TemporaryFolder folder_;
};

class Kubeconfig : public InFolder {
 protected:
  base::Result<ApiServer> read(const std::string& text, const std::string& context = "") {
    write("config", text);
    return from_kubeconfig(path("config"), context);
  }
};

TEST_F(Kubeconfig, CurrentContext) {
  const auto server = read(kConfig);
  ASSERT_TRUE(server.ok()) << server.error().message();
  EXPECT_EQ(server->url(), "https://10.0.0.1:6443/base");
  EXPECT_EQ(server->ca.file, path("pki/ca.crt")) << "relative to the file";
  EXPECT_EQ(server->token.data, "s3cret");
  EXPECT_EQ(server->verified_name(), "10.0.0.1");
}

TEST_F(Kubeconfig, AnotherContext) {
  const auto server = read(kConfig, "other");
  ASSERT_TRUE(server.ok()) << server.error().message();
  EXPECT_EQ(server->url(), "https://[fd00::1]:443");
  EXPECT_EQ(server->ca.data, "CA");
  EXPECT_EQ(server->verified_name(), "api.other");
  EXPECT_EQ(server->certificate.data, "CERT");
  EXPECT_EQ(server->key.file, path("client.key"));
  EXPECT_EQ(read(kConfig, "file")->token.file, "/run/token");
}

struct Wrong {
  const char* from;
  const char* to;
  const char* why;
};
TEST_F(Kubeconfig, WhatIsRefused) {
  const Wrong rows[] = {
      {"token: s3cret", "exec: {command: aws}", "users[0].user.exec: credential plugins are not run here"},
      {"token: s3cret", "auth-provider: {name: gcp}", "auth-provider\"]: is not supported"},
      {"token: s3cret", "username: admin, password: x", "Kubernetes knows no passwords"},
      {"token: s3cret", "token: s, as: admin", "impersonation is not supported"},
      {"token: s3cret", "client-certificate: a.crt", "has only one of client-certificate and client-key"},
      {"certificate-authority: pki/ca.crt", "insecure-skip-tls-verify: true", "always verified"},
      {"certificate-authority: pki/ca.crt", "proxy-url: \"http://p:1\"", "proxies are not supported"},
      {"certificate-authority: pki/ca.crt", "certificate-authority-data: \"%%%\"", "is no base64"},
      {"certificate-authority: pki/ca.crt", "certificate-authority-data: AAAA----", "is no base64"},
      {"certificate-authority: pki/ca.crt", "certificate-authority-data: A=AA", "is no base64"},
      {"certificate-authority: pki/ca.crt", "certificate-authority-data: \"====\"", "is no base64"},
      {"certificate-authority: pki/ca.crt", "certificate-authority-data: \" \"", "-data\"]: is empty"},
      {"certificate-authority: pki/ca.crt", "tls-server-name: \"a\\0b\"", "characters that no name has"},
      {"token: s3cret", "token: \"a\\r\\nHost: b\"", "is no token"},
      {"https://10.0.0.1:6443/base/", "https://10.0.0.1/\\x01", "has a path with blanks"},
      {"https://10.0.0.1:6443/base/", "http://10.0.0.1:6443", "is no https URL"},
      {"https://10.0.0.1:6443/base/", "https://user@10.0.0.1", "is no HOST:PORT"},
      {"https://10.0.0.1:6443/base/", "https://10.0.0.1/a?b", "has a path with blanks"},
      {"current-context: lab", "current-context: \"\"",
       "current-context\"]: is missing: write it, or give --context"},
      {"current-context: lab", "current-context: nobody", "has no context named \"nobody\""},
      {"- name: lab-cluster", "- name: another", "has no cluster named \"lab-cluster\""},
      {"{name: token-user", "{name: another", "has no user named \"token-user\""},
      {"apiVersion: v1", "apiVersion: [", "line "},
  };
  for (const Wrong& row : rows) {
    std::string text = kConfig;
    const size_t at = text.find(row.from);
    ASSERT_NE(at, text.npos) << row.from;
    text.replace(at, std::string_view(row.from).size(), row.to);
    const auto server = read(text);
    ASSERT_FALSE(server.ok()) << row.to;
    EXPECT_NE(server.error().message().find(row.why), std::string::npos) << server.error().message();
    EXPECT_TRUE(server.error().message().starts_with(path("config") + ": ")) << server.error().message();
  }
  EXPECT_FALSE(from_kubeconfig(path("nothing"), "").ok());
}

class InCluster : public InFolder {
 protected:
  static std::optional<std::string> pod(std::string_view name) {
    if (name == "KUBERNETES_SERVICE_HOST") return "fd00::1";
    if (name == "KUBERNETES_SERVICE_PORT") return "443";
    return std::nullopt;
  }
};

TEST_F(InCluster, TakesTheServiceAccount) {
  write("token", "t");
  write("ca.crt", "ca");
  const auto server = in_cluster(pod, path(""));
  ASSERT_TRUE(server.ok()) << server.error().message();
  EXPECT_EQ(server->url(), "https://[fd00::1]:443");
  EXPECT_EQ(server->token.read().value(), "t");
  write("token", "rotated");
  EXPECT_EQ(server->token.read().value(), "rotated");
}

TEST_F(InCluster, SaysWhatIsMissing) {
  const auto nowhere = in_cluster([](std::string_view) { return std::nullopt; }, path(""));
  ASSERT_FALSE(nowhere.ok());
  EXPECT_NE(nowhere.error().message().find("give --kubeconfig"), std::string::npos);
  const auto no_token = in_cluster(pod, path(""));
  ASSERT_FALSE(no_token.ok());
  EXPECT_NE(no_token.error().message().find("ca.crt"), std::string::npos) << no_token.error().message();
}

}  // namespace
}  // namespace sluice::source::kube
