#include "agent/compile/image_writer.h"

namespace sluice::compile {

using image::Ref;

void ImageWriter::set_rule(const image::RuleKey& key, const std::optional<Ref>& ref,
                           const image::Portset& ports) {
  if (ref) use(ref->portset, ports);
  unwritten_rules_.emplace_back(key, ref);
}

void ImageWriter::write_rules() {
  std::stable_sort(unwritten_rules_.begin(), unwritten_rules_.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [key, ref] : unwritten_rules_)
    if (const auto old = rules_.set(key, ref)) release(old->portset);
  decltype(unwritten_rules_)().swap(unwritten_rules_);  // those of a whole cluster take 50 MB, for one change
}

void ImageWriter::set_endpoint(image::EndpointId id, std::optional<image::Endpoint> endpoint,
                               const PortsOf& ports_of) {
  std::vector<image::PortsetId> old_ports;
  if (const image::Endpoint* old = endpoints_.find(id))
    image::for_each_side(*old,
                         [&](const image::Side& side) { old_ports.push_back(side.default_ref.portset); });
  if (endpoint)
    image::for_each_side(*endpoint, [&](const image::Side& side) {
      if (side.default_ref.portset) use(side.default_ref.portset, ports_of(side));
    });
  endpoints_.set(id, std::move(endpoint));
  for (image::PortsetId old : old_ports) release(old);
}

bool ImageWriter::allows(const Ref& ref, net::Protocol protocol, net::Port port) const {
  if (ref.kind == Ref::Kind::kPorts) return portsets_.find(ref.portset)->contains(protocol, port);
  return ref.kind == Ref::Kind::kAll;
}

void ImageWriter::use(image::PortsetId id, const image::Portset& ports) {
  if (!id) return;
  if (portset_uses_[id]++ == 0)
    portsets_.set(id, ports);
  else if (*portsets_.find(id) != ports)
    collision_ = "port set " + id.to_text();
}

void ImageWriter::release(image::PortsetId id) {
  if (!id) return;
  auto at = portset_uses_.find(id);
  if (--at->second > 0) return;
  portset_uses_.erase(at);
  portsets_.set(id, std::nullopt);
}

}  // namespace sluice::compile
