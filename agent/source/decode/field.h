// Field: one field of an object being decoded: its tree, its path for messages, and typed ways to
// read it.
//
// Laws:
//  1. The first fault of an object is kept (Decoding::fault), and reading goes on with harmless
//     values, so that decoders read as a list of facts. Whoever starts a Decoding looks at
//     fault() at the end.
//  2. Absent and null are the same.
//  3. A Field must not outlive its Decoding or the Document.
//
// One thread.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/result.h"
#include "agent/source/decode/tree.h"

namespace sluice::source::decode {

// Warnings of one object that are kept; what comes after them is only counted.
inline constexpr size_t kMostWarnings = 20;

class Decoding {
 public:
  struct Remark {
    std::string field, message;
    bool not_rendered = false;  // a fault: the text is a template's
    uint32_t line = 0;          // then its line
  };
  void fail(const std::string& field, std::string_view message);
  void fail(Remark fault);
  void warn(const std::string& field, std::string_view message);
  // Adds the fault and the warnings of a part that was read by itself.
  void join(const Decoding& part);
  // The same, but the part's fault becomes a warning here, which ends in `loses`.
  void join_as_warnings(const Decoding& part, std::string_view loses);
  const std::optional<Remark>& fault() const { return fault_; }
  const std::vector<Remark>& warnings() const { return warnings_; }
  size_t more_warnings() const { return more_warnings_; }

 private:
  std::optional<Remark> fault_;
  std::vector<Remark> warnings_;  // at most kMostWarnings
  size_t more_warnings_ = 0;
};

class Field {
 public:
  Field(Decoding& decoding, Tree tree, std::string path = {})
      : decoding_(&decoding), tree_(tree), path_(std::move(path)) {}

  bool absent() const { return tree_.is_null(); }
  Tree tree() const { return tree_; }
  const std::string& path() const { return path_; }

  // A field of this map; absent where this is absent. Fails on what is no map.
  Field get(std::string_view key) const;
  // The items of this list; none where it is absent. Fails on what is no list, and on an item that is null.
  void each(const std::function<void(const Field& item)>& visit) const;
  // The same, those that are null too.
  void each_even_null(const std::function<void(const Field& item)>& visit) const;
  // The entries of this map of strings, e.g. labels.
  void entries(const std::function<void(std::string_view key, const Field& value)>& visit) const;

  // A string; empty where absent. Fails on what YAML or JSON reads as something else.
  std::string text() const;
  // A string that must be there and not be empty.
  std::string required_text() const;
  std::optional<int64_t> integer() const;
  std::optional<bool> boolean() const;
  // IntOrString: a plain number, else a string. Fails where absent.
  bool is_plain_number() const;

  // Fails where this holds a field that is not named here: a misspelt field would change what the object
  // means.
  void allow_only(std::initializer_list<std::string_view> known) const;
  // Fails where `fault` (see names.h) is not empty: "TEXT FAULT".
  void check(std::string_view text, std::string_view fault) const;
  // Reads this field with `read`, and says whether it found no fault.
  template <typename Read>
  bool reads_well(const Read& read) const {
    Decoding part;
    read(Field(part, tree_, path_));
    decoding_->join(part);
    return !part.fault();
  }
  // What `read` makes of this field; nothing where it finds a fault. The fault then counts as a warning, which ends in
  // `loses` ("this address is passed over").
  template <typename Read>
  auto value_or_warning(std::string_view loses, const Read& read) const
      -> std::optional<decltype(read(*this))> {
    Decoding part;
    auto value = read(Field(part, tree_, path_));
    decoding_->join_as_warnings(part, loses);
    if (part.fault()) return std::nullopt;
    return value;
  }
  // Where the text is a template that was not rendered, the fault says so instead of `message`.
  void fail(std::string_view message) const;
  void warn(std::string_view message) const { decoding_->warn(path_, message); }

  // The value of a parsed Result, or a harmless one after a failure with its message.
  template <typename T>
  T value_of(base::Result<T> result) const {
    if (result.ok()) return std::move(result).value();
    fail(result.error().message());
    return T{};
  }

 private:
  bool expect(TreeType type) const;

  Decoding* decoding_;
  Tree tree_;
  std::string path_;
};

// Which of the fields of this map is there; empty, with a fault that says what it is to be, where none is or several are.
std::string_view the_one_field(const Field& field, std::string_view what,
                               std::initializer_list<std::string_view> known);

}  // namespace sluice::source::decode
