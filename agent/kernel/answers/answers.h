// Answers: what the programs put into the ring of DNS packets (waiting.h), and what they are told of names: the maps that
// bpf/listen.h and bpf/names.h ask.
//
// One thread; `programs` must outlive it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/kernel/answers/waiting.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"

namespace sluice::kernel::answers {

class Answers {
 public:
  static base::Result<Answers> open(const Programs& programs);

  // Packets that wait, and the beat for which they do.
  Waiting& waiting() { return waiting_; }
  const Waiting& waiting() const { return waiting_; }

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
  Answers(const Programs& programs, Waiting waiting) : programs_(&programs), waiting_(std::move(waiting)) {}

  const Programs* programs_;
  Waiting waiting_;
};

}  // namespace sluice::kernel::answers
