#include "agent/lab/journal.h"
#include "agent/lab/lab.h"
#include "agent/lab/undo.h"

namespace sluice::lab {

base::Result<std::vector<std::string>> down(const Directories& directories) {
  auto journal = Journal::resume(directories.state_dir);
  if (!journal) return journal.error();
  if (!*journal) return std::vector<std::string>();
  Undone undone = undo((*journal)->steps());
  if (!undone.failures.empty()) {
    std::string all;
    for (const std::string& failure : undone.failures) all += (all.empty() ? "" : "; ") + failure;
    return base::Error(all);
  }
  if (auto finished = (*journal)->finish(); !finished) return finished.error();
  return std::move(undone.removed);
}

}  // namespace sluice::lab
