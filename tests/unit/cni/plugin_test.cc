// Calls of the plugin against an agent's double on a real socket, as far as they need no namespace; those
// that do stand in tests/cni.
#include "agent/cni/plugin.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <future>
#include <map>

#include "tests/unit/cni/agent_double.h"
#include "tests/unit/cni/socket_fixture.h"

namespace sluice::cni {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PluginTest : public SocketTest {
 protected:
  std::string config(const std::string& more = "", const std::string& version = "1.0.0") const {
    return R"({"cniVersion":")" + version +
           R"(","name":"n","type":"sluice-cni","timeout":"300ms","socket":")" + socket_ + "\"" + more + "}";
  }
  Output call(const std::string& command, const base::Result<std::string>& input) const {
    std::map<std::string, std::string> variables = variables_;
    variables["CNI_COMMAND"] = command;
    return run(
        [variables](const char* name) -> const char* {
          const auto found = variables.find(name);
          return found == variables.end() ? nullptr : found->second.c_str();
        },
        input);
  }
  static json::object error_of(const Output& output) {
    EXPECT_EQ(output.exit, 1);
    return json::parse(output.answer).as_object();
  }

  std::map<std::string, std::string> variables_{
      {"CNI_CONTAINERID", "c0ffee"},
      {"CNI_IFNAME", "eth0"},
      {"CNI_NETNS", "/nonexistent"},
      {"CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1"}};
};

TEST_F(PluginTest, VersionNamesAllItSpeaks) {
  for (const auto& [input, version] : std::vector<std::pair<std::string, std::string>>{
           {R"({"cniVersion":"0.4.0"})", "0.4.0"}, {"", "1.1.0"}}) {
    const Output output = call("VERSION", input);
    EXPECT_EQ(output.exit, 0);
    EXPECT_EQ(output.answer, R"({"cniVersion":")" + version +
                                 R"(","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]})" +
                                 "\n");
  }
}

struct ErrorRow {
  std::string command, input;
  int code;
  std::string message;
};

TEST_F(PluginTest, ErrorsAreThoseOfTheSpecification) {
  last_agent_change(std::chrono::hours(1));
  const std::string result = R"(,"prevResult":{"cniVersion":"1.0.0"})";
  const std::vector<ErrorRow> rows{
      {"INIT", config(), 4, "CNI_COMMAND \"INIT\""},
      {"GC", config(), 1, "GC: cniVersion 1.0.0 has no GC: it came with 1.1.0"},
      {"STATUS", config(), 1, "STATUS: cniVersion 1.0.0 has no STATUS: it came with 1.1.0"},
      {"STATUS", "7", 6, "is no JSON object"},
      {"STATUS", config("", "1.1.0"), 50, "the network policy of a new pod cannot be put in force now"},
      {"GC", config("", "1.1.0"), 7, "cni.dev/valid-attachments: is missing"},
      {"GC", config(R"(,"cni.dev/valid-attachments":7)", "1.1.0"), 7, "must be a list"},
      {"GC", config(R"(,"cni.dev/valid-attachments":[])", "1.1.0"), 11,
       "GC: network n: nothing was taken back"},
      {"ADD", "nonsense", 6, "is no JSON"},
      {"ADD", "7", 6, "is no JSON object"},
      {"ADD", R"({"cniVersion":"0.2.0"})", 1, "cniVersion \"0.2.0\""},
      {"ADD", config(R"(,"onFailure":"x")"), 7, "onFailure"},
      {"ADD", config(R"(,"gate":"ajar")"), 7, "gate: \"ajar\": must be close or open"},
      {"ADD", config(R"(,"gate":"close")"), 102, "pod shop/web-1: the gate of its network namespace"},
      {"ADD", config(), 7, "prevResult: is missing"},
      {"CHECK", config(), 7, "prevResult: is missing"},
      {"ADD", config(R"(,"prevResult":{"cniVersion":"0.1.0"})"), 1, "prevResult: cniVersion \"0.1.0\""},
      {"ADD", config(R"(,"prevResult":{"ips":7})"), 7, "prevResult.ips"},
      {"ADD", config(result), 100, "pod shop/web-1: its interface on this node was not found"},
      {"CHECK", config(result, "0.3.1"), 1, "has no CHECK"},
      {"CHECK", config(result), 11, "pod shop/web-1: its network policy is not in force"},
  };
  for (const ErrorRow& row : rows) {
    const auto error = error_of(call(row.command, row.input));
    EXPECT_EQ(error.at("code").as_int64(), row.code) << row.command << " " << row.input;
    EXPECT_THAT(error.at("msg").as_string().c_str(), HasSubstr(row.message));
    EXPECT_TRUE(error.contains("cniVersion"));
  }
}

TEST_F(PluginTest, InputThatCannotBeReadIsAnErrorOfItsOwn) {
  const auto error = error_of(call("ADD", base::Error("does not end")));
  EXPECT_EQ(error.at("code").as_int64(), 5);
  EXPECT_EQ(error.at("cniVersion").as_string(), "1.1.0");
}

TEST_F(PluginTest, AContainerThatIsNoPodIsRefused) {
  variables_["CNI_ARGS"] = "";
  const auto error = error_of(call("ADD", config(R"(,"prevResult":{})")));
  EXPECT_EQ(error.at("code").as_int64(), 4);
  EXPECT_THAT(error.at("msg").as_string().c_str(), HasSubstr("K8S_POD_NAMESPACE"));
}

TEST_F(PluginTest, PermissiveLetsGoAndReports) {
  const Output output =
      call("ADD", config(R"(,"onFailure":"permissive","prevResult":{"cniVersion":"1.0.0","a":[1.5]})"));
  EXPECT_EQ(output.exit, 0);
  EXPECT_EQ(json::parse(output.answer), json::parse(R"({"cniVersion":"1.0.0","a":[1.5]})"));
  ASSERT_EQ(output.report.size(), 1u);
  EXPECT_THAT(output.report[0], HasSubstr("pod shop/web-1: its interface on this node was not found"));
  EXPECT_THAT(output.report[0], HasSubstr("let go, since onFailure is permissive"));
}

TEST_F(PluginTest, TheGateAloneAsksNobody) {
  const Output checked = call("CHECK", config(R"(,"gate":"close","prevResult":{})"));
  EXPECT_EQ(checked.exit, 0);
  EXPECT_EQ(checked.answer, "");
  const Output deleted = call("DEL", config(R"(,"gate":"close")"));
  EXPECT_EQ(deleted.exit, 0);
  EXPECT_THAT(deleted.report, IsEmpty()) << "its namespace is gone already";
  const Output let_go = call("ADD", config(R"(,"gate":"close","onFailure":"permissive")", "0.4.0"));
  EXPECT_EQ(let_go.exit, 0);
  EXPECT_EQ(let_go.answer, "{\"cniVersion\":\"0.4.0\"}\n");
  ASSERT_EQ(let_go.report.size(), 1u);
  EXPECT_THAT(let_go.report[0], HasSubstr("the gate of its network namespace: open /nonexistent"));
}

TEST_F(PluginTest, CheckAsksTheAgent) {
  AgentDouble agent(socket_);
  ASSERT_TRUE(agent.listens());
  const std::string input = config(R"(,"prevResult":{})");
  const Output sound = call("CHECK", input);
  EXPECT_EQ(sound.exit, 0);
  EXPECT_EQ(sound.answer, "");
  ASSERT_EQ(agent.checked().size(), 1u);
  EXPECT_EQ(agent.checked()[0].container_id(), "c0ffee");
  EXPECT_EQ(agent.checked()[0].interface_name(), "eth0");
  agent.say_missing("Pod shop/web-1: not known yet");
  const auto late = error_of(call("CHECK", input));
  EXPECT_EQ(late.at("code").as_int64(), 11);
  EXPECT_EQ(late.at("details").as_string(), "Pod shop/web-1: not known yet");
  agent.answer_check({grpc::StatusCode::NOT_FOUND, "container c0ffee: nobody announced it"});
  EXPECT_EQ(error_of(call("CHECK", input)).at("code").as_int64(), 3);
  EXPECT_EQ(call("CHECK", config(R"(,"onFailure":"permissive","prevResult":{})")).exit, 0);
}

TEST_F(PluginTest, DelTellsTheAgent) {
  AgentDouble agent(socket_);
  ASSERT_TRUE(agent.listens());
  variables_.erase("CNI_NETNS");
  variables_.erase("CNI_ARGS");
  const Output output = call("DEL", config());
  EXPECT_EQ(output.exit, 0);
  EXPECT_EQ(output.answer, "");
  EXPECT_THAT(output.report, IsEmpty());
  ASSERT_EQ(agent.deleted().size(), 1u);
  EXPECT_EQ(agent.deleted()[0].container_id(), "c0ffee");
  EXPECT_EQ(agent.deleted()[0].interface_name(), "eth0");
}

TEST_F(PluginTest, DelNeverFails) {
  const std::vector<base::Result<std::string>> inputs{config(),
                                                      std::string(),
                                                      std::string("nonsense"),
                                                      std::string("{}"),
                                                      config(R"(,"prevResult":7)"),
                                                      base::Error("does not end")};
  std::vector<std::future<Output>> calls;  // at once: each waits for an agent
  for (const auto& input : inputs)
    calls.push_back(std::async(std::launch::async, [this, &input] { return call("DEL", input); }));
  for (auto& deleting : calls) {
    const Output output = deleting.get();
    EXPECT_EQ(output.exit, 0);
    EXPECT_EQ(output.answer, "");
    EXPECT_THAT(output.report.back(), HasSubstr("DEL: container c0ffee: no agent answers"));
  }
  variables_.erase("CNI_CONTAINERID");
  EXPECT_EQ(call("DEL", config()).exit, 0);
}

TEST_F(PluginTest, StatusSaysWhetherAPodCanBeAdded) {
  variables_.clear();
  AgentDouble agent(socket_);
  ASSERT_TRUE(agent.listens());
  const Output ready = call("STATUS", config("", "1.1.0"));
  EXPECT_EQ(ready.exit, 0);
  EXPECT_EQ(ready.answer, "");
  agent.say_missing("no state in force yet");
  last_agent_change(std::chrono::seconds(20));
  const Output replaced = call("STATUS", config("", "1.1.0"));
  EXPECT_EQ(replaced.exit, 0);
  EXPECT_THAT(replaced.report,
              ElementsAre(HasSubstr("no state in force yet: an agent was there moments ago")));
  last_agent_change(std::chrono::seconds(90));
  const auto error = error_of(call("STATUS", config("", "1.1.0")));
  EXPECT_EQ(error.at("code").as_int64(), 50);
  EXPECT_EQ(error.at("details").as_string(), "no state in force yet");
  EXPECT_EQ(call("STATUS", config(R"(,"gate":"close")", "1.1.0")).exit, 0) << "it asks nobody";
  const Output permissive = call("STATUS", config(R"(,"onFailure":"permissive")", "1.1.0"));
  EXPECT_EQ(permissive.exit, 0);
  EXPECT_THAT(permissive.report, ElementsAre(HasSubstr("no state in force yet: pods are let go")));
  agent.answer_ready({grpc::StatusCode::UNIMPLEMENTED, "of a release before"});
  EXPECT_EQ(call("STATUS", config("", "1.1.0")).exit, 0);
}

TEST_F(PluginTest, GcTellsTheAgentWhatIsStillThere) {
  variables_.clear();
  AgentDouble agent(socket_);
  ASSERT_TRUE(agent.listens());
  const std::string valid =
      R"(,"cni.dev/valid-attachments":[{"containerID":"c0ffee","ifname":"eth0"},{"containerID":"b","ifname":"net1"}])";
  const Output done = call("GC", config(valid, "1.1.0"));
  EXPECT_EQ(done.exit, 0);
  EXPECT_EQ(done.answer, "");
  ASSERT_EQ(agent.kept().size(), 1u);
  const auto request = agent.kept()[0];
  EXPECT_EQ(request.network(), "n");
  ASSERT_EQ(request.valid_size(), 2);
  EXPECT_EQ(request.valid(1).container_id(), "b");
  EXPECT_EQ(request.valid(1).interface_name(), "net1");
  EXPECT_EQ(call("GC", config(valid + R"(,"gate":"close")", "1.1.0")).exit, 0);
  EXPECT_EQ(agent.kept().size(), 1u) << "the gate has nothing to say";
  agent.answer_keep({grpc::StatusCode::UNIMPLEMENTED, "of a release before"});
  EXPECT_EQ(error_of(call("GC", config(valid, "1.1.0"))).at("code").as_int64(), 101);
}

TEST_F(PluginTest, AnAgentThatSaysNothingIsWaitedForUntilTheDeadline) {
  const SilentSocket silent(socket_);
  ASSERT_TRUE(silent.listens());
  const auto started = steady_clock::now();
  EXPECT_EQ(call("DEL", config()).exit, 0);
  EXPECT_EQ(error_of(call("CHECK", config(R"(,"prevResult":{})"))).at("code").as_int64(), 11);
  EXPECT_LT(steady_clock::now() - started, std::chrono::seconds(5));
}

}  // namespace
}  // namespace sluice::cni
