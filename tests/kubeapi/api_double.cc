#include "tests/kubeapi/api_double.h"

#include <sys/socket.h>

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <map>

#include "agent/source/kube/informer.h"
#include "tests/kubeapi/encode.h"

namespace sluice::kubeapi {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using source::kube::Encoding;

std::map<std::string, std::string> query_of(std::string_view target) {
  std::map<std::string, std::string> query;
  size_t at = target.find('?');
  while (at != target.npos) {
    const size_t end = target.find('&', at + 1);
    const std::string_view pair = target.substr(at + 1, end == target.npos ? end : end - at - 1);
    std::string value;
    for (size_t i = pair.find('=') + 1; i < pair.size(); ++i) {
      if (pair[i] != '%') {
        value += pair[i];
        continue;
      }
      value += static_cast<char>(std::stoi(std::string(pair.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
    query[std::string(pair.substr(0, pair.find('=')))] = value;
    at = end;
  }
  return query;
}

std::optional<ServedKind> kind_at(std::string_view path) {
  for (const auto& resource : source::kube::resources())
    for (const std::string_view known : resource.paths)
      if (known == path) return ServedKind(resource.kind);
  if (path == "/apis/cilium.io/v2/ciliumnetworkpolicies") return kCiliumPolicy;
  if (path == "/apis/cilium.io/v2/ciliumclusterwidenetworkpolicies") return kCiliumClusterwidePolicy;
  return std::nullopt;
}

// A custom resource: it is never sent as protobuf.
bool is_custom(const ServedKind& kind) {
  return !kind.of_model() || kind == model::Kind::kClusterNetworkPolicy;
}

std::optional<Refusal> refusal_of(Fault fault) {
  switch (fault) {
    case Fault::kGone:
      return Refusal{410, "Expired", "the resourceVersion is too old"};
    case Fault::kTooMany:
      return Refusal{429, "TooManyRequests", "slow down"};
    case Fault::kBusy:
      return Refusal{503, "ServiceUnavailable", "busy"};
    case Fault::kServerError:
      return Refusal{500, "InternalError", "etcd has no leader"};
    case Fault::kTimeout:
      return Refusal{504, "Timeout", "Too large resource version"};
    case Fault::kUnauthorized:
      return Refusal{401, "Unauthorized", "Unauthorized"};
    case Fault::kForbidden:
      return Refusal{403, "Forbidden", "pods is forbidden"};
    case Fault::kNotFound:
      return Refusal{404, "NotFound", "the server could not find the requested resource"};
    case Fault::kNone:
    case Fault::kHangUp:
    case Fault::kCutBody:
    case Fault::kSilent:
    case Fault::kSilentBody:
    case Fault::kGarbage:
    case Fault::kDribble:
    case Fault::kErrorGone:
    case Fault::kErrorOther:
    case Fault::kEndWatch:
      break;
  }
  return std::nullopt;
}

}  // namespace

class ApiDouble::Connection {
 public:
  Connection(ApiDouble& api, tcp::socket socket)
      : api_(api), fd_(socket.native_handle()), stream_(std::move(socket), api.tls_) {}

  // Until the peer or the server has enough of it.
  void run() {
    error_code code;
    stream_.handshake(asio::ssl::stream_base::server, code);
    while (!code && !closed_) {
      http::request<http::empty_body> request;
      http::read(stream_, buffer_, request, code);
      if (!code && !answer(request)) break;
    }
    close();
  }
  // From any thread.
  void close() {
    closed_ = true;
    ::shutdown(fd_, SHUT_RDWR);
  }

 private:
  using Request = http::request<http::empty_body>;

  bool answer(const Request& request) {
    const std::string target(request.target());
    const auto query = query_of(target);
    Asked asked;
    asked.path = target.substr(0, target.find('?'));
    asked.watch = query.contains("watch");
    asked.continued = query.contains("continue");
    asked.authorization = std::string(request[http::field::authorization]);
    asked.accept = std::string(request[http::field::accept]);
    asked.client = client_name();
    const auto kind = kind_at(asked.path);
    asked.kind = kind.value_or(ServedKind());
    encoding_ = !is_custom(asked.kind) && api_.options_.protobuf &&
                        asked.accept.starts_with(source::kube::kProtobufType)
                    ? Encoding::kProtobuf
                    : Encoding::kJson;
    std::string token;
    {
      const std::lock_guard lock(api_.mutex_);
      api_.asked_.push_back(asked);
      token = api_.token_;
    }
    fault_ = api_.script_ ? api_.script_(asked) : Fault::kNone;
    if (fault_ == Fault::kHangUp) return false;
    if (fault_ == Fault::kSilent) return wait_for_close();
    if (!token.empty() && asked.authorization != "Bearer " + token) fault_ = Fault::kUnauthorized;
    if (!kind) fault_ = Fault::kNotFound;
    if (const auto refusal = refusal_of(fault_)) return refuse(*refusal);
    if (asked.watch) return watch(asked.kind, query.at("resourceVersion"));
    const auto page = api_.world_.list(asked.kind, std::stoul(query.at("limit")),
                                       asked.continued ? query.at("continue") : std::string());
    if (!page) return refuse({410, "Expired", "the provided continue parameter is too old"});
    return whole(200, encode_list(encoding_, asked.kind, *page));
  }

  std::string client_name() {
    X509* certificate = SSL_get0_peer_certificate(stream_.native_handle());
    if (certificate == nullptr) return {};
    char name[128] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    return name;
  }

  bool refuse(const Refusal& refusal) {
    return whole(static_cast<unsigned>(refusal.code), encode_status(encoding_, refusal));
  }

  std::string head(unsigned status, const std::string& length) const {
    const bool pause = fault_ == Fault::kTooMany || fault_ == Fault::kBusy;
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " +
           (encoding_ == Encoding::kJson ? "application/json"
                                         : "application/vnd.kubernetes.protobuf;stream=watch") +
           "\r\n" + (pause ? "Retry-After: 0\r\n" : "") + length + "\r\n\r\n";
  }

  bool whole(unsigned status, std::string body) {
    if (fault_ == Fault::kGarbage) body = "<html>a proxy's page</html>";
    const std::string start = head(status, "Content-Length: " + std::to_string(body.size()));
    if (fault_ == Fault::kCutBody || fault_ == Fault::kSilentBody) {
      const bool sent = send(start + body.substr(0, body.size() / 2));
      return fault_ == Fault::kSilentBody && sent && wait_for_close();
    }
    return send(start + body);
  }

  bool send(std::string_view bytes) {
    const size_t most = fault_ == Fault::kDribble ? 3 : bytes.size();
    error_code code;
    for (size_t at = 0; at < bytes.size() && !code; at += most)
      asio::write(stream_, asio::buffer(bytes.substr(at, most)), code);
    return !code;
  }
  bool chunk(const std::string& bytes) {
    char length[32] = {};
    std::snprintf(length, sizeof length, "%zx\r\n", bytes.size());
    return send(length + bytes + "\r\n");
  }

  // The client ends it, or close() does.
  bool wait_for_close() {
    char byte = 0;
    error_code code;
    while (!code) stream_.read_some(asio::buffer(&byte, 1), code);
    return false;
  }

  bool watch(const ServedKind& kind, const std::string& from) {
    if (!send(head(200, "Transfer-Encoding: chunked"))) return false;
    if (fault_ == Fault::kErrorGone)
      return chunk(encode_error_event(encoding_, {410, "Expired", "too old resource version"}));
    if (fault_ == Fault::kErrorOther)
      return chunk(encode_error_event(encoding_, {500, "InternalError", "no leader"}));
    if (fault_ == Fault::kGarbage) return chunk("{\"type\":\"ADDED\",,}");
    if (fault_ == Fault::kSilentBody) return wait_for_close();
    if (fault_ == Fault::kEndWatch) return send("0\r\n\r\n");
    uint64_t version = std::stoull(from), bookmarks = api_.world_.bookmarks();
    while (!closed_) {
      const auto news = api_.world_.wait(kind, version, bookmarks, [this] { return !closed_; });
      if (news.forgotten)
        return chunk(encode_error_event(encoding_, {410, "Expired", "too old resource version"}));
      std::string bytes;  // several events a chunk
      for (const Event& event : news.events) {
        bytes += encode_event(encoding_, kind, event.type, *event.object);
        version = event.version;
      }
      if (news.bookmark) {
        bytes += encode_bookmark(encoding_, kind, *news.bookmark);
        version = *news.bookmark;
      }
      if (fault_ == Fault::kCutBody && !bytes.empty()) {
        chunk(bytes.substr(0, bytes.size() / 2));
        return false;
      }
      if (api_.options_.writing)
        for (const Event& event : news.events) api_.options_.writing(event);
      // An event split over two chunks.
      const size_t middle = bytes.size() / 2;
      if (!bytes.empty() && (!chunk(bytes.substr(0, middle + 1)) ||
                             (middle + 1 < bytes.size() && !chunk(bytes.substr(middle + 1)))))
        return false;
    }
    return false;
  }

  ApiDouble& api_;
  const int fd_;
  asio::ssl::stream<tcp::socket> stream_;
  boost::beast::flat_buffer buffer_;
  Encoding encoding_ = Encoding::kJson;
  Fault fault_ = Fault::kNone;
  std::atomic<bool> closed_ = false;
};

ApiDouble::ApiDouble(World& world, const Pki& pki, Options options, Script script)
    : world_(world),
      options_(std::move(options)),
      script_(std::move(script)),
      tls_(asio::ssl::context::tls_server),
      acceptor_(loop_, tcp::endpoint(asio::ip::make_address(options_.address), 0)),
      port_(acceptor_.local_endpoint().port()),
      token_(options_.token) {
  tls_.use_certificate_chain(asio::buffer(pki.server.certificate));
  tls_.use_private_key(asio::buffer(pki.server.key), asio::ssl::context::pem);
  tls_.add_certificate_authority(asio::buffer(pki.ca));
  if (options_.ask_for_certificate) tls_.set_verify_mode(asio::ssl::verify_peer);
  acceptor_thread_ = std::thread([this] { accept(); });
}

void ApiDouble::accept() {
  while (!stopping_) {
    error_code code;
    tcp::socket socket(loop_);
    acceptor_.accept(socket, code);
    if (code || stopping_) continue;
    socket.set_option(tcp::no_delay(true), code);  // as Go's net/http has it
    const std::lock_guard lock(mutex_);
    auto connection = std::make_shared<Connection>(*this, std::move(socket));
    connections_.push_back(connection);
    threads_.emplace_back([connection] { connection->run(); });
  }
}

void ApiDouble::drop_connections() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& connection : connections_) connection->close();
    connections_.clear();
  }
  world_.wake();
}

void ApiDouble::change_token(const std::string& token) {
  const std::lock_guard lock(mutex_);
  token_ = token;
}

std::vector<Asked> ApiDouble::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

ApiDouble::~ApiDouble() {
  stopping_ = true;
  // Wakes accept().
  ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
  acceptor_thread_.join();
  drop_connections();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace sluice::kubeapi
