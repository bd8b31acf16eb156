#include "agent/source/folder/folder_feeder.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace sluice::source::folder {
namespace {

using base::Error;
using base::Result;

// A folder whose directories come faster than they can be watched is read again with its next event.
constexpr int kMaxListings = 8;

Problem is_being_written(const std::string& path) {
  return {{path, 0, 0},
          std::nullopt,
          "",
          "is being written: what it held stays in force until its writer closes it, for " +
              std::to_string(kOpenLongest.count() / 1000) + " s at most"};
}

}  // namespace

Result<std::unique_ptr<FolderFeeder>> FolderFeeder::open(const std::string& folder,
                                                         std::unique_ptr<decode::Translator> translator) {
  auto listing = list_folder(folder);
  if (!listing) return listing.error();
  auto watch = FolderWatch::open();
  if (!watch) return watch.error().within(folder);
  std::unique_ptr<FolderFeeder> feeder(new FolderFeeder(folder, std::move(*watch), std::move(translator)));
  if (auto prepared = feeder->prepare(*listing); !prepared.ok()) return prepared.error().within(folder);
  return feeder;
}

base::Status FolderFeeder::prepare(const FolderListing& listing) {
  wake_ = base::Fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake_.valid()) return Error::from_errno(errno, "eventfd");
  epoll_ = base::Fd(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return Error::from_errno(errno, "epoll_create1");
  for (int fd : {wake_.get(), watch_.fd()}) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return Error::from_errno(errno, "epoll_ctl");
  }
  watch_.follow(listing);
  wake();
  return base::done();
}

void FolderFeeder::wake() {
  uint64_t one = 1;
  // Fails only where the counter is full, and then the fd is readable already.
  [[maybe_unused]] ssize_t written = write(wake_.get(), &one, sizeof(one));
}

uint64_t FolderFeeder::request_read() {
  uint64_t ticket = requested_.fetch_add(1) + 1;
  wake();
  return ticket;
}

FolderReading FolderFeeder::read_everything(const FolderNews& news) {
  for (int round = 1;; ++round) {
    auto listing = list_folder(folder_);
    if (!listing) {
      FolderReading unreadable;
      unreadable.problems.push_back(
          {{"", 0, 0}, std::nullopt, "", listing.error().message() + ": what it held stays in force"});
      return unreadable;
    }
    auto followed = watch_.follow(*listing);
    if (followed.added && round < kMaxListings) continue;
    listing->problems.insert(listing->problems.end(), followed.problems.begin(), followed.problems.end());
    synced_ = true;
    return reader_.read(*listing, news.held);
  }
}

FolderReading FolderFeeder::read(const FolderNews& news) {
  FolderReading reading = news.everything ? read_everything(news) : reader_.read_files(news.files);
  auto unread = watch_.being_written();
  reader_.withdraw(unread, reading);
  unread.insert(news.held.begin(), news.held.end());
  if (unread.empty()) answered_ = asked_;
  for (const std::string& path : news.waiting) reading.problems.push_back(is_being_written(path));
  return reading;
}

std::optional<Batch> FolderFeeder::drain() {
  uint64_t wakes = 0;
  bool woken = ::read(wake_.get(), &wakes, sizeof(wakes)) > 0;
  if (woken) asked_ = requested_.load();  // before anything is read
  std::optional<FolderNews> news = woken || !synced_ ? watch_.drain_everything() : watch_.drain();
  if (!news) return std::nullopt;
  Batch batch;
  batch.changes = state_.apply(read(*news));
  batch.problems = state_.problems();
  batch.warnings = state_.warnings();
  batch.skipped = state_.skipped();
  if (translator_) {
    batch.changes = translator_->apply(std::move(batch.changes), state_.take_foreign());
    for (Problem& problem : translator_->problems()) batch.problems.push_back(std::move(problem));
    for (Warning& warning : translator_->warnings()) batch.warnings.push_back(std::move(warning));
  }
  batch.generation = answered_;
  return batch;
}

}  // namespace sluice::source::folder
