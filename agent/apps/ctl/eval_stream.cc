#include "agent/apps/ctl/eval_stream.h"

#include <istream>
#include <optional>
#include <ostream>

#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/engine/eval_lines.h"

namespace sluice::apps::ctl {
namespace {

// The next line without its end, of which no more is kept than tells that it is too long; false at the end of
// input.
bool read_line(std::streambuf& in, std::string& line) {
  constexpr int kEnd = std::char_traits<char>::eof();
  line.clear();
  int c = in.sbumpc();
  if (c == kEnd) return false;
  for (; c != kEnd && c != '\n'; c = in.sbumpc())
    if (line.size() <= engine::kLongestEvalLine) line.push_back(static_cast<char>(c));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t") == std::string::npos;
}

}  // namespace

EvalCounts answer_lines(engine::Engine& engine, const model::Cluster& cluster, std::istream& in,
                        std::ostream& out) {
  const model::PodAddresses addresses(cluster);
  EvalCounts counts;
  size_t count = 0;
  Progress progress("probes", 0);
  for (std::string line; read_line(*in.rdbuf(), line);) {
    if (is_blank(line)) continue;
    const auto asked = engine::parse_eval_line(line);
    const base::Result<model::Answer> answer =
        asked.probe ? engine.evaluate(*asked.probe) : base::Result<model::Answer>(asked.probe.error());
    if (!answer) {
      const bool makes_sense = asked.probe && model::resolve(cluster, addresses, *asked.probe);
      ++(makes_sense ? counts.unanswered : counts.senseless);
      if (makes_sense && counts.failure.empty()) counts.failure = answer.error().message();
    }
    out << base::visible_json(engine::to_line(asked.id, answer)) << '\n';
    if (in.rdbuf()->in_avail() <= 0) out.flush();
    progress.step(++count);
  }
  out.flush();
  return counts;
}

}  // namespace sluice::apps::ctl
