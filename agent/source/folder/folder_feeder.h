// FolderFeeder: a folder of manifests as a Feeder. Threads: see feeder.h.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/source/feeder.h"
#include "agent/source/folder/folder.h"
#include "agent/source/folder/folder_state.h"
#include "agent/source/folder/watch.h"

namespace sluice::source::folder {

class FolderFeeder : public Feeder {
 public:
  // The folder must be there and readable; it may come and go later, and what it held stays while it is away.
  // `translator`: of foreign objects; may be null.
  static base::Result<std::unique_ptr<FolderFeeder>> open(
      const std::string& folder, std::unique_ptr<decode::Translator> translator = nullptr);

  int fd() const override { return epoll_.get(); }
  std::optional<Batch> drain() override;
  bool synced() const override { return synced_; }
  uint64_t request_read() override;

 private:
  FolderFeeder(std::string folder, FolderWatch watch, std::unique_ptr<decode::Translator> translator)
      : folder_(std::move(folder)),
        watch_(std::move(watch)),
        translator_(std::move(translator)),
        reader_(decode::Wanted::kObjects, translator_.get()) {}
  base::Status prepare(const FolderListing& listing);
  void wake();
  FolderReading read(const FolderNews& news);
  FolderReading read_everything(const FolderNews& news);

  std::string folder_;
  FolderWatch watch_;
  const std::unique_ptr<decode::Translator> translator_;
  FolderReader reader_;
  FolderState state_;
  base::Fd wake_, epoll_;
  std::atomic<uint64_t> requested_{0};
  // Requests that the last reading of everything was for; those that are answered: nothing was held back.
  uint64_t asked_ = 0, answered_ = 0;
  bool synced_ = false;
};

}  // namespace sluice::source::folder
