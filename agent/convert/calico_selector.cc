#include "agent/convert/calico_selector.h"

#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

using model::LabelSelector;
using model::Operator;
using Alternatives = std::vector<LabelSelector>;

const Alternatives kNothing, kEverything = {LabelSelector{}};

void add_requirement(LabelSelector& selector, const model::Requirement& one) {
  auto& all = selector.requirements.edit();
  const auto at = std::lower_bound(all.begin(), all.end(), one);
  if (at == all.end() || *at != one) all.insert(at, one);
}

// A recursive descent that gives the alternatives of each part, or of its negation, at once.
class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : text_(text) {}

  base::Result<CalicoSelector> parse() {
    if (text_.size() > kLongestSelector)
      return base::Error("is longer than " + std::to_string(kLongestSelector) + " characters");
    skip();
    if (at_ == text_.size()) return CalicoSelector{kEverything, false, {}};
    read_.any_of = disjunction(false);
    skip();
    if (fault_.empty() && at_ < text_.size()) fail("an operator");
    if (!fault_.empty()) return base::Error(fault_);
    // It means sets of no namespace, which no label selector does: so nothing can be joined to it.
    if (read_.global && (atoms_ > 1 || negations_ > 0))
      return base::Error("holds global() beside other words: only global() alone can be read");
    return std::move(read_);
  }

 private:
  void skip() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  bool take(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  static bool is_of_a_label(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '/' || c == '-';
  }
  std::string_view word() {
    skip();
    const size_t begin = at_;
    while (at_ < text_.size() && is_of_a_label(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  // A word that stands alone.
  bool take_word(std::string_view wanted) {
    const size_t before = at_;
    if (word() == wanted) return true;
    at_ = before;
    return false;
  }
  void fail(std::string_view wanted) {
    skip();
    if (fault_.empty())
      fault_ = "at " + base::excerpt(text_.substr(std::min(at_, text_.size()))) + ": " + std::string(wanted) +
               " is due";
    at_ = text_.size();
  }
  Alternatives cannot(const std::string& why) {
    if (read_.why_not.empty()) read_.why_not = why;
    return kNothing;
  }

  Alternatives either(Alternatives one, const Alternatives& other) {
    for (const LabelSelector& selector : other)
      if (std::find(one.begin(), one.end(), selector) == one.end()) one.push_back(selector);
    return one.size() > kMostAlternatives ? cannot(kTooMany) : one;
  }
  Alternatives both(const Alternatives& one, const Alternatives& other) {
    if (one.size() * other.size() > kMostAlternatives) return cannot(kTooMany);
    Alternatives joined;
    for (const LabelSelector& left : one)
      for (const LabelSelector& right : other) {
        LabelSelector selector = left;
        for (const model::Requirement& requirement : right.requirements)
          add_requirement(selector, requirement);
        joined.push_back(std::move(selector));
      }
    return either(std::move(joined), {});
  }

  Alternatives disjunction(bool negated) {
    Alternatives all = conjunction(negated);
    while (take("||")) all = negated ? both(all, conjunction(negated)) : either(all, conjunction(negated));
    return all;
  }
  Alternatives conjunction(bool negated) {
    Alternatives all = term(negated);
    while (take("&&")) all = negated ? either(all, term(negated)) : both(all, term(negated));
    return all;
  }
  Alternatives term(bool negated) {
    if (++depth_ > kDeepestSelector) {
      fail("less nesting");
      return kNothing;
    }
    Alternatives all = nested(negated);
    --depth_;
    return all;
  }
  Alternatives nested(bool negated) {
    if (take("!")) {
      ++negations_;
      return term(!negated);
    }
    if (!take("(")) return atom(negated);
    Alternatives all = disjunction(negated);
    if (!take(")")) fail("\")\"");
    return all;
  }

  Alternatives atom(bool negated) {
    ++atoms_;
    const std::string key(word());
    if (key.empty()) {
      fail("a label, has(), all() or global()");
      return kNothing;
    }
    if (take("(")) return call(key, negated);
    if (take("==")) return listed(key, {value()}, !negated);
    if (take("!=")) return listed(key, {value()}, negated);
    if (take_word("in")) return listed(key, values(), !negated);
    if (take_word("not")) {
      if (!take_word("in")) fail("in");
      return listed(key, values(), negated);
    }
    for (const std::string_view first : {"contains", "starts", "ends"})
      if (take_word(first)) {
        if (first != "contains" && !take_word("with")) fail("with");
        value();
        return cannot("a part of a label's value (" + std::string(first) + ") cannot be selected");
      }
    fail("==, !=, in, not in or another operator");
    return kNothing;
  }

  Alternatives call(const std::string& name, bool negated) {
    const std::string key(name == "has" ? word() : std::string_view());
    if (!take(")")) fail("\")\"");
    if (name == "all") return negated ? kNothing : kEverything;
    if (name == "global") {
      read_.global = true;
      return kEverything;
    }
    if (name != "has" || key.empty()) {
      fail("has(LABEL), all() or global()");
      return kNothing;
    }
    return one(key, negated ? Operator::kDoesNotExist : Operator::kExists, {});
  }

  std::string value() {
    skip();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    const size_t end = quote == '"' || quote == '\'' ? text_.find(quote, at_ + 1) : text_.npos;
    if (end == text_.npos) {
      fail("a text in quotes");
      return {};
    }
    std::string read(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return read;
  }
  std::vector<std::string> values() {
    std::vector<std::string> all;
    if (!take("{")) fail("\"{\"");
    if (take("}")) return all;
    do all.push_back(value());
    while (fault_.empty() && take(","));
    if (!take("}")) fail("\"}\"");
    return all;
  }

  // Labels have no values that Kubernetes would refuse.
  Alternatives listed(const std::string& key, std::vector<std::string> all, bool in) {
    std::erase_if(all,
                  [](const std::string& text) { return !source::decode::label_value_fault(text).empty(); });
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    if (all.empty()) return in ? kNothing : kEverything;
    return one(key, in ? Operator::kIn : Operator::kNotIn, std::move(all));
  }
  Alternatives one(const std::string& key, Operator op, std::vector<std::string> all) {
    if (!source::decode::label_key_fault(key).empty()) {
      fault_ = fault_.empty() ? base::excerpt(key) + " is no label of Kubernetes" : fault_;
      return kNothing;
    }
    return {LabelSelector{{{key, op, std::move(all)}}}};
  }

  static constexpr const char* kTooMany = "it has too many alternatives: write several rules";
  std::string_view text_;
  size_t at_ = 0, depth_ = 0, atoms_ = 0, negations_ = 0;
  std::string fault_;
  CalicoSelector read_;
};

}  // namespace

base::Result<CalicoSelector> parse_selector(std::string_view text) {
  return SelectorParser(text).parse();
}

}  // namespace sluice::convert
