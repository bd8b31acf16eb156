// What a conversion writes: objects with names that nobody else has, cut to the limits of the API; losses and problems.
// Private to the room.
#pragma once

#include <set>

#include "agent/convert/convert.h"
#include "agent/source/decode/field.h"

namespace sluice::convert {

// How what is written is called, and where it stands in its tier.
struct Form {
  // Names of the form that is kept for what is made (is_kept_name() in acceptance.h): each of one object of the input alone.
  // A number goes into the first label, else to the end.
  bool kept_names = false;
  uint32_t first_priority = 500;  // of a dialect that has several
};

class Output {
 public:
  explicit Output(const Form& form = {}) : form_(form) {}
  const Form& form() const { return form_; }

  // The name, cut to its 253 characters, with a number where an object of the kind has it already.
  void add(model::NetworkPolicy policy);
  // Several objects where it has more rules, peers or entries than the API takes (semantics 61): of one priority, in the
  // order of their names, which is that of the rules.
  void add(const model::ClusterNetworkPolicy& policy);

  void lose(Loss loss) { conversion_.losses.push_back(std::move(loss)); }
  void problem(std::string text) { conversion_.problems.push_back(std::move(text)); }
  void remark(std::string text) { conversion_.remarks.push_back(std::move(text)); }
  // The fault and the warnings of an object that was read.
  void note(const std::string& object, const source::decode::Decoding& decoding);

  Conversion conversion() &&;

 private:
  std::string free_name(model::Kind kind, const std::string& ns, const std::string& wanted);
  std::string numbered(const std::string& name, const std::string& number) const;

  const Form form_;
  Conversion conversion_;
  std::set<model::ObjectId> taken_;
};

}  // namespace sluice::convert
