// sluicectl observe: what is denied, and where it is asked for what is allowed, record by record.
#include <chrono>
#include <cstdio>

#include "agent/apps/ctl/flow_question.h"
#include "agent/apps/ctl/top.h"
#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/control/client.h"
#include "agent/observe/json.h"
#include "agent/observe/text.h"
#include "agent/stream/convert.h"

namespace sluice::apps::ctl {
namespace {

struct ObserveOptions {
  FlowQuestion question;
  bool follow = false;
  std::string output = "text";
};

int64_t nanoseconds_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::string text_of(const observe::FlowRecord& record, const std::string& output, bool colour) {
  if (output == "json") return base::visible_json(observe::json_of(record));
  if (output == "jsonpb") return base::visible_json(observe::hubble_json_of(record));
  return observe::line_of(record, {colour, observe::rfc3339(nanoseconds_now(), 0).substr(0, 10)});
}

int run_observe(const ObserveOptions& options) {
  auto request = request_of(options.question, nanoseconds_now());
  if (!request) return fail(kSluicectl, kExitUsage, "observe: " + request.error().message());
  const bool for_a_time = request->allowed_seconds() > 0 && !options.follow;
  request->set_follow(options.follow || for_a_time);
  const bool history = request->has_last() || request->filter().since_unix_nanoseconds() != 0;
  if (request->follow() && !history) request->set_last(0);
  const bool colour = use_colour();
  uint64_t shown = 0;
  bool is_written = true;
  const auto show = [&](const v1::Flow& flow) {
    const std::string line = text_of(stream::decode(flow), options.output, colour) + "\n";
    is_written = std::fputs(line.c_str(), stdout) >= 0 && (!request->follow() || std::fflush(stdout) == 0);
    ++shown;
    return is_written;
  };
  control::Client client(options.question.socket);
  const auto time = for_a_time ? std::optional(std::chrono::milliseconds(request->allowed_seconds() * 1000LL))
                               : std::nullopt;
  const auto observed = client.observe(*request, show, time);
  is_written = is_written && std::fflush(stdout) == 0;
  if (!is_written) return fail(kSluicectl, kExitFailed, "cannot write to standard output");
  if (!observed && client.failure() == control::CallFailure::kRefused)
    return fail(kSluicectl, kExitUsage, "observe: " + observed.error().message());
  if (!observed) return fail(kSluicectl, kExitFailed, observed.error().message());
  if (shown == 0 && options.output == "text" && !request->follow())
    return fail(kSluicectl, kExitDone, "observe: the agent's history holds no such record");
  return kExitDone;
}

}  // namespace

void add_observe(Commands& commands) {
  commands.add<ObserveOptions>(
      "observe", "Denied connections of late and as they come, who by which policy",
      [](CLI::App& command, ObserveOptions& options) {
        add_flow_options(command, options.question);
        command.add_flag("-f,--follow", options.follow, "Go on with what comes, without end");
        add_output_option(command, options.output, {"text", "json", "jsonpb"});
      },
      run_observe);
  commands.add<TopOptions>("top", "The busiest denied and allowed pairs", add_top_options, run_top);
}

}  // namespace sluice::apps::ctl
