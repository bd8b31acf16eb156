// sluice-watcher as a program: what it says of wrong command lines and of a limit of threads that is too low,
// and that it does its work as nobody, without any capability.
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/kubeapi/invented.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;

constexpr uid_t kNobody = 65534;

// Runs SLUICE_WATCHER; ends with this at the latest.
class Program {
 public:
  // `threads`: how many its user may have in all.
  Program(std::vector<std::string> arguments, const std::string& errors, rlim_t threads = RLIM_INFINITY) {
    arguments.insert(arguments.begin(), SLUICE_WATCHER);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ != 0) return;
    if (std::freopen(errors.c_str(), "w", stderr) == nullptr) ::_exit(99);
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    // As root: nobody from here on, which takes every capability away.
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0))
      ::_exit(98);
    if (threads != RLIM_INFINITY) limit_threads(threads);
    ::execv(argv[0], argv.data());
    ::_exit(97);
  }
  ~Program() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void stop() const { ::kill(pid_, SIGTERM); }
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  // The effective capabilities, as /proc says them.
  std::string capabilities() const {
    std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("CapEff:")) return line.substr(line.find_last_of("\t ") + 1);
    return {};
  }

 private:
  static void limit_threads(rlim_t most) {
    const rlimit limit{most, most};
    if (::setrlimit(RLIMIT_NPROC, &limit) != 0) ::_exit(96);
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);  // it would start a thread for that
  }

  pid_t pid_ = -1;
};

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

void expect_one_line(const std::string& said, const char* says) {
  EXPECT_TRUE(said.starts_with("sluice-watcher: ")) << said;
  EXPECT_NE(said.find(says), said.npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

// Of a cluster that is not there.
std::string kubeconfig_in(const Folder& folder) {
  folder.write("ca.crt", pki().ca);
  folder.write("token", "secret\n");
  return folder.write("config",
                      "current-context: c\ncontexts: [{name: c, context: {cluster: k, "
                      "user: u}}]\nusers: [{name: u, user: {tokenFile: "
                      "token}}]\nclusters: [{name: k, cluster: {server: "
                      "\"https://127.0.0.1:1\", certificate-authority: ca.crt}}]\n");
}

struct Row {
  std::vector<std::string> arguments;
  const char* says;
};
TEST(CommandLine, WhatMakesNoSenseIsExit2AndOneLine) {
  const Row rows[] = {
      {{}, "KUBERNETES_SERVICE_HOST is not set: run in a pod of the cluster, or give --kubeconfig FILE"},
      {{"--kubeconfig", "/nonexistent/config"}, "open /nonexistent/config: No such file or directory"},
      {{"--context", "c"}, "--context: there is no kubeconfig to choose from"},
      {{"--api-server", "a:b"}, "--api-server: \"a:b\" is no HOST:PORT"},
      {{"--metrics", "9620"}, "--metrics: "},
      {{"--encoding", "yaml"}, "--encoding: "},
      {{"--cluster", "10.0.0.0/8"}, "--cluster requires --accept-cilium"},
      {{"--accept-cilium", "--cluster", "10.0.0.0/33"}, "--cluster: "},
      {{"--nonsense"}, "--nonsense"},
  };
  const Folder folder;
  for (const Row& row : rows) {
    Program program(row.arguments, folder.file("errors"));
    EXPECT_EQ(program.wait(), 2) << row.says;
    expect_one_line(text_of(folder.file("errors")), row.says);
  }
}

// gRPC would wait for ever for a thread that it cannot start.
TEST(CommandLine, TooFewThreadsAreExit1AndOneLine) {
  const Folder folder;
  const std::string config = kubeconfig_in(folder);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder.file("").c_str(), kNobody, kNobody), 0);
  }
  for (const rlim_t threads : {1, 4}) {
    Program program(
        {"--kubeconfig", config, "--socket", folder.file("agent.sock"), "--metrics", "127.0.0.1:0"},
        folder.file("errors"), threads);
    EXPECT_EQ(program.wait(), 1) << threads;
    expect_one_line(text_of(folder.file("errors")), "more threads are needed");
  }
}

// Waits without the loop of a watcher: the program has its own.
bool eventually(const std::function<bool()>& holds) {
  boost::asio::io_context loop;
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!holds() && std::chrono::steady_clock::now() < end) {
    boost::asio::steady_timer pause(loop, std::chrono::milliseconds(5));
    pause.wait();
  }
  return holds();
}

TEST(Program, WatchesAsNobodyAndEndsInGoodOrder) {
  World world;
  std::mt19937 random(1);
  for (const Kind kind : model::kKinds)
    for (int number = 0; number < 12; ++number) world.put(kind, invent(kind, number, random));
  ApiDouble::Options options;
  options.token = "secret";
  ApiDouble api(world, pki(), options, {});
  const Folder folder;
  AgentDouble agent(folder.file("agent.sock"));
  agent.start();
  const std::string config = kubeconfig_in(folder);
  for (const char* name : {"", "agent.sock"})
    if (::geteuid() == 0) {
      ASSERT_EQ(::chown(folder.file(name).c_str(), kNobody, kNobody), 0);
    }
  Program program({"--kubeconfig", config, "--api-server", "127.0.0.1:" + std::to_string(api.port()),
                   "--socket", folder.file("agent.sock"), "--metrics", "127.0.0.1:0"},
                  folder.file("log"));
  ASSERT_TRUE(eventually([&] { return agent.cluster() == world.cluster(); })) << text_of(folder.file("log"));
  if (::geteuid() == 0) {
    EXPECT_EQ(program.capabilities(), "0000000000000000");
  }
  agent.stop(true);
  world.remove(Kind::kPod, world.names(Kind::kPod).front());
  agent.start();
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder.file("agent.sock").c_str(), kNobody, kNobody), 0);
  }
  ASSERT_TRUE(eventually([&] { return agent.cluster() == world.cluster(); })) << text_of(folder.file("log"));
  program.stop();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(agent.broken(), "");
}

}  // namespace
}  // namespace sluice::kubeapi
