// FaultTest: five pods of one node under traffic, and what must hold after each fault.
//
// friend sends numbers to web, by TCP over IPv4 and IPv6 and by UDP, and web answers each: a number that is lost ends
// its stream. Meanwhile stranger sends to web, whose ingress forbids it, and jailed to anybody, whose egress forbids
// it: so each program of a pair is asked alone.
//
// Laws that expect_sound() asserts:
//  1. No forbidden packet arrived (but what forgive() was told of).
//  2. No stream lost a number.
//  3. What the maps hold is a fresh compile of the manifests.
//  4. Nothing leaked: the agent's descriptors by kind, pins, qdiscs and filters are as many as at first.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <thread>

#include "agent/lab/lab.h"
#include "agent/source/folder/folder.h"
#include "tests/e2e/traffic.h"
#include "tests/live/beating.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"

namespace sluice::live {

inline constexpr char kFaultManifests[] = "/run/fault-manifests", kFaultSays[] = "/run/fault-says";
inline constexpr char kFaultPins[] = "/sys/fs/bpf/sluice";
inline constexpr uint16_t kAllowedPort = 8080, kForbiddenPort = 9000;
inline constexpr int kNumberMilliseconds = 5000;  // a lost packet is sent again well before
inline constexpr std::chrono::seconds kFaultPatience{20};

class FaultTest : public ::testing::Test {
 protected:
  // `options`: of the agent.
  void begin(std::vector<std::string> options = {}) {
    options_ = std::move(options);
    write_world();
    auto hosts = lab::up(source::folder::read_folder(kFaultManifests)->cluster, {});
    ASSERT_TRUE(hosts) << hosts.error().message();
    for (const auto& host : *hosts) interfaces_[host.name.name] = host.host_ifname;
    start_agent();
    ASSERT_TRUE(in_force());
    begin_traffic();
    first_ = footprint();
  }
  void TearDown() override {
    streams_.clear();
    hammers_.clear();
    receivers_.clear();
    agent_.end(SIGKILL);
    EXPECT_EQ(run({SLUICED, "--detach"}), 0);
    auto down = lab::down({});
    EXPECT_TRUE(down) << down.error().message();
    std::filesystem::remove_all(kFaultManifests);
  }

  void start_agent() {
    std::vector<std::string> words{program_,          "--node-name",   "node-1",
                                   "--manifests",     kFaultManifests, "--metrics",
                                   "127.0.0.1:19622", "--log-level",   "error"};
    words.insert(words.end(), options_.begin(), options_.end());
    agent_ = Process(std::move(words));
  }
  static bool in_force() { return run({SLUICECTL, "sync", "--timeout", "20s"}) == 0; }
  void kill_and_start() {
    agent_.end(SIGKILL);
    start_agent();
    ASSERT_TRUE(in_force());
  }
  static bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kFaultPatience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  static std::string said_by(const std::string& shell_words) {
    run({"/bin/sh", "-c", "(" + shell_words + ") > " + kFaultSays + " 2>&1"});
    std::ostringstream text;
    text << std::ifstream(kFaultSays).rdbuf();
    return text.str();
  }
  static void shell(const std::string& words) { ASSERT_EQ(run({"/bin/sh", "-c", words}), 0) << words; }
  static std::string status() { return said_by(SLUICECTL " status"); }

  // Another policy for web and open, which changes many entries and no verdict of the traffic.
  void change_policy() { write_blocks(++changes_); }

  void expect_sound(const std::string& when) {
    SCOPED_TRACE(when);
    ASSERT_NO_FATAL_FAILURE(expect_traffic());
    EXPECT_EQ(said_by(SLUICED " --dry-run --node-name node-1 --manifests " + std::string(kFaultManifests) +
                      " 2> /run/dry-says || cat /run/dry-says"),
              "")
        << "the maps hold something else than a fresh compile";
    const bool as_first = eventually([this] { return footprint() == first_; });
    EXPECT_TRUE(as_first) << "leaked:\n" << first_ << "and now:\n" << footprint();
  }
  // Laws 1 and 2 alone.
  void expect_traffic() {
    for (auto& [name, beating] : streams_) {
      beating->wait_for(kNumbers);
      ASSERT_FALSE(beating->lost()) << name << " stands after " << beating->beats() << " numbers";
    }
    EXPECT_EQ(forbidden(), forgiven_) << "forbidden packets arrived";
  }
  // What is forbidden no longer arrives from here on; what did until then is the fault's.
  void forgive() { forgiven_ = forbidden(); }
  uint64_t forbidden() {
    for (const base::Fd& receiver : receivers_)
      for (char byte; ::recv(receiver.get(), &byte, 1, MSG_DONTWAIT) >= 0;) ++forbidden_;
    return forbidden_;
  }

  // After a fault that loses datagrams by itself, in the kernel: another stream.
  void begin_datagrams_again() {
    streams_.erase("UDP");
    begin_stream("UDP", web_at(kWebIp), net::kUdp);
  }

  static std::string netns(const std::string& pod) { return "/run/netns/sluice-shop-" + pod; }
  const std::string& interface(const std::string& pod) const { return interfaces_.at(pod); }

  Process agent_;
  std::string program_ = SLUICED;                  // the agent's
  std::map<std::string, std::string> interfaces_;  // the near ends, by pod

 private:
  static constexpr char kWebIp[] = "10.244.7.12";
  static constexpr uint64_t kNumbers = 20;  // that each stream goes on by
  static constexpr std::chrono::milliseconds kPause{
      1};  // after each: streams without one would take all CPUs

  static std::string ip_of(int last) { return "10.244.7." + std::to_string(last); }
  static void write(const std::string& file, const std::string& text) {
    // Renamed into place, as the agent wants it.
    const std::string path = std::string(kFaultManifests) + "/" + file;
    std::ofstream("/run/fault-part") << text;
    std::filesystem::rename("/run/fault-part", path);
  }
  void write_world() {
    std::filesystem::create_directories(kFaultManifests);
    std::string pods =
        "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nspec: {podCIDR: 10.244.7.0/24}\n";
    int last = 11;
    for (const char* name : {"friend", "web", "stranger", "jailed", "open"}) {
      const std::string v4 = ip_of(last), v6 = "fd00:7::" + std::to_string(last);
      ++last;
      pods += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + std::string(name) +
              ", namespace: shop, labels: {app: " + name +
              "}}\nspec: {nodeName: node-1, containers: [{name: c, image: i}]}\nstatus: {phase: Running, "
              "podIP: " +
              v4 + ", podIPs: [{ip: " + v4 + "}, {ip: \"" + v6 + "\"}]}\n";
    }
    write("pods.yaml", pods);
    write("policies.yaml",
          "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: shop}\n"
          "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{from: "
          "[{podSelector: "
          "{matchLabels: {app: friend}}}], ports: [{protocol: TCP, port: 8080}, {protocol: UDP, port: "
          "8080}]}]}\n"
          "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: jail, namespace: "
          "shop}\n"
          "spec: {podSelector: {matchLabels: {app: jailed}}, policyTypes: [Egress]}\n");
    write_blocks(0);
  }
  static void write_blocks(int change) {
    std::string text =
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: blocks, namespace: shop}\n"
        "spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [";
    for (int block = 0; block < 8; ++block)
      text += std::string(block == 0 ? "" : ", ") + "{from: [{ipBlock: {cidr: 172." +
              std::to_string(16 + (change + block) % 16) + "." + std::to_string(change % 250) +
              ".0/24}}], ports: [{protocol: TCP, port: " + std::to_string(1000 + change + block) + "}]}";
    write("blocks.yaml", text + "]}\n");
  }
  void begin_stream(const std::string& name, const SocketAt& to, net::Protocol protocol) {
    auto stream = Stream::open(netns("friend"), netns("web"), to, to, 2000, protocol);
    ASSERT_TRUE(stream) << name << ": " << stream.error().message();
    streams_[name] = std::make_unique<Beating>(std::move(*stream), kNumberMilliseconds, kPause);
  }
  static SocketAt web_at(const char* ip) { return {*net::Ip::parse(ip), kAllowedPort}; }
  void begin_traffic() {
    const SocketAt web = web_at(kWebIp), web6 = web_at("fd00:7::12");
    begin_stream("TCP", web, net::kTcp);
    begin_stream("TCP over IPv6", web6, net::kTcp);
    begin_stream("UDP", web, net::kUdp);
    const net::Ip open = *net::Ip::parse("10.244.7.15");
    for (const auto& [pod, ip] : {std::pair("web", web.ip), {"open", open}}) {
      auto receiver = socket_in(netns(pod), AF_INET, SOCK_DGRAM, 0);
      ASSERT_TRUE(receiver) << receiver.error().message();
      const SocketAddress at_port({ip, kForbiddenPort});
      ASSERT_EQ(::bind(receiver->get(), at_port.get(), at_port.size()), 0) << pod;
      receivers_.push_back(std::move(*receiver));
    }
    hammers_.push_back(std::make_unique<e2e::Hammer>(netns("stranger"), web.ip, kForbiddenPort));
    hammers_.push_back(std::make_unique<e2e::Hammer>(netns("jailed"), open, kForbiddenPort));
  }
  // What the agent holds and has made, in lines.
  std::string footprint() {
    namespace fs = std::filesystem;
    std::map<std::string, int> counts;
    std::error_code gone;
    for (const auto& fd : fs::directory_iterator("/proc/" + std::to_string(agent_.pid()) + "/fd", gone)) {
      std::string what = fs::read_symlink(fd.path(), gone).string();
      if (what.starts_with("socket:")) continue;       // of callers, who come and go
      if (what.starts_with("/proc/")) what = "/proc";  // its number is another agent's
      ++counts["descriptor " + what.substr(0, what.find(':') == what.npos ? what.size() : what.find('['))];
    }
    for (const auto& pin : fs::recursive_directory_iterator(kFaultPins, gone))
      if (!pin.is_directory(gone)) ++counts["pin in " + pin.path().parent_path().filename().string()];
    for (const auto& [pod, interface] : interfaces_) {
      const std::string held = said_by("tc qdisc show dev " + interface + "; tc filter show dev " +
                                       interface + " ingress; tc filter show dev " + interface + " egress");
      for (const char* what : {"qdisc clsact", "handle 0x"})
        for (size_t at = held.find(what); at != held.npos; at = held.find(what, at + 1))
          ++counts[std::string(what) + " of " + pod];
    }
    std::string text;
    for (const auto& [what, count] : counts) text += what + ": " + std::to_string(count) + "\n";
    return text;
  }

  std::vector<std::string> options_;
  std::map<std::string, std::unique_ptr<Beating>> streams_;
  std::vector<base::Fd> receivers_;
  std::vector<std::unique_ptr<e2e::Hammer>> hammers_;
  std::string first_;
  uint64_t forbidden_ = 0, forgiven_ = 0;
  int changes_ = 0;
};

}  // namespace sluice::live
