#include "agent/apps/kubectl/observe.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <deque>

#include "agent/apps/kubectl/agents.h"
#include "agent/apps/kubectl/child.h"
#include "agent/apps/kubectl/merge.h"
#include "agent/base/excerpt.h"

namespace sluice::apps::kubectl {
namespace {

using base::Status;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kHold{500};  // for records of other nodes that are under way
constexpr size_t kMostWaiting = 4096;            // lines of a node that is ahead of the others
constexpr char kNothing[] = "holds no such record";

struct Node {
  Pod agent;
  Child child;
  Lines output = {}, errors = {};
  bool output_ended = false, errors_ended = false;
  std::string said = {};  // last on its standard error
};

class Observation {
 public:
  Observation(const Words& words, std::vector<Node> nodes)
      : nodes_(std::move(nodes)),
        form_(form_of(words)),
        follows_(is_endless(words)),
        merge_(nodes_.size(), follows_ ? std::optional(kHold) : std::nullopt) {
    for (const Node& node : nodes_) width_ = std::max(width_, node.agent.node.size());
    const std::string last = value_of(words.arguments, "--last");
    size_t most = 0;
    if (!follows_ && !last.empty() &&
        std::from_chars(last.data(), last.data() + last.size(), most).ec == std::errc())
      most_ = most;
  }
  int run();

 private:
  static Form form_of(const Words& words) {
    const std::string format = output_format(words.arguments);
    return format.empty() || format == "text" ? Form::kText : Form::kJson;
  }
  static bool is_endless(const Words& words) {
    return std::ranges::any_of(words.arguments, [](const std::string& word) {
      return word == "-f" || word == "--follow" || word.starts_with("--allowed");
    });
  }
  int wait_milliseconds() const;
  Status read_what_is_there();
  Status read(size_t at, bool output, bool errors);
  void hear(Node& node, const std::vector<std::string>& lines);
  void put(const std::vector<LineMerge::Line>& lines);
  bool write(const LineMerge::Line& line) const;
  int end();

  std::vector<Node> nodes_;
  const Form form_;
  const bool follows_;
  LineMerge merge_;
  size_t width_ = 0;
  std::optional<size_t> most_;        // --last: of all nodes together
  std::deque<LineMerge::Line> held_;  // where most_ is given, until the end
  uint64_t shown_ = 0;
  bool is_written_ = true;
};

int Observation::wait_milliseconds() const {
  const auto due = merge_.due();
  if (!due) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - steady_clock::now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, kHold.count()));
}

void Observation::hear(Node& node, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    if (is_remark(line) || line.ends_with(kNothing)) continue;
    node.said = base::one_line(line);
    std::fprintf(stderr, "%s: node %s: %s\n", kProgram, node.agent.node.c_str(), node.said.c_str());
  }
}

Status Observation::read(size_t at, bool output, bool errors) {
  Node& node = nodes_[at];
  std::vector<std::string> lines;
  if (output) {
    const auto more = node.output.read(node.child.output(), lines);
    if (!more) return more.error().within("node " + node.agent.node);
    for (std::string& line : lines) {
      std::string key = time_key(line, form_);
      merge_.add(at, std::move(key), std::move(line), steady_clock::now());
    }
    node.output_ended = !*more;
    if (node.output_ended) merge_.end(at);
  }
  lines.clear();
  if (errors) {
    const auto more = node.errors.read(node.child.errors(), lines);
    if (!more) return more.error().within("node " + node.agent.node);
    hear(node, lines);
    node.errors_ended = !*more;
  }
  return base::done();
}

Status Observation::read_what_is_there() {
  std::vector<pollfd> polled;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const bool is_ahead = merge_.waiting(i) >= kMostWaiting;
    polled.push_back({nodes_[i].output_ended || is_ahead ? -1 : nodes_[i].child.output(), POLLIN, 0});
    polled.push_back({nodes_[i].errors_ended ? -1 : nodes_[i].child.errors(), POLLIN, 0});
  }
  if (::poll(polled.data(), polled.size(), wait_milliseconds()) < 0 && errno != EINTR)
    return base::Error::from_errno(errno, "poll");
  for (size_t i = 0; i < nodes_.size(); ++i)
    if (auto done = read(i, polled[2 * i].revents != 0, polled[2 * i + 1].revents != 0); !done) return done;
  return base::done();
}

bool Observation::write(const LineMerge::Line& line) const {
  if (form_ == Form::kText) {
    const std::string& node = nodes_[line.stream].agent.node;
    std::printf("%s%s", node.c_str(), std::string(width_ - node.size() + 1, ' ').c_str());
  }
  return std::printf("%s\n", base::one_line(line.text).c_str()) >= 0;
}

void Observation::put(const std::vector<LineMerge::Line>& lines) {
  for (const auto& line : lines) {
    ++shown_;
    if (!most_) {
      is_written_ = write(line) && is_written_;
      continue;
    }
    held_.push_back(line);
    if (held_.size() > *most_) held_.pop_front();
  }
  if (follows_ && !lines.empty()) is_written_ = std::fflush(stdout) == 0 && is_written_;
}

int Observation::end() {
  for (const auto& line : held_) is_written_ = write(line) && is_written_;
  is_written_ = std::fflush(stdout) == 0 && is_written_;
  if (!is_written_) return fail(kProgram, kExitFailed, "cannot write to standard output");
  int worst = kExitDone;
  for (Node& node : nodes_) {
    const int code = node.child.wait();
    if (code != kExitDone && node.said.empty())
      fail(kProgram, code, "node " + node.agent.node + ": kubectl exec: exit " + std::to_string(code));
    worst = std::max(worst, code);
  }
  if (worst == kExitDone && shown_ == 0 && form_ == Form::kText && !follows_)
    fail(kProgram, kExitDone, "observe: the agents' histories hold no such record");
  return worst;
}

int Observation::run() {
  const auto is_over = [](const Node& node) { return node.output_ended && node.errors_ended; };
  while (is_written_ && !std::ranges::all_of(nodes_, is_over)) {
    if (auto read = read_what_is_there(); !read) return fail(kProgram, kExitFailed, read.error().message());
    put(merge_.take(steady_clock::now()));
  }
  return end();
}

}  // namespace

int observe(const Words& words, const std::vector<Pod>& agents) {
  if (agents.size() > kMostNodes)
    return fail(kProgram, kExitUsage,
                "observe: agents run on " + std::to_string(agents.size()) + " nodes, more than " +
                    std::to_string(kMostNodes) + " can be read at a time: give --node, as often as you like");
  std::vector<Node> nodes;
  for (const Pod& agent : agents) {
    auto child = Child::start(exec_words(words, agent, words.arguments), Spoken::kCaptured);
    if (!child) return fail(kProgram, kExitFailed, child.error().message());
    nodes.push_back({agent, std::move(*child)});
  }
  return Observation(words, std::move(nodes)).run();
}

}  // namespace sluice::apps::kubectl
