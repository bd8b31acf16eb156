#include "agent/source/decode/field.h"

#include <algorithm>

#include "agent/base/edit_distance.h"
#include "agent/base/excerpt.h"
#include "agent/source/decode/scalars.h"
#include "agent/source/decode/syntax_cause.h"

namespace sluice::source::decode {
namespace {

std::string child_path(const std::string& path, std::string_view key) {
  bool plain = std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c); });
  if (!plain) return path + "[" + base::excerpt(key) + "]";
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

// One slip in three characters makes a name of another: icmp is not meant for tcp.
std::string suggestion(std::string_view key, std::initializer_list<std::string_view> known) {
  constexpr size_t kNear = 3, kLongest = 64, kCharactersASlip = 3;
  std::string_view best;
  size_t least = kNear;
  for (std::string_view name : known) {
    const size_t distance = key.size() > kLongest ? kNear : base::edit_distance(key, name);
    if (distance >= least || distance * kCharactersASlip > std::max(key.size(), name.size())) continue;
    least = distance;
    best = name;
  }
  if (!best.empty()) return "did you mean " + std::string(best) + "?";
  std::string all;
  for (std::string_view name : known) all += (all.empty() ? "" : ", ") + std::string(name);
  return "known here are " + all;
}

}  // namespace

void Decoding::fail(const std::string& field, std::string_view message) {
  fail(Remark{field, std::string(message)});
}

void Decoding::fail(Remark fault) {
  if (fault_) return;
  fault.message = base::one_line(fault.message);
  fault_ = std::move(fault);
}

void Decoding::warn(const std::string& field, std::string_view message) {
  if (warnings_.size() == kMostWarnings)
    ++more_warnings_;
  else
    warnings_.push_back({field, base::one_line(message)});
}

void Decoding::join(const Decoding& part) {
  if (!fault_) fault_ = part.fault_;
  for (const Remark& warning : part.warnings_) warn(warning.field, warning.message);
  more_warnings_ += part.more_warnings_;
}

void Decoding::join_as_warnings(const Decoding& part, std::string_view loses) {
  for (const Remark& warning : part.warnings_) warn(warning.field, warning.message);
  more_warnings_ += part.more_warnings_;
  if (part.fault_) warn(part.fault_->field, part.fault_->message + "; " + std::string(loses));
}

bool Field::expect(TreeType type) const {
  if (tree_.is_null()) return false;
  if (tree_.type() == type) return true;
  fail("is " + std::string(to_text(tree_.type())) + " where " + std::string(to_text(type)) + " is due");
  return false;
}

Field Field::get(std::string_view key) const {
  Tree child = expect(TreeType::kMap) ? tree_.find(key) : Tree();
  return {*decoding_, child, child_path(path_, key)};
}

void Field::each(const std::function<void(const Field& item)>& visit) const {
  if (!expect(TreeType::kSequence)) return;
  size_t index = 0;
  for (Tree item : tree_) {
    Field field(*decoding_, item, path_ + "[" + std::to_string(index++) + "]");
    if (item.is_null()) return field.fail("is empty: write a value, or {} for one without fields");
    visit(field);
  }
}

void Field::each_even_null(const std::function<void(const Field& item)>& visit) const {
  if (!expect(TreeType::kSequence)) return;
  size_t index = 0;
  for (Tree item : tree_) visit(Field(*decoding_, item, path_ + "[" + std::to_string(index++) + "]"));
}

void Field::entries(const std::function<void(std::string_view key, const Field& value)>& visit) const {
  if (!expect(TreeType::kMap)) return;
  for (Tree entry : tree_) {
    Field field(*decoding_, entry, path_ + "[" + base::excerpt(entry.key()) + "]");
    if (entry.is_null()) return field.fail("is empty: write \"\" for an empty text");
    if (entry.key_is_respelt())
      field.warn("the key is a boolean as it is written, which kubectl makes a text of: write it in quotes");
    visit(entry.key(), field);
  }
}

std::string Field::text() const {
  if (!expect(TreeType::kScalar)) return {};
  if (!tree_.quoted())
    if (auto type = plain_type(tree_.text()); !type.empty())
      fail(std::string(tree_.text()) + " is " + std::string(type) + " where text is due: write \"" +
           std::string(tree_.text()) + "\"");
  return std::string(tree_.text());
}

std::string Field::required_text() const {
  std::string value = text();
  if (value.empty()) fail("is missing");
  return value;
}

std::optional<int64_t> Field::integer() const {
  if (!expect(TreeType::kScalar)) return std::nullopt;
  auto value = tree_.quoted() ? std::nullopt : parse_integer(tree_.text());
  if (!value)
    fail(base::excerpt(tree_.text()) +
         (tree_.quoted() ? " is text where a number is due: leave out the quotes"
                         : " is not a whole number: write decimal digits without leading zeros"));
  return value;
}

std::optional<bool> Field::boolean() const {
  if (!expect(TreeType::kScalar)) return std::nullopt;
  auto value = tree_.quoted() ? std::nullopt : parse_boolean(tree_.text());
  if (!value) fail(base::excerpt(tree_.text()) + " is not a boolean: write true or false, without quotes");
  return value;
}

bool Field::is_plain_number() const {
  if (!expect(TreeType::kScalar)) return false;
  return !tree_.quoted() && plain_type(tree_.text()) == "a number";
}

void Field::allow_only(std::initializer_list<std::string_view> known) const {
  if (!expect(TreeType::kMap)) return;
  for (Tree entry : tree_)
    if (std::find(known.begin(), known.end(), entry.key()) == known.end())
      return fail("unknown field " + base::excerpt(entry.key()) + ": " + suggestion(entry.key(), known));
}

void Field::fail(std::string_view message) const {
  const bool rendered = tree_.type() != TreeType::kScalar || !holds_template(tree_.text());
  if (rendered) return decoding_->fail(path_, message);
  decoding_->fail({path_, base::excerpt(tree_.text()) + " " + std::string(kNotRendered), true, tree_.line()});
}

void Field::check(std::string_view text, std::string_view fault) const {
  if (!fault.empty()) fail(base::excerpt(text) + " " + std::string(fault));
}

std::string_view the_one_field(const Field& field, std::string_view what,
                               std::initializer_list<std::string_view> known) {
  field.allow_only(known);
  std::string_view found;
  std::string all;
  size_t count = 0;
  for (std::string_view name : known) {
    all += (all.empty() ? "" : ", ") + std::string(name);
    if (field.get(name).absent()) continue;
    found = name;
    ++count;
  }
  if (count == 1) return found;
  field.fail((count == 0 ? "has no " : "has more than one ") + std::string(what) + ": write one of " + all);
  return {};
}

}  // namespace sluice::source::decode
