#include "bench/api/feed_tap.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "agent/source/feed/decode.h"
#include "bench/api/grpc_messages.h"
#include "sluice/v1/feed.pb.h"

namespace sluice::bench::api {
namespace {

using base::Error;
using base::Fd;
using base::Result;

constexpr size_t kPiece = 64 << 10;  // bytes

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

Fd connect_to(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(path);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

bool write_whole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<FeedTap>> FeedTap::open(const std::string& socket, std::string agent, Ledger& ledger) {
  Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = address_of(socket);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), 8) != 0)
    return Error::from_errno(errno, "listen at " + socket);
  return std::unique_ptr<FeedTap>(new FeedTap(std::move(listener), std::move(agent), ledger));
}

FeedTap::FeedTap(Fd listener, std::string agent, Ledger& ledger)
    : listener_(std::move(listener)), agent_(std::move(agent)), ledger_(ledger) {
  acceptor_ = std::thread([this] { accept(); });
}

FeedTap::~FeedTap() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  for (Line& line : lines_) {
    for (const Fd* fd : {&line.watcher, &line.agent}) ::shutdown(fd->get(), SHUT_RDWR);
    line.forth.join();
    line.back.join();
  }
}

void FeedTap::accept() {
  while (true) {
    Fd watcher(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!watcher.valid()) return;
    Fd agent = connect_to(agent_);
    if (!agent.valid()) continue;
    ledger_.stream_began();
    Line& line = lines_.emplace_back();
    line.watcher = std::move(watcher);
    line.agent = std::move(agent);
    line.forth = std::thread([this, &line] { hand_on(line, true); });
    line.back = std::thread([this, &line] { hand_on(line, false); });
  }
}

void FeedTap::hand_on(const Line& line, bool forth) {
  const int from = (forth ? line.watcher : line.agent).get(), to = (forth ? line.agent : line.watcher).get();
  Clock::time_point when;
  GrpcMessages messages(forth, [&](std::string_view message) {
    if (forth)
      accept_request(message, when);
    else
      accept_reply(message, when);
  });
  std::string piece(kPiece, '\0');
  bool readable = true;
  while (true) {
    const ssize_t size = ::recv(from, piece.data(), piece.size(), 0);
    if (size <= 0) break;
    when = Clock::now();
    const std::string_view bytes(piece.data(), static_cast<size_t>(size));
    // What is fed must be in the book before the agent can say that it is in force.
    if (readable)
      if (auto read = messages.read(bytes); !read) {
        readable = false;  // then nothing more comes into force in the ledger, which is an error there
        std::fprintf(stderr, "bench_api: the feed: %s\n", read.error().message().c_str());
      }
    if (!write_whole(to, bytes)) break;
  }
  ::shutdown(to, SHUT_RDWR);
  ::shutdown(from, SHUT_RDWR);
}

void FeedTap::accept_request(std::string_view message, Clock::time_point when) {
  v1::FeedRequest request;
  if (!request.ParseFromArray(message.data(), static_cast<int>(message.size())) || !request.has_batch())
    return;
  const v1::Batch& fed = request.batch();
  Ledger::Batch batch{fed.sequence(), fed.ends_snapshot(), {}};
  for (const v1::Event& event : fed.events()) {
    if (fed.begins_snapshot() || event.observed() == 0) continue;  // of a snapshot
    auto id = event.has_upsert() ? source::feed::id_as_written(event.upsert())
                                 : source::feed::id_as_written(event.removed());
    if (id) batch.objects.push_back(std::move(*id));
  }
  ledger_.fed(batch, when);
}

void FeedTap::accept_reply(std::string_view message, Clock::time_point when) {
  v1::FeedReply reply;
  if (reply.ParseFromArray(message.data(), static_cast<int>(message.size())) && reply.has_progress())
    ledger_.in_force(reply.progress().in_force(), when);
}

}  // namespace sluice::bench::api
