#include "agent/apps/man_page.h"

#include <algorithm>

namespace sluice::apps {
namespace {

// groff_man(7): a backslash and a dash have a meaning; so has a dot or a quote that begins a line.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\')
      safe += "\\e";
    else if (c == '-')
      safe += "\\-";
    else
      safe += c;
  }
  return safe.starts_with(".") || safe.starts_with("'") ? "\\&" + safe : safe;
}

std::string option_entry(const CLI::Option& option) {
  std::string names = option.get_name(true, true), about = option.get_description();
  std::replace(names.begin(), names.end(), ',', ' ');
  std::string text = ".TP\n\\fB" + escaped(names) + "\\fR";
  if (option.get_items_expected_max() > 0) text += " \\fI" + escaped(option.get_type_name()) + "\\fR";
  if (const std::string value = option.get_default_str(); !value.empty() && value != "false")
    about += " (" + value + ")";
  return text + "\n" + escaped(about) + "\n";
}

std::string options_of(const CLI::App& app) {
  std::string text;
  for (const CLI::Option* option : app.get_options({}))
    if (!option->get_group().empty() && !option->get_name(true, true).empty()) text += option_entry(*option);
  return text;
}

void commands_of(const CLI::App& app, const std::string& before, std::string& text) {
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); })) {
    const std::string name = before + command->get_name();
    text += ".SS " + escaped(name) + "\n" + escaped(command->get_description()) + "\n" + options_of(*command);
    commands_of(*command, name + " ", text);
  }
}

}  // namespace

std::string man_page(const CLI::App& app, int section) {
  const std::string name = app.get_name();
  std::string upper = name, commands;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string about = app.get_description();
  commands_of(app, "", commands);
  std::string text = ".TH " + escaped(upper) + " " + std::to_string(section) +
                     " \"\" \"Sluice " SLUICE_VERSION "\"\n.SH NAME\n" + escaped(name) + " \\- " +
                     escaped(about.substr(0, about.find_first_of(".\n"))) + "\n.SH SYNOPSIS\n.B " +
                     escaped(name) + "\n" + (commands.empty() ? "[options]\n" : "command [options]\n") +
                     ".SH DESCRIPTION\n" + escaped(about) + "\n.SH OPTIONS\n" + options_of(app);
  if (!commands.empty()) text += ".SH COMMANDS\n" + commands;
  return text +
         ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nit could not be done\n.TP\n2\nbad usage or bad input, one "
         "line on standard "
         "error\n.TP\n3\nwhat was asked for is denied, or was found\n.SH SEE ALSO\n/usr/share/doc/sluice, "
         "sluiced(8), "
         "sluicectl(1), sluice\\-watcher(8), sluice\\-cni(8)\n";
}

}  // namespace sluice::apps
