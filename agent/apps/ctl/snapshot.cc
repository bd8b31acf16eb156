// sluicectl snapshot: what the agent knows, as manifests for the offline commands.
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "agent/apps/ctl/asking.h"
#include "agent/apps/ctl/commands.h"
#include "agent/base/visible_json.h"
#include "agent/source/encode/object.h"
#include "agent/source/encode/text.h"

namespace sluice::apps::ctl {
namespace {

struct SnapshotOptions {
  Asking asking;
  std::string output = "yaml";
};

// Writes objects as they come: however many there are, one is held.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(bool json) : json_(json) {}

  void add(const model::Object& object) {
    const boost::json::object made = source::encode::to_json_object(object);
    if (json_)
      write((count_ == 0 ? kListBegin : ",\n") + base::visible_json(boost::json::serialize(made)));
    else
      write("---\n" + source::encode::to_yaml_document(made));
    ++count_;
  }
  // False where something could not be written.
  bool end() {
    if (json_) write((count_ == 0 ? kListBegin : "") + std::string("]}\n"));
    return sound_ && std::fflush(stdout) == 0;
  }
  size_t count() const { return count_; }

 private:
  static constexpr const char* kListBegin = "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n";
  void write(const std::string& text) { sound_ = sound_ && std::fputs(text.c_str(), stdout) >= 0; }

  const bool json_;
  bool sound_ = true;
  size_t count_ = 0;
};

int run_snapshot(const SnapshotOptions& options) {
  SnapshotWriter writer(options.output == "json");
  control::Client client = options.asking.client();
  const auto read = client.snapshot([&writer](const model::Object& object) { writer.add(object); });
  if (!read)
    return fail(
        kSluicectl, kExitFailed,
        "snapshot: " + read.error().message() + (writer.count() > 0 ? ": what was printed is a part" : ""));
  if (!writer.end()) return fail(kSluicectl, kExitFailed, "cannot write to standard output");
  if (writer.count() == 0)
    return fail(kSluicectl, kExitDone, "warning: snapshot: the agent knows no object yet");
  return kExitDone;
}

}  // namespace

void add_snapshot(Commands& commands) {
  commands.add<SnapshotOptions>(
      "snapshot", "What the agent knows, trimmed, as manifests that the offline commands read",
      [](CLI::App& command, SnapshotOptions& options) {
        add_asking_options(command, options.asking);
        add_output_option(command, options.output, {"yaml", "json"});
      },
      run_snapshot);
}

}  // namespace sluice::apps::ctl
