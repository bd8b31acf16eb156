// Who the server is, who the client is: certificates, names, tokens.
#include <gtest/gtest.h>

#include "tests/kubeapi/invented.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;

struct Row {
  const char* name;
  void (*change)(source::kube::ApiServer& server);
  const char* problem;  // null: it connects
};
const Row kRows[] = {
    {"its address", [](source::kube::ApiServer&) {}, nullptr},
    {"its name", [](source::kube::ApiServer& server) { server.host = "localhost"; }, nullptr},
    {"tls-server-name", [](source::kube::ApiServer& server) { server.tls_name = "api.test"; }, nullptr},
    {"a name that the certificate lacks",
     [](source::kube::ApiServer& server) { server.tls_name = "other.test"; },
     "hostname mismatch for other.test"},
    {"an address that the certificate lacks",
     [](source::kube::ApiServer& server) { server.tls_name = "127.0.0.2"; },
     "IP address mismatch for 127.0.0.2"},
    {"another CA", [](source::kube::ApiServer& server) { server.ca.data = make_pki().ca; },
     "check the certificate authority"},
    {"the system's CAs", [](source::kube::ApiServer& server) { server.ca = {}; },
     "check the certificate authority"},
    {"a CA that is none", [](source::kube::ApiServer& server) { server.ca.data = "nonsense"; },
     "certificate authority: is not usable"},
    {"a CA file that is not there",
     [](source::kube::ApiServer& server) {
       server.ca = {"", "/nonexistent/ca.crt"};
     },
     "open /nonexistent/ca.crt: No such file"},
    {"a key of another certificate",
     [](source::kube::ApiServer& server) {
       server.certificate.data = pki().client.certificate;
       server.key.data = pki().server.key;
     },
     "client key: is not usable"},
    {"nobody listens", [](source::kube::ApiServer& server) { server.port = "1"; },
     "connect: Connection refused"},
    {"a name that nobody has", [](source::kube::ApiServer& server) { server.host = "nobody.invalid"; },
     "look up nobody.invalid: "},
};

class Tls : public testing::TestWithParam<Row> {};

TEST_P(Tls, VerifiesTheServer) {
  SCOPED_TRACE(GetParam().name);
  Stack stack;
  GetParam().change(stack.server);
  stack.agent.start();
  stack.start();
  if (GetParam().problem == nullptr) {
    EXPECT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
    return;
  }
  EXPECT_TRUE(stack.run_until([&] {
    return stack.watcher().not_ready().find(GetParam().problem) != std::string::npos;
  })) << stack.watcher().not_ready();
  EXPECT_TRUE(stack.api.asked().empty()) << "nothing is asked of a server that is not verified";
}
INSTANTIATE_TEST_SUITE_P(All, Tls, testing::ValuesIn(kRows));

// As kubectl and client-go take it: what is given is trusted, whoever signed it.
TEST(Authority, AnIntermediateAuthorityIsTrusted) {
  const Pki signed_by_another = make_pki(true);
  Stack::Options options;
  options.pki = &signed_by_another;
  Stack stack(std::move(options));
  stack.agent.start();
  stack.start();
  EXPECT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
}

TEST(Account, ATokenFileIsReadAnewAsItRotates) {
  Stack::Options options;
  options.api.token = "first";
  Stack stack(std::move(options));
  stack.server.token.file = stack.folder.write("token", "first\n");
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
  stack.api.change_token("second");
  stack.api.drop_connections();
  ASSERT_TRUE(stack.run_until([&] { return stack.metric("sluice_watcher_failures_total", "refused") > 0; }));
  stack.folder.write("token", "second\n");
  std::mt19937 random(1);
  stack.world.put(Kind::kPod, invent(Kind::kPod, 1, random));
  EXPECT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
  EXPECT_TRUE(stack.run_until([&] { return stack.agent.problems().empty(); }));
}

TEST(Account, AClientCertificateIsShown) {
  Stack::Options options;
  options.api.ask_for_certificate = true;
  Stack stack(std::move(options));
  stack.server.certificate.file = stack.folder.write("client.crt", pki().client.certificate);
  stack.server.key.file = stack.folder.write("client.key", pki().client.key);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
  for (const Asked& asked : stack.api.asked()) EXPECT_EQ(asked.client, "watcher");
}

TEST(Account, IPv6) {
  Stack::Options options;
  options.api.address = "::1";
  Stack stack(std::move(options));
  stack.agent.start();
  stack.start();
  EXPECT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
}

}  // namespace
}  // namespace sluice::kubeapi
