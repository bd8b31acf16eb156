// What the kernel's verifier writes about a program, and what of it is for people. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::kernel::log {

// The end of the log, where it says what it dislikes, as one line.
std::string end_of_verifier_log(std::string_view log);

// How many instructions the verifier walked through, where the log says so ("processed 61000 insns (…").
std::optional<uint32_t> verified_instructions(std::string_view log);

}  // namespace sluice::kernel::log
