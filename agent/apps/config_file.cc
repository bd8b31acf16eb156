#include "agent/apps/config_file.h"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "agent/apps/command_line.h"

namespace sluice::apps {
namespace {

using base::Error;

constexpr size_t kLargestConfig = 1 << 20;

base::Result<std::string> read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error::from_errno(errno, "--config " + file);
  std::string text(kLargestConfig + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return Error("--config " + file + ": cannot be read");
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kLargestConfig) return Error("--config " + file + ": is larger than 1 MiB");
  return text;
}

base::Status set(CLI::App& app, const std::string& key, const YAML::Node& value,
                 const std::set<std::string>& excluded) {
  CLI::Option* option = excluded.contains(key) ? nullptr : app.get_option_no_throw("--" + key);
  if (option == nullptr)
    return Error(key + ": unknown key; keys are the options of " + app.get_name() + " without \"--\"");
  const bool takes_list = option->get_expected_max() > 1;
  if (!value.IsScalar() && !(takes_list && value.IsSequence()))
    return Error(key + (takes_list ? ": give one value, or a list of them" : ": give one value"));
  if (option->count() > 0) return base::done();
  try {
    if (value.IsScalar()) option->add_result(value.Scalar());
    for (const auto& one : value) {
      if (!one.IsScalar()) return Error(key + ": give one value, or a list of them");
      option->add_result(one.Scalar());
    }
    option->run_callback();
  } catch (const CLI::Error& error) {
    return Error(key + ": " + one_line(error.what()));
  }
  return base::done();
}

}  // namespace

base::Status apply_config_file(const std::string& file, CLI::App& app,
                               const std::set<std::string>& excluded) {
  auto text = read(file);
  if (!text) return text.error();
  const std::string name = "--config " + file;
  try {
    const YAML::Node root = YAML::Load(*text);
    if (root.IsNull()) return base::done();
    if (!root.IsMap()) return Error(name + ": is no map of options: write one \"option: value\" a line");
    std::set<std::string> seen;
    for (const auto& entry : root) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      if (!seen.insert(key).second) return Error("is given twice").within(key).within(name);
      if (auto done = set(app, key, entry.second, excluded); !done) return done.error().within(name);
    }
  } catch (const YAML::Exception& error) {
    return Error(name + ": line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
  return base::done();
}

}  // namespace sluice::apps
