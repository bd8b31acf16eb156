// FeedField: one field of a message of the feed that is being decoded: its path for errors, and
// typed ways to read what it holds. Private to decode*.cc of this folder.
//
// Law: as decode::Field: the first fault of an object is kept, and reading goes on with harmless
// values.
#pragma once

#include <string>

#include "agent/model/cluster_policy.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/field.h"
#include "sluice/v1/objects.pb.h"

namespace sluice::source::feed {

class FeedField {
 public:
  explicit FeedField(source::decode::Decoding& decoding, std::string path = {})
      : decoding_(&decoding), path_(std::move(path)) {}

  FeedField at(std::string_view name) const;  // of a message
  FeedField at(int index) const;              // of a list
  void fail(std::string_view message) const { decoding_->fail(path_, message); }
  // Fails where `fault` (agent/source/decode/names.h) is not empty.
  void check(std::string_view text, std::string_view fault) const;

  // A text that means nothing here, of bounded length; what nobody sees in it stands as \xNN (excerpt.h).
  std::string opaque(const std::string& text) const;
  net::Ip ip(const std::string& text) const;
  net::Cidr cidr(const std::string& text) const;
  net::Port port(uint32_t number) const;
  net::Protocol protocol(uint32_t number) const;  // one that has ports
  std::string port_name(const std::string& name) const;
  std::string slice_port_name(const std::string& name) const;  // may be empty

  template <typename Map>
  model::Labels labels(const Map& map) const {
    model::Labels all;
    for (const auto& [key, value] : map) add_label(key, value, all);
    return all;
  }

  // Each value of a list by `read`(field, value).
  template <typename List, typename Read>
  auto each(const List& list, Read read) const {
    std::vector<decltype(read(*this, *list.begin()))> all;
    int index = 0;
    for (const auto& value : list) all.push_back(read(at(index++), value));
    return all;
  }
  // The same, sorted and each once.
  template <typename List, typename Read>
  auto set(const List& list, Read read) const {
    auto all = each(list, read);
    source::decode::make_set(all);
    return all;
  }

 private:
  template <typename T>
  T value_of(base::Result<T> result) const {
    if (result) return std::move(*result);
    fail(result.error().message());
    return T{};
  }
  void add_label(const std::string& key, const std::string& value, model::Labels& all) const;

  source::decode::Decoding* decoding_;
  std::string path_;
};

// decode_policy.cc
model::LabelSelector decode_selector(const FeedField& field, const v1::LabelSelector& from);
model::PolicyPort decode_port(const FeedField& field, const v1::PolicyPort& from);
std::string decode_hours(const FeedField& field, const std::string& text);
model::NetworkPolicy decode_policy(const FeedField& root, const v1::NetworkPolicy& from);
// decode_cluster_policy.cc
model::ClusterNetworkPolicy decode_cluster_policy(const FeedField& root,
                                                  const v1::ClusterNetworkPolicy& from);

}  // namespace sluice::source::feed
