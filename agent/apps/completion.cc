#include "agent/apps/completion.h"

#include <algorithm>

namespace sluice::apps {
namespace {

const CLI::Option* option_named(const CLI::App& app, const std::string& name) {
  for (const CLI::Option* option : app.get_options({}))
    if (option->check_name(name)) return option;
  return nullptr;
}

const CLI::App* command_named(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands(std::function<bool(const CLI::App*)>()))
    if (command->get_name() == name) return command;
  return nullptr;
}

// "{text,json,yaml}" of the type's name, where the values are a closed set.
std::vector<std::string> closed_set(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{'), close = type.find('}');
  if (open == type.npos || close == type.npos || close < open) return {};
  std::vector<std::string> values;
  std::string value;
  for (const char c : type.substr(open + 1, close - open - 1)) {
    if (c == ',')
      values.push_back(std::exchange(value, {}));
    else
      value += c;
  }
  values.push_back(value);
  return values;
}

}  // namespace

Completion complete(const CLI::App& app, const std::vector<std::string>& words) {
  Completion completion;
  const std::string last = words.empty() ? "" : words.back();
  if (!words.empty()) completion.words.assign(words.begin(), std::prev(words.end()));
  const CLI::App* at = &app;
  const CLI::Option* open = nullptr;  // waits for its value
  for (const std::string& word : completion.words) {
    if (std::exchange(open, nullptr) != nullptr) continue;
    if (word.starts_with("-")) {
      const CLI::Option* option = option_named(*at, word);
      if (option != nullptr && option->get_items_expected_max() > 0) open = option;
    } else if (const CLI::App* command = command_named(*at, word)) {
      at = command;
    }
  }
  std::vector<std::string> all;
  if (open != nullptr) {
    all = closed_set(*open);
    if (all.empty()) completion.value_of = open->get_name(false, false);
  } else if (last.starts_with("-")) {
    for (const CLI::Option* option : at->get_options({}))
      if (!option->get_group().empty())
        for (const std::string& name : option->get_lnames()) all.push_back("--" + name);
  } else {
    for (const CLI::App* command :
         at->get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
      all.push_back(command->get_name());
  }
  for (std::string& candidate : all)
    if (candidate.starts_with(last)) completion.candidates.push_back(std::move(candidate));
  std::sort(completion.candidates.begin(), completion.candidates.end());
  return completion;
}

std::string given(const std::vector<std::string>& words, const std::string& option) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].starts_with(option + "=")) return words[i].substr(option.size() + 1);
    if (words[i] == option && i + 1 < words.size()) return words[i + 1];
  }
  return {};
}

}  // namespace sluice::apps
