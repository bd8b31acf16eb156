// Informer: keeps what a Sink holds of one resource equal to the API server's. It joins the Reflector's
// decisions to HttpsClient and the body readers.
//
// Laws:
//  1. One request at a time.
//  2. What a failed request had already handed over stays: it was true.
//
// It runs on the thread of the io_context; start() is called once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/source/kube/https.h"
#include "agent/source/kube/reflector.h"
#include "agent/source/kube/sink.h"

namespace sluice::source::kube {

// Where a kind of objects is, one path an API version, the best first.
struct Resource {
  std::string kind;
  std::vector<std::string> paths;
  bool optional = false;  // a server may do without: it then has none, until it serves the resource
  const Shape* shape = nullptr;
};
const std::vector<Resource>& resources();  // one a kind, in the order of model::kKinds
Resource resource_of(const source::decode::ForeignResource& foreign);

struct InformerOptions {
  std::string user_agent;
  bool protobuf = true;  // ask for it; JSON is taken all the same
  Pauses pauses;
  int page_items = 500;
  milliseconds list_silence{30'000}, list_limit{300'000};
  // A watch is asked to last this long to twice as long. Bookmarks come about every minute: a watch that is
  // silent for `watch_silence` has lost its server.
  milliseconds watch_lasts{240'000}, watch_silence{180'000};
  // How long what is known of an optional resource stays while the server says that it does not serve it. Where the
  // resource is removed, its objects go one by one before it; who says so with objects there is out of order.
  milliseconds missing_hold{60'000};
  uint64_t seed = 0;
};

// Since the start. `skipped`: objects without meaning for network policy (slices of host names).
struct InformerCounts {
  uint64_t lists = 0, pages = 0, watches = 0, events = 0, bytes = 0, skipped = 0;
  std::map<std::string_view, uint64_t> failures;  // by to_text(Failure::Kind)
};

class Informer {
 public:
  // Called whenever an object, a problem or the state may have changed.
  using Notify = std::function<void()>;

  // Everything must outlive it.
  Informer(boost::asio::io_context& loop, const ApiServer& server, const Resource& resource,
           InformerOptions options, Sink& sink, Notify notify);
  void start();
  // Nothing is called any more.
  void stop();

  const std::string& kind() const { return resource_.kind; }
  const Sink& held() const { return sink_; }
  // Why it does not follow now; none where it does.
  const std::optional<std::string>& problem() const { return problem_; }
  const InformerCounts& counts() const { return counts_; }
  bool watching() const { return watching_; }
  // How long no watch has been open; 0 while one is.
  std::chrono::duration<double> unfollowed(Moment now) const;

 private:
  void step();
  void ask(const Step& step);
  HttpsRequest list_request(const ListRequest& list) const;
  HttpsRequest watch_request(const WatchRequest& watch);
  void accept_head(const HttpHead& head, bool watch);
  base::Status accept_piece(std::string_view piece);
  void end(const std::optional<base::Error>& error);
  void end_list();
  bool is_withdrawn(const Failure& failure);  // does the server do without the resource, beyond doubt?
  void fail(const Failure& failure);

  void accept_event(const std::string& type, const source::decode::Tree& object);
  void accept_object(const source::decode::Tree& object, int64_t observed);

  const Resource& resource_;
  const InformerOptions options_;
  const ApiServer& server_;
  Sink& sink_;
  Notify notify_;
  HttpsClient client_;
  boost::asio::steady_timer pause_;
  std::shared_ptr<const char> alive_ = std::make_shared<const char>();  // till stop(): a fired timer calls
  Reflector reflector_;
  InformerCounts counts_;
  std::optional<std::string> problem_;
  uint64_t requests_ = 0;

  Moment followed_;  // when the last watch was over, or the start

  // Of the request under way.
  bool watching_ = false;
  bool served_ = true;                   // false: the server does without the resource
  std::optional<Moment> missing_since_;  // the first of the answers in a row that it does not serve it
  HttpHead head_;
  Encoding encoding_ = Encoding::kJson;
  std::unique_ptr<ListReader> list_;
  std::unique_ptr<WatchReader> watch_;
  std::string refusal_;             // the body of an answer that is no success
  std::optional<Failure> failure_;  // what made no sense in it
};

}  // namespace sluice::source::kube
