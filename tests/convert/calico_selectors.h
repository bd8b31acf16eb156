// Selectors of Calico's language as trees, drawn at random: their text, and what they mean.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "agent/model/objects.h"
#include "tests/oracle/random_objects.h"

namespace sluice::convert {

struct Expression {
  enum class Kind : uint8_t { kAll, kHas, kEqual, kUnequal, kIn, kNotIn, kNot, kAnd, kOr } kind = Kind::kAll;
  std::string key;
  std::vector<std::string> values;
  std::vector<std::shared_ptr<Expression>> parts;

  std::string text() const {
    std::string listed;
    for (const std::string& value : values) listed += (listed.empty() ? "'" : ", '") + value + "'";
    switch (kind) {
      case Kind::kAll:
        return "all()";
      case Kind::kHas:
        return "has(" + key + ")";
      case Kind::kEqual:
        return key + " == " + listed;
      case Kind::kUnequal:
        return key + " != " + listed;
      case Kind::kIn:
        return key + " in {" + listed + "}";
      case Kind::kNotIn:
        return key + " not in { " + listed + " }";
      case Kind::kNot:
        return "! (" + parts[0]->text() + ")";
      case Kind::kAnd:
        return "(" + parts[0]->text() + ") && (" + parts[1]->text() + ")";
      case Kind::kOr:
        return "(" + parts[0]->text() + ") || (" + parts[1]->text() + ")";
    }
    return {};
  }
  bool holds(const model::Labels& labels) const {
    const auto label = labels.find(key);
    const bool there = label != labels.end(), listed = there && std::ranges::count(values, label->second) > 0;
    switch (kind) {
      case Kind::kAll:
        return true;
      case Kind::kHas:
        return there;
      case Kind::kEqual:
      case Kind::kIn:
        return listed;
      case Kind::kUnequal:
      case Kind::kNotIn:
        return !listed;
      case Kind::kNot:
        return !parts[0]->holds(labels);
      case Kind::kAnd:
        return parts[0]->holds(labels) && parts[1]->holds(labels);
      case Kind::kOr:
        return parts[0]->holds(labels) || parts[1]->holds(labels);
    }
    return false;
  }
};

inline Expression random_expression(oracle::Random& random, int depth, const char* name_key) {
  using Kind = Expression::Kind;
  Expression made;
  const auto part = [&] {
    made.parts.push_back(std::make_shared<Expression>(random_expression(random, depth - 1, name_key)));
  };
  if (depth > 0 && random.chance(35)) {
    made.kind = random.pick({Kind::kNot, Kind::kAnd, Kind::kOr});
    part();
    if (made.kind != Kind::kNot) part();
    return made;
  }
  if (random.chance(15)) return made;
  made.kind = random.pick({Kind::kHas, Kind::kEqual, Kind::kEqual, Kind::kUnequal, Kind::kIn, Kind::kNotIn});
  if (random.chance(25)) {
    made.key = name_key;
    made.kind = random.pick({Kind::kEqual, Kind::kUnequal});
    made.values = {random.pick(oracle::kNamespaces)};
    return made;
  }
  made.key = random.pick<std::string>({"app", "tier", "env"});
  const std::vector<std::string> pool = made.key == "app"    ? std::vector<std::string>{"db", "web", "cache"}
                                        : made.key == "tier" ? std::vector<std::string>{"", "back", "front"}
                                                             : std::vector<std::string>{"live", "no"};
  if (made.kind != Kind::kHas) made.values = {random.pick(pool)};
  if (made.kind == Kind::kIn || made.kind == Kind::kNotIn) made.values.push_back(random.pick(pool));
  return made;
}

}  // namespace sluice::convert
