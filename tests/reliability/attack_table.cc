// attack_table: runs every attack's rows through the native engine and prints what became of the attacker's packets, a
// line of JSON an attack, for table.py. Fails where a row does not hold. Needs no privilege.
#include <boost/json.hpp>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/kernel/run.h"

namespace {

using namespace sluice;
using namespace sluice::testing;

constexpr const char* kReasons[] = {
#define SLUICE_LABEL(NAME, label, text) label,
    SLUICE_REASONS(SLUICE_LABEL)
#undef SLUICE_LABEL
};

// What became of one attack, over all of its rows.
struct Found {
  std::set<std::string> dropped, passed, cells;
  size_t packets = 0;
};

std::string cell_of(const Ends& ends) {
  return std::string(text_of(ends.hook)) + " " + (ends.v4() ? "IPv4" : "IPv6");
}

void add(const Scenario& scenario, Found& found) {
  found.cells.insert(cell_of(scenario.ends));
  for (const Step& step : scenario.steps) {
    if (!step.attempt) continue;
    ++found.packets;
    auto& reasons = sluice_is_denied(static_cast<sluice_reason>(step.reason)) ? found.dropped : found.passed;
    reasons.insert(kReasons[step.reason]);
  }
}

boost::json::array array_of(const std::set<std::string>& words) {
  boost::json::array array;
  for (const std::string& word : words) array.emplace_back(word);
  return array;
}

}  // namespace

int main() {
  std::map<Attack, Found> all;
  const auto engine = user_engine();
  bool held = true;
  for (const Scenario& scenario : all_rows().scenarios()) {
    if (!scenario.attack) continue;
    if (const std::string wrong = run(scenario, *engine); !wrong.empty()) {
      std::cerr << scenario.title() << "\n" << wrong;
      held = false;
    }
    add(scenario, all[*scenario.attack]);
  }
  for (const Attack attack : all_attacks()) {
    const Found& found = all[attack];
    const AttackText& text = text_of(attack);
    std::cout << boost::json::serialize(boost::json::object{{"table", "attacks"},
                                                            {"name", text.name},
                                                            {"does", text.does},
                                                            {"dropped", array_of(found.dropped)},
                                                            {"passed", array_of(found.passed)},
                                                            {"cells", array_of(found.cells)},
                                                            {"packets", found.packets},
                                                            {"note", text.held},
                                                            {"tests", text.live}})
              << "\n";
  }
  return held ? 0 : 1;
}
