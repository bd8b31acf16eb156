// Answers: what the programs put into the ring of DNS packets, and what they are told of names: the maps that
// bpf/listen.h and bpf/names.h ask.
//
// Laws:
//  1. Packets come in the order in which the programs saw them. One is out of the ring once take() has returned.
//  2. Without a beat in the last SLUICE_HEARTBEAT_NANOSECONDS nothing is held.
//
// One thread; `programs` must outlive it. The pinned ring has one agent (loader.h).
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "agent/base/result.h"
#include "agent/kernel/events.h"
#include "agent/kernel/mapped_array.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"

namespace sluice::kernel::answers {

// CLOCK_BOOTTIME, in nanoseconds: the programs' clock for names.
uint64_t boot_nanoseconds();

class Answers {
 public:
  using Take = std::function<void(const sluice_dns_packet&, std::span<const uint8_t> frame)>;

  static base::Result<Answers> open(const Programs& programs);

  // Readable while packets wait: for poll or epoll, level-triggered.
  int fd() const { return ring_.fd(); }
  // Hands over at most `limit` packets that wait; returns how many. Never blocks.
  base::Result<size_t> consume(size_t limit, const Take& take);

  // Answers are held for this agent from now on, for a while. 0: for nobody.
  void beat(uint64_t now);
  // Of packets that are sent on, never held again.
  uint32_t mark() const;
  uint64_t unheld() const;

  // The servers that are believed, all of them.
  base::Status set_servers(const std::vector<std::pair<net::Ip, net::Port>>& servers);

  // Entries of the maps learnt, name_texts and questions; nullopt (an empty text) takes one away.
  base::Status set_learnt(const net::Ip& ip, const std::optional<sluice_learnt_names>& names);
  base::Status set_text(uint32_t slot, std::string_view text);
  base::Status set_question(std::span<const uint8_t> key,
                            std::span<const uint8_t> value);  // no value: it is gone
  struct Kept {
    std::vector<std::pair<net::Ip, sluice_learnt_names>> learnt;
    std::vector<std::pair<uint32_t, std::string>> texts;
    std::vector<std::pair<sluice_question_key, sluice_question_value>> questions;
    std::vector<std::pair<net::Ip, net::Port>> servers;
  };
  // What a former agent left; also of programs that are only looked at.
  static base::Result<Kept> read(const Programs& programs);
  base::Result<Kept> read() const { return read(*programs_); }

 private:
  Answers(const Programs& programs, Ring ring, MappedArray<sluice_dns> state)
      : programs_(&programs), ring_(std::move(ring)), state_(std::move(state)) {}

  const Programs* programs_;
  Ring ring_;
  MappedArray<sluice_dns> state_;
};

}  // namespace sluice::kernel::answers
