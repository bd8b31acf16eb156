#include "agent/source/kube/informer.h"

#include <boost/asio/post.hpp>

#include "agent/base/excerpt.h"

namespace sluice::source::kube {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kOk = 200;
constexpr size_t kLargestRefusal = 64 << 10;  // bytes that are read of an answer that is no success
constexpr milliseconds kWatchGrace{15'000};   // beyond what a watch was asked to last

int64_t unix_now() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

std::string escaped(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string query;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '_' || c == '.' || c == '~')
      query += c;
    else
      query += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return query;
}

Failure senseless(std::string what) {
  return {Failure::Kind::kInvalid, std::move(what), milliseconds(0)};
}

}  // namespace

const std::vector<Resource>& resources() {
  const auto of = [](model::Kind kind, std::vector<std::string> paths, bool optional = false) {
    return Resource{std::string(model::to_text(kind)), std::move(paths), optional, &shape_of(kind)};
  };
  using model::Kind;
  static const std::vector<Resource> all = {
      of(Kind::kPod, {"/api/v1/pods"}),
      of(Kind::kNamespace, {"/api/v1/namespaces"}),
      of(Kind::kNode, {"/api/v1/nodes"}),
      of(Kind::kService, {"/api/v1/services"}),
      of(Kind::kEndpointSlice,
         {"/apis/discovery.k8s.io/v1/endpointslices", "/apis/discovery.k8s.io/v1beta1/endpointslices"}),
      of(Kind::kNetworkPolicy, {"/apis/networking.k8s.io/v1/networkpolicies"}),
      of(Kind::kClusterNetworkPolicy, {"/apis/policy.networking.k8s.io/v1alpha2/clusternetworkpolicies"},
         /*optional=*/true)};
  return all;
}

Resource resource_of(const source::decode::ForeignResource& foreign) {
  return {foreign.kind, {foreign.path}, /*optional=*/true, &kForeignShape};
}

Informer::Informer(boost::asio::io_context& loop, const ApiServer& server, const Resource& resource,
                   InformerOptions options, Sink& sink, Notify notify)
    : resource_(resource),
      options_(std::move(options)),
      server_(server),
      sink_(sink),
      notify_(std::move(notify)),
      client_(loop, server),
      pause_(loop),
      reflector_(resource.paths.size(), options_.pauses, options_.seed),
      followed_(Clock::now()) {}

void Informer::start() {
  step();
}

std::chrono::duration<double> Informer::unfollowed(Moment now) const {
  return watching_ || !served_ ? Moment::duration::zero() : now - followed_;
}

void Informer::stop() {
  alive_.reset();
  client_.cancel();
  pause_.cancel();
}

void Informer::step() {
  const Step step = reflector_.next();
  pause_.expires_after(step.pause);
  pause_.async_wait([this, step, alive = std::weak_ptr(alive_)](boost::system::error_code code) {
    if (!code && !alive.expired()) ask(step);
  });
}

void Informer::ask(const Step& step) {
  ++requests_;
  list_.reset();
  watch_.reset();
  refusal_.clear();
  failure_.reset();
  const auto* list = std::get_if<ListRequest>(&step.request);
  if (list != nullptr && list->continue_token.empty()) {
    ++counts_.lists;
    sink_.begin_list();
  }
  HttpsRequest request =
      list != nullptr ? list_request(*list) : watch_request(std::get<WatchRequest>(step.request));
  request.user_agent = options_.user_agent;
  request.accept = options_.protobuf ? std::string(kProtobufType) + "," + kJsonType : kJsonType;
  client_.get(std::move(request),
              {[this, watch = list == nullptr](const HttpHead& head) { accept_head(head, watch); },
               [this](std::string_view piece) { return accept_piece(piece); },
               [this](const std::optional<base::Error>& error) { end(error); }});
}

HttpsRequest Informer::list_request(const ListRequest& list) const {
  HttpsRequest request;
  request.target = resource_.paths[list.api] + "?limit=" + std::to_string(options_.page_items);
  if (!list.continue_token.empty()) request.target += "&continue=" + escaped(list.continue_token);
  request.silence = options_.list_silence;
  request.limit = options_.list_limit;
  return request;
}

HttpsRequest Informer::watch_request(const WatchRequest& watch) {
  ++counts_.watches;
  // Spread between one and two times, so that not every watcher of a cluster comes back at once.
  constexpr uint64_t kSteps = 64;
  const uint64_t part = (options_.seed + requests_ * 37) % kSteps;
  const milliseconds lasts = options_.watch_lasts + options_.watch_lasts * part / kSteps;
  const int64_t seconds = std::max<int64_t>(1, lasts.count() / 1000);
  HttpsRequest request;
  request.target = resource_.paths[watch.api] +
                   "?watch=1&allowWatchBookmarks=true&resourceVersion=" + escaped(watch.resource_version) +
                   "&timeoutSeconds=" + std::to_string(seconds);
  request.silence = options_.watch_silence;
  request.limit = lasts + kWatchGrace;
  return request;
}

void Informer::accept_head(const HttpHead& head, bool watch) {
  head_ = head;
  encoding_ = head.content_type == kProtobufType ? Encoding::kProtobuf : Encoding::kJson;
  if (head.status != kOk) return;
  served_ = true;
  missing_since_.reset();
  problem_.reset();
  if (watch) {
    watching_ = true;
    reflector_.watch_opened(Clock::now());
    watch_ = make_watch_reader(
        encoding_, *resource_.shape,
        [this](const std::string& type, const source::decode::Tree& object) { accept_event(type, object); });
  } else {
    list_ = make_list_reader(encoding_, *resource_.shape,
                             [this](const source::decode::Tree& object) { accept_object(object, 0); });
  }
  notify_();
}

base::Status Informer::accept_piece(std::string_view piece) {
  counts_.bytes += piece.size();
  if (list_ || watch_) {
    auto read = list_ ? list_->read(piece) : watch_->read(piece);
    if (watch_) notify_();
    if (!read && !failure_) failure_ = senseless("the answer " + read.error().message());
    return failure_ ? base::Status(base::Error(failure_->what)) : base::done();
  }
  refusal_ += piece.substr(0, kLargestRefusal - std::min(kLargestRefusal, refusal_.size()));
  return base::done();
}

void Informer::end(const std::optional<base::Error>& error) {
  if (std::exchange(watching_, false)) followed_ = Clock::now();
  if (failure_)
    fail(*failure_);
  else if (error)
    fail({Failure::Kind::kBroken, error->message(), milliseconds(0)});
  else if (list_)
    end_list();
  else if (watch_)
    reflector_.watch_ended(Clock::now());
  else
    fail(failure_of(head_.status, read_status(encoding_, refusal_), head_.retry_after));
  notify_();
  step();
}

void Informer::end_list() {
  const auto meta = list_->finish();
  if (!meta) return fail(senseless("the answer " + meta.error().message()));
  ++counts_.pages;
  if (reflector_.page_read(*meta)) sink_.end_list(unix_now());
}

bool Informer::is_withdrawn(const Failure& failure) {
  if (failure.kind != Failure::Kind::kMissing || !resource_.optional) {
    missing_since_.reset();
    served_ = true;
    return false;
  }
  if (!missing_since_) missing_since_ = Clock::now();
  return sink_.count() == 0 || Clock::now() - *missing_since_ >= options_.missing_hold;
}

void Informer::fail(const Failure& failure) {
  if (is_withdrawn(failure)) {
    // A server that does not serve the resource has no such objects (semantics 41).
    reflector_.failed(failure, Clock::now());
    if (served_) problem_.reset();
    if (const size_t held = sink_.count(); held > 0)
      problem_ = resource_.paths.front() + ": " + server_.url() +
                 " serves them no more: " + std::to_string(held) + " that were there are no longer in force";
    sink_.begin_list();
    sink_.end_list(unix_now());
    served_ = false;
    return;
  }
  ++counts_.failures[to_text(failure.kind)];
  reflector_.failed(failure, Clock::now());
  // A version that was forgotten is what a new list is for.
  if (failure.kind == Failure::Kind::kForgotten && reflector_.forgotten() <= 1) return;
  std::string what =
      failure.what.starts_with(server_.url()) ? failure.what : server_.url() + ": " + failure.what;
  if (failure.kind == Failure::Kind::kRefused)
    what += ": check the account's token and its ClusterRole (get, list, watch)";
  problem_ = resource_.paths.front() + ": " + what;
}

void Informer::accept_event(const std::string& type, const source::decode::Tree& object) {
  if (failure_) return;
  if (type == "ERROR") {
    failure_ = failure_of(status_of(object));
    return;
  }
  const std::string version(object.find("metadata").find("resourceVersion").text());
  if (version.empty()) {
    failure_ = senseless("an event has no metadata.resourceVersion");
    return;
  }
  if (reflector_.goes_back(version)) {
    failure_ =
        Failure{Failure::Kind::kForgotten,
                "an event of version " + base::excerpt(version) +
                    " is older than what was seen: the server was put back, or lags behind another one",
                milliseconds(0)};
    return;
  }
  if (type == "ADDED" || type == "MODIFIED")
    accept_object(object, unix_now());
  else if (type == "DELETED")
    sink_.remove(object, unix_now());
  counts_.events += type != "BOOKMARK";
  reflector_.advanced(version);
}

void Informer::accept_object(const source::decode::Tree& object, int64_t observed) {
  counts_.skipped += !sink_.put(object, observed);
}

}  // namespace sluice::source::kube
