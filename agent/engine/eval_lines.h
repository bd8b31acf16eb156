// Probes and answers as JSON lines, the input and output of `sluicectl eval`
// (docs/interfaces.md).
//
// Laws:
//  1. The id comes back byte for byte, any JSON value, null where there was none.
//  2. Every line in gives one line out; a line that is wrong gives {"id":…,"error":…}.
//  3. An unknown key is an error: a probe that asks what nobody reads would get the answer to
//     another question. The keys of an answer, and `note`, may stand there.
//  4. A probe without `protocol` is TCP, as a policy's port is (semantics 14).
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "agent/model/probe.h"

namespace sluice::engine {

struct EvalLine {
  std::string id = "null";  // JSON as the line spells it
  base::Result<model::Probe> probe;
};

// One line without its newline; at most kLongestEvalLine bytes.
EvalLine parse_eval_line(std::string_view line);
inline constexpr size_t kLongestEvalLine = size_t{64} * 1024;

// Without a newline.
std::string to_line(const std::string& id, const base::Result<model::Answer>& answer);

}  // namespace sluice::engine
