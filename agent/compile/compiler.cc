#include "agent/compile/compiler.h"

namespace sluice::compile {

using base::Error;
using base::Result;

namespace {

Error collision_error(const std::string& what) {
  return Error("compile: two different contents have the id of " + what +
               ": change one of the policies behind it");
}

}  // namespace

Result<image::Image> try_compile(const Input& input) {
  Compilation compilation(input.cluster, input.node_name);
  compilation.learn_all();
  compilation.set_local_pods(input.local_pods);
  compilation.set_node_addresses(input.node_addresses);
  compilation.set_learnt(learnt_of(input.cluster));
  compilation.refresh();
  if (!compilation.collision().empty()) return collision_error(compilation.collision());
  return compilation.move_image_out();
}

image::Image compile(const Input& input) {
  auto image = try_compile(input);
  return image ? std::move(*image) : image::Image{};
}

Compiler::Compiler(std::string node_name)
    : node_name_(std::move(node_name)),
      cluster_(std::make_unique<model::Cluster>()),
      compilation_(std::make_unique<Compilation>(*cluster_, node_name_)) {}

const image::Image& Compiler::image() const {
  return last_good_ ? *last_good_ : compilation_->image();
}

Result<image::Difference> Compiler::update(std::span<const model::Change> changes,
                                           const std::optional<std::vector<LocalPod>>& new_locals,
                                           const std::optional<std::vector<net::Ip>>& new_node_addresses) {
  if (new_locals) local_pods_ = *new_locals;
  if (new_node_addresses) node_addresses_ = *new_node_addresses;
  if (last_good_) {
    for (const model::Change& change : changes) cluster_->apply(change);
    return rebuild();
  }
  const bool is_new = compilation_->is_new();
  for (const model::Change& change : changes) {
    if (!is_new) compilation_->before(change);
    cluster_->apply(change);
    if (!is_new) compilation_->after(change);
  }
  if (is_new) compilation_->learn_all();
  if (new_locals) compilation_->set_local_pods(local_pods_);
  if (new_node_addresses) compilation_->set_node_addresses(node_addresses_);
  compilation_->refresh();
  image::Difference difference = compilation_->drain_difference();
  if (compilation_->collision().empty()) return difference;
  image::Difference undo = image::inverse(difference);
  last_good_ = compilation_->move_image_out();
  image::apply(*last_good_, undo);
  return collision_error(compilation_->collision());
}

bool Compiler::reserve(std::set<net::Ip> addresses) {
  if (addresses == reserved_) return false;
  reserved_ = std::move(addresses);
  if (!last_good_) compilation_->reserve(reserved_);
  return true;
}

std::optional<image::Difference> Compiler::learn(const std::map<NameSlot, std::optional<std::string>>& names,
                                                 const std::map<net::Ip, std::vector<NameSlot>>& addresses) {
  for (const auto& [slot, name] : names) {
    if (name)
      learnt_.names[slot] = *name;
    else
      learnt_.names.erase(slot);
    if (!last_good_) compilation_->set_name(slot, name);
  }
  for (const auto& [ip, slots] : addresses) {
    if (slots.empty())
      learnt_.addresses.erase(ip);
    else
      learnt_.addresses[ip] = slots;
    if (!last_good_) compilation_->set_address(ip, slots);
  }
  if (last_good_ || compilation_->is_new() || !compilation_->settle_names()) return std::nullopt;
  return compilation_->drain_difference();
}

Result<image::Difference> Compiler::rebuild() {
  compilation_ = std::make_unique<Compilation>(*cluster_, node_name_);
  compilation_->learn_all();
  compilation_->set_local_pods(local_pods_);
  compilation_->set_node_addresses(node_addresses_);
  compilation_->set_learnt(learnt_);
  compilation_->reserve(reserved_);
  compilation_->refresh();
  if (!compilation_->collision().empty()) return collision_error(compilation_->collision());
  (void)compilation_->drain_difference();
  image::Difference difference = image::difference(*last_good_, compilation_->image());
  last_good_.reset();
  return difference;
}

}  // namespace sluice::compile
