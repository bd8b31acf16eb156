#include "agent/source/kube/https.h"

#include <netinet/tcp.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <charconv>

#include "agent/base/excerpt.h"
#include "agent/source/kube/dial.h"
#include "agent/source/kube/tls.h"

namespace sluice::source::kube {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Request = http::request<http::empty_body>;
using asio::ip::tcp;

// A peer that vanished is noticed in about half a minute, however long an answer may be silent.
void watch_over(tcp::socket& socket) {
  constexpr int kIdle = 15, kInterval = 5, kProbes = 3, kUnacknowledged = 30'000;
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto set = [&](int option, int value) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, kIdle);
  set(TCP_KEEPINTVL, kInterval);
  set(TCP_KEEPCNT, kProbes);
  set(TCP_USER_TIMEOUT, kUnacknowledged);
}

std::string lower_without_parameters(beast::string_view text) {
  std::string type(text.substr(0, std::min(text.find(';'), text.size())));
  while (type.ends_with(' ')) type.pop_back();
  for (char& c : type) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return type;
}

// Retry-After as a date is taken for none: the client's own pauses do.
std::chrono::milliseconds retry_after(beast::string_view text) {
  constexpr int64_t kDay = 86400;
  int64_t seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool number = code == std::errc() && end == text.data() + text.size() && seconds >= 0;
  return std::chrono::seconds(number ? std::min(seconds, kDay) : 0);
}

}  // namespace

class HttpsClient::Connection {
 public:
  Connection(asio::io_context& loop, asio::ssl::context context)
      : context_(std::move(context)), stream(loop, context_) {}

 private:
  asio::ssl::context context_;

 public:
  beast::ssl_stream<beast::tcp_stream> stream;
  beast::flat_buffer buffer;
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream); }
};

// One request; lives as long as its pending operation or the client holds it.
class HttpsClient::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(HttpsClient& client, HttpsRequest request, Handlers handlers)
      : client_(&client),
        server_(client.server_),
        asked_(std::move(request)),
        handlers_(std::move(handlers)),
        limit_(client.loop_),
        connection_(std::move(client.connection_)),
        reused_(connection_ != nullptr) {}

  void start() {
    limit_.expires_after(asked_.limit);
    limit_.async_wait([weak = weak_from_this()](error_code code) {
      const auto self = weak.lock();
      if (!code && self)
        self->fail("took longer than " + std::to_string(self->asked_.limit.count() / 1000) + " s");
    });
    const auto bytes =
        server_.token.absent() ? base::Result<std::string>(std::string()) : server_.token.read();
    const auto token = bytes ? bearer_token(*bytes) : bytes;
    if (!token) return fail_later("token: " + token.error().message());
    prepare(*token);
    reused_ ? write() : connect();
  }

  void cancel() {
    client_ = nullptr;
    limit_.cancel();
    hang_up();
  }

 private:
  bool over() const { return client_ == nullptr; }

  void prepare(const std::string& token) {
    message_.version(11);
    message_.method(http::verb::get);
    message_.target(server_.path + asked_.target);
    const bool literal6 = server_.host.find(':') != std::string::npos;
    message_.set(http::field::host,
                 (literal6 ? "[" + server_.host + "]" : server_.host) + ":" + server_.port);
    message_.set(http::field::user_agent, asked_.user_agent);
    message_.set(http::field::accept, asked_.accept);
    if (!token.empty()) message_.set(http::field::authorization, "Bearer " + token);
  }

  void connect() {
    auto context = make_tls_context(server_);
    if (!context) return fail_later(context.error().message());
    connection_ = std::make_shared<Connection>(client_->loop_, std::move(*context));
    if (auto set = expect_server(connection_->stream.native_handle(), server_); !set)
      return fail_later(set.error().message());
    dial_ =
        std::make_shared<Dial>(client_->loop_, DialLimits{kConnectLimit, kConnectLimit}, client_->address_,
                               [self = shared_from_this()](base::Result<Dial::Connected> result) {
                                 if (!result) return self->fail(result.error().message());
                                 self->client_->address_ = result->address;
                                 self->connection_->lowest().socket() = std::move(result->socket);
                                 self->shake_hands();
                               });
    dial_->start(server_.host, look_up_host(client_->loop_, server_.host, server_.port));
  }

  void hang_up() {
    if (dial_) dial_->cancel();
    if (connection_) connection_->lowest().close();
  }

  void shake_hands() {
    watch_over(connection_->lowest().socket());
    connection_->lowest().expires_after(kConnectLimit);
    connection_->stream.async_handshake(
        asio::ssl::stream_base::client, [self = shared_from_this()](error_code code) {
          if (self->over()) return;
          if (code)
            return self->fail(
                handshake_error(self->connection_->stream.native_handle(), self->server_, code).message());
          self->write();
        });
  }

  void write() {
    connection_->lowest().expires_after(asked_.silence);
    http::async_write(connection_->stream, message_, [self = shared_from_this()](error_code code, size_t) {
      if (self->over()) return;
      if (code) return self->fail_or_connect("send the request: ", code);
      self->read_head();
    });
  }

  void read_head() {
    parser_.emplace();
    parser_->header_limit(kLargestHead);
    parser_->body_limit(boost::none);
    connection_->lowest().expires_after(asked_.silence);
    http::async_read_header(connection_->stream, connection_->buffer, *parser_,
                            [self = shared_from_this()](error_code code, size_t) {
                              if (self->over()) return;
                              if (code) return self->fail_or_connect("read the answer: ", code);
                              self->accept_head();
                            });
  }

  void accept_head() {
    const auto& answer = parser_->get();
    const HttpHead head{answer.result_int(), lower_without_parameters(answer[http::field::content_type]),
                        retry_after(answer[http::field::retry_after])};
    answered_ = true;
    handlers_.head(head);
    if (!over()) read_body();
  }

  void read_body() {
    if (parser_->is_done()) return finish();
    piece_.resize(kBodyPiece);
    parser_->get().body().data = piece_.data();
    parser_->get().body().size = piece_.size();
    connection_->lowest().expires_after(asked_.silence);
    http::async_read_some(connection_->stream, connection_->buffer, *parser_,
                          [self = shared_from_this()](error_code code, size_t) {
                            if (!self->over()) self->accept_piece(code);
                          });
  }

  void accept_piece(error_code code) {
    if (code == http::error::need_buffer) code = {};
    const size_t count = piece_.size() - parser_->get().body().size;
    if (count > 0) {
      auto taken = handlers_.body(std::string_view(piece_).substr(0, count));
      if (over()) return;
      if (!taken) return fail("the answer " + taken.error().message());
    }
    if (code) return fail("read the answer: " + text_of(code));
    read_body();
  }

  void finish() {
    const auto self = shared_from_this();
    limit_.cancel();
    connection_->lowest().expires_never();
    if (parser_->keep_alive()) client_->connection_ = std::move(connection_);
    end(std::nullopt);
  }

  static std::string text_of(const error_code& code) {
    if (code == beast::error::timeout) return "nothing came in time";
    if (code == http::error::end_of_stream || code == asio::ssl::error::stream_truncated ||
        code == http::error::partial_message)
      return "the server closed the connection";
    return code.message();
  }

  // A connection that served before may have been closed by the server meanwhile: that is no failure.
  void fail_or_connect(const std::string& what, const error_code& code) {
    if (!std::exchange(reused_, false) || code == beast::error::timeout) return fail(what + text_of(code));
    connection_->lowest().close();
    connect();
  }

  void fail_later(std::string why) {
    asio::post(client_->loop_, [self = shared_from_this(), why = std::move(why)] {
      if (!self->over()) self->fail(why);
    });
  }

  void fail(const std::string& why) {
    if (over()) return;
    if (!answered_) ++client_->address_;
    hang_up();
    limit_.cancel();
    end(base::Error(server_.url() + ": " + base::one_line(why)));
  }

  void end(const std::optional<base::Error>& error) {
    const auto self = shared_from_this();
    HttpsClient* client = std::exchange(client_, nullptr);
    if (client->exchange_ == self) client->exchange_.reset();
    handlers_.done(error);
  }

  HttpsClient* client_;  // null: over
  const ApiServer& server_;
  const HttpsRequest asked_;
  const Handlers handlers_;
  asio::steady_timer limit_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Dial> dial_;
  bool reused_, answered_ = false;
  Request message_;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  std::string piece_;
};

HttpsClient::HttpsClient(asio::io_context& loop, const ApiServer& server) : loop_(loop), server_(server) {}

HttpsClient::~HttpsClient() {
  cancel();
}

void HttpsClient::get(HttpsRequest request, Handlers handlers) {
  cancel();
  exchange_ = std::make_shared<Exchange>(*this, std::move(request), std::move(handlers));
  exchange_->start();
}

void HttpsClient::cancel() {
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->cancel();
}

}  // namespace sluice::source::kube
