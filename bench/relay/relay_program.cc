#include "bench/relay/relay_program.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace sluice::bench {

RelayProgram::RelayProgram(const std::string& kubeconfig, const std::string& address,
                           const std::string& metrics, const relay::TlsFiles& files,
                           const std::string& errors)
    : metrics_(metrics) {
  std::vector<std::string> arguments = {
      SLUICE_WATCHER, "--kubeconfig",       kubeconfig, "--serve",    address,           "--metrics",
      metrics,        "--relay-node-names", "any",      "--tls-cert", files.certificate, "--tls-key",
      files.key,      "--tls-ca",           files.ca};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (std::freopen(errors.c_str(), "w", stderr) == nullptr) ::_exit(99);
  ::execv(argv[0], argv.data());
  ::_exit(97);
}

RelayProgram::~RelayProgram() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

// HTTP/1.0 over loopback; empty where nobody answers.
std::string RelayProgram::get(const std::string& path) const {
  namespace asio = boost::asio;
  const auto address = asio::ip::make_address(metrics_.substr(0, metrics_.rfind(':')));
  const auto port = static_cast<uint16_t>(std::stoi(metrics_.substr(metrics_.rfind(':') + 1)));
  asio::io_context loop;
  asio::ip::tcp::socket socket(loop);
  boost::system::error_code code;
  if (socket.connect({address, port}, code)) return {};
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
  asio::write(socket, asio::buffer(request), code);
  std::string answer;
  asio::read(socket, asio::dynamic_buffer(answer), code);
  return answer;
}

bool RelayProgram::is_ready() const {
  return get("/readyz").find(" 200 ") != std::string::npos;
}

double RelayProgram::metric(const std::string& name) const {
  std::istringstream lines(get("/metrics"));
  double sum = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + "{") || line.starts_with(name + " "))
      sum += std::stod(line.substr(line.rfind(' ')));
  return sum;
}

double RelayProgram::resident_mib() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string text; std::getline(status, text);)
    if (text.starts_with("VmRSS:")) return std::stod(text.substr(text.find(':') + 1)) / 1024;
  return 0;
}

double RelayProgram::cpu_seconds() const {
  std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(stat, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace sluice::bench
