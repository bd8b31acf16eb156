#include "agent/serve/http.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>

#include "agent/base/excerpt.h"

namespace sluice::serve {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Code = boost::system::error_code;

base::Result<tcp::endpoint> parse_endpoint(std::string_view text) {
  const base::Error wrong(base::excerpt(text) + " is no ADDRESS:PORT: write 127.0.0.1:9619 or [::1]:9619");
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return wrong;
  std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  Code code;
  const auto address = asio::ip::make_address(std::string(host), code);
  if (code || address.is_v6() != bracketed) return wrong;
  uint16_t number = 0;
  const auto [end, bad] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || bad != std::errc() || end != port.data() + port.size()) return wrong;
  return tcp::endpoint(address, number);
}

namespace {

constexpr std::chrono::milliseconds kHttpPause{200};

std::string_view view_of(beast::string_view boosts) {
  return {boosts.data(), boosts.size()};
}

HttpRequest read(const http::request<http::empty_body>& request) {
  const std::string_view target = view_of(request.target());
  const size_t question = std::min(target.find('?'), target.size());
  HttpRequest parts{target.substr(0, question), target.substr(std::min(question + 1, target.size())), {}, {}};
  if (request.count(http::field::host) == 1) parts.host = view_of(request[http::field::host]);
  parts.accept = view_of(request[http::field::accept]);
  return parts;
}

http::response<http::string_body> respond(const http::request_parser<http::empty_body>& parser,
                                          const HttpHandler& handler) {
  const auto& request = parser.get();
  HttpAnswer answer;
  if (request.method() != http::verb::get && request.method() != http::verb::head)
    answer = {405, "text/plain; charset=utf-8", "only GET and HEAD are answered here\n"};
  else
    answer = handler(read(request));
  http::response<http::string_body> response(http::status(answer.status), request.version());
  response.set(http::field::content_type, answer.content_type);
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.keep_alive(false);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

}  // namespace

struct HttpListener::State : std::enable_shared_from_this<State> {
  State(asio::io_context& loop, HttpHandler on_request)
      : acceptor(loop), pause(loop), handler(std::move(on_request)) {}
  void accept();

  tcp::acceptor acceptor;
  asio::steady_timer pause;  // before the next accept, after one that failed (out of descriptors)
  HttpHandler handler;
  size_t own = 0, others = 0;  // connections
  bool closed = false;
};

namespace {

asio::ip::address plain(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

// From this machine itself: over loopback, or from the very address that it asked.
bool is_own(const tcp::socket& socket) {
  Code code;
  const auto peer = plain(socket.remote_endpoint(code).address());
  if (code) return false;
  const auto here = plain(socket.local_endpoint(code).address());
  return !code && (peer.is_loopback() || peer == here);
}

// One request and its answer; lives as long as its pending operation holds it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<HttpHandler> handler, std::function<void()> at_end)
      : stream_(std::move(socket)), handler_(std::move(handler)), at_end_(std::move(at_end)) {
    parser_.header_limit(kHttpHeaderBytes);
  }
  ~Connection() { at_end_(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    stream_.expires_after(kHttpDeadline);
    http::async_read_header(stream_, buffer_, parser_, [self = shared_from_this()](Code code, size_t) {
      if (!code) self->write();
    });
  }

 private:
  void write() {
    response_.emplace(respond(parser_, *handler_));
    stream_.expires_after(kHttpDeadline);
    http::async_write(stream_, *response_, [self = shared_from_this()](Code, size_t) {
      Code ignored;
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kHttpHeaderBytes * 2};
  http::request_parser<http::empty_body> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::shared_ptr<HttpHandler> handler_;
  std::function<void()> at_end_;
};

}  // namespace

void HttpListener::State::accept() {
  acceptor.async_accept([self = shared_from_this()](Code code, tcp::socket socket) {
    if (self->closed || code == asio::error::operation_aborted) return;
    if (code) {
      self->pause.expires_after(kHttpPause);
      return self->pause.async_wait([self](Code stopped) {
        if (!stopped && !self->closed) self->accept();
      });
    }
    size_t& held = is_own(socket) ? self->own : self->others;
    if (held < kHttpConnections) {
      ++held;
      std::make_shared<Connection>(std::move(socket), std::shared_ptr<HttpHandler>(self, &self->handler),
                                   [self, &held] { --held; })
          ->read();
    }
    self->accept();
  });
}

HttpListener::HttpListener(std::shared_ptr<State> state) : state_(std::move(state)) {}
HttpListener::HttpListener(HttpListener&&) noexcept = default;
HttpListener& HttpListener::operator=(HttpListener&&) noexcept = default;

HttpListener::~HttpListener() {
  if (!state_) return;
  state_->closed = true;
  Code ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
}

tcp::endpoint HttpListener::endpoint() const {
  Code ignored;
  return state_->acceptor.local_endpoint(ignored);
}

base::Result<HttpListener> HttpListener::listen(asio::io_context& loop, const tcp::endpoint& at,
                                                HttpHandler handler) {
  auto state = std::make_shared<State>(loop, std::move(handler));
  Code code;
  state->acceptor.open(at.protocol(), code);
  if (!code) state->acceptor.set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) state->acceptor.bind(at, code);
  if (!code) state->acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code) {
    const std::string where = at.address().to_string() + " port " + std::to_string(at.port());
    return base::Error::from_errno(code.value(), "listen on " + where);
  }
  state->accept();
  return HttpListener(std::move(state));
}

}  // namespace sluice::serve
