#include "agent/apps/ctl/top.h"

#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "agent/apps/ctl/status_text.h"
#include "agent/apps/table.h"
#include "agent/apps/terminal.h"
#include "agent/base/visible_json.h"
#include "agent/control/client.h"
#include "agent/observe/text.h"
#include "agent/stream/convert.h"

namespace sluice::apps::ctl {
namespace {

constexpr std::chrono::seconds kRedraw{1};
constexpr char kClear[] = "\x1b[H\x1b[2J\x1b[3J";

int64_t wall_nanoseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

bool put(const std::string& text) {
  return std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
}

int ended(const base::Status& status, control::CallFailure failure) {
  const bool refused = failure == control::CallFailure::kRefused;
  return fail(kSluicectl, refused ? kExitUsage : kExitFailed, "top: " + status.error().message());
}

int show_once(const TopOptions& options, const v1::ObserveRequest& request,
              std::optional<std::chrono::milliseconds> time) {
  observe::Pairs pairs;
  control::Client client(options.question.socket);
  const auto observed = client.observe(
      request, [&pairs](const v1::Flow& flow) { return pairs.add(stream::decode(flow)), true; }, time);
  if (!observed) return ended(observed, client.failure());
  const std::string text = options.output == "json"
                               ? top_json(pairs, options.rows)
                               : top_text(pairs, options.rows, wall_nanoseconds(), use_colour());
  return put(text) ? kExitDone : fail(kSluicectl, kExitFailed, "cannot write to standard output");
}

// Until the agent ends the stream, or nobody looks on any more.
int show_live(const TopOptions& options, const v1::ObserveRequest& request) {
  observe::Pairs pairs;
  std::mutex mutex;
  std::condition_variable over;
  std::optional<std::pair<base::Status, control::CallFailure>> end;
  std::thread reading([&] {
    control::Client client(options.question.socket);
    auto observed = client.observe(request, [&](const v1::Flow& flow) {
      const std::lock_guard lock(mutex);
      pairs.add(stream::decode(flow));
      return true;
    });
    const std::lock_guard lock(mutex);
    end.emplace(std::move(observed), client.failure());
    over.notify_all();
  });
  std::unique_lock lock(mutex);
  do {
    if (!put(kClear + top_text(pairs, options.rows, wall_nanoseconds(), use_colour())))
      std::_Exit(fail(kSluicectl, kExitFailed, "cannot write to standard output"));
  } while (!over.wait_for(lock, kRedraw, [&end] { return end.has_value(); }));
  lock.unlock();
  reading.join();
  return end->first ? kExitDone : ended(end->first, end->second);
}

}  // namespace

void add_top_options(CLI::App& command, TopOptions& options) {
  add_flow_options(command, options.question);
  command.add_option("--rows", options.rows, "Of denied, audited and allowed ones each")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  add_output_option(command, options.output, {"table", "json"});
}

int run_top(const TopOptions& options) {
  auto request = request_of(options.question, wall_nanoseconds());
  if (!request) return fail(kSluicectl, kExitUsage, "top: " + request.error().message());
  const bool live = options.output == "table" && ::isatty(STDOUT_FILENO) == 1;
  request->set_follow(live || request->allowed_seconds() > 0);
  if (live) return show_live(options, *request);
  const auto time = request->allowed_seconds() > 0
                        ? std::optional(std::chrono::milliseconds(request->allowed_seconds() * 1000LL))
                        : std::nullopt;
  return show_once(options, *request, time);
}

std::string top_text(const observe::Pairs& pairs, size_t rows, int64_t now, bool colour) {
  const auto busiest = pairs.busiest(rows);
  if (busiest.empty()) return "Nothing was denied of late, as far as the agent's history goes.\n";
  Table table({"VERDICT", "COUNT", "FROM", "TO", "PORT", "DIRECTION", "REASON", "POLICY", "LAST", "EVENT"});
  for (const observe::Pair& pair : busiest) {
    const std::string port = pair.port == 0 ? "" : "/" + std::to_string(pair.port);
    table.add({std::string(to_text(pair.verdict)), std::to_string(pair.count),
               observe::printable(pair.source), observe::printable(pair.destination),
               pair.protocol.to_text() + port, std::string(to_text(pair.direction)),
               observe::printable(pair.reason), observe::printable(pair.why),
               age_text(static_cast<double>(now - pair.last) / 1e9) + " ago", observe::printable(pair.id)});
  }
  std::string text = table.text(colour);
  if (pairs.others() > 0) text += std::to_string(pairs.others()) + " packets of other pairs\n";
  if (pairs.lost() > 0) text += std::to_string(pairs.lost()) + " lost: not in this table\n";
  return text;
}

std::string top_json(const observe::Pairs& pairs, size_t rows) {
  namespace json = boost::json;
  json::array list;
  for (const observe::Pair& pair : pairs.busiest(rows))
    list.push_back(json::object{{"verdict", to_text(pair.verdict)},
                                {"count", pair.count},
                                {"source", pair.source},
                                {"destination", pair.destination},
                                {"protocol", pair.protocol.to_text()},
                                {"port", pair.port},
                                {"direction", to_text(pair.direction)},
                                {"reason", pair.reason},
                                {"policy", pair.why},
                                {"last", observe::rfc3339(pair.last, 3)},
                                {"id", pair.id}});
  const json::object object{{"pairs", std::move(list)}, {"others", pairs.others()}, {"lost", pairs.lost()}};
  return base::visible_json(json::serialize(object)) + "\n";
}

}  // namespace sluice::apps::ctl
