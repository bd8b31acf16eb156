// Sink: where an Informer puts what it reads of one resource: into a Mirror, or, of a kind that a Translator takes, into
// news for it (decode/foreign.h).
//
// Laws:
//  1. Between begin_list() and end_list() the list removes nothing; at its end everything goes that it did not name.
//  2. An object that is known already is no news when it comes again.
//
// One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/source/decode/foreign.h"
#include "agent/source/kube/mirror.h"

namespace sluice::source::kube {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void begin_list() = 0;
  // False: it means nothing for network policy. `observed`: as Mirror's.
  virtual bool put(const source::decode::Tree& object, int64_t observed) = 0;
  virtual void remove(const source::decode::Tree& object, int64_t observed) = 0;
  virtual void end_list(int64_t observed) = 0;
  // Was it listed whole once?
  virtual bool listed() const = 0;
  virtual size_t count() const = 0;
};

class MirrorSink final : public Sink {
 public:
  // `origin`: what findings name as the place. The mirror must outlive it.
  MirrorSink(model::Kind kind, std::string origin, Mirror& mirror)
      : kind_(kind), origin_(std::move(origin)), mirror_(mirror) {}

  void begin_list() override { mirror_.begin_list(kind_); }
  bool put(const source::decode::Tree& object, int64_t observed) override;
  void remove(const source::decode::Tree& object, int64_t observed) override;
  void end_list(int64_t observed) override { mirror_.end_list(kind_, observed); }
  bool listed() const override { return mirror_.listed(kind_); }
  size_t count() const override { return mirror_.count(kind_); }

 private:
  const model::Kind kind_;
  const std::string origin_;
  Mirror& mirror_;
};

class ForeignSink final : public Sink {
 public:
  ForeignSink(source::decode::ForeignResource resource, std::string origin)
      : resource_(std::move(resource)), origin_(std::move(origin)) {}

  void begin_list() override { ++generation_; }
  bool put(const source::decode::Tree& object, int64_t observed) override;
  void remove(const source::decode::Tree& object, int64_t observed) override;
  void end_list(int64_t observed) override;
  bool listed() const override { return listed_; }
  size_t count() const override { return known_.size(); }

  // What came since this was called last, in its order; and the first time at which any of it was observed.
  struct News {
    std::vector<source::decode::ForeignChange> changes;
    int64_t observed = 0;
  };
  News take() { return std::exchange(news_, {}); }

 private:
  struct Known {
    std::string version;  // metadata.resourceVersion
    uint32_t generation = 0;
  };
  source::decode::ForeignId id_of(const source::decode::Tree& object) const;
  void add(source::decode::ForeignChange change, int64_t observed);

  const source::decode::ForeignResource resource_;
  const std::string origin_;
  std::map<source::decode::ForeignId, Known> known_;
  News news_;
  uint32_t generation_ = 0;  // of the last list begun
  bool listed_ = false;
};

}  // namespace sluice::source::kube
