#include "rpc/http_client.hpp"

#include <httplib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "rpc/http_resolve.hpp"
#include "rpc/tls.hpp"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "compile with the flags of pkg-config cpp-httplib: they are part of its ABI"
#endif

namespace aitbc::rpc {
namespace {

using Clock = std::chrono::steady_clock;

// The socket as the library sees it. Every read and write ends at the deadline or when cancelled,
// and what comes in is counted, so neither headers nor body can go on for ever.
class BoundedStream final : public httplib::Stream {
 public:
  enum class End { none, timeout, cancelled, closed, too_large };
  struct Bounds {
    Clock::time_point deadline;
    std::size_t bytes_max;
    std::optional<Duration> silence = {};  // of a stream: the time for each piece, of any number
  };

  BoundedStream(Channel& channel, int socket, int cancel, Bounds bounds)
      : channel_(channel), socket_(socket), cancel_(cancel), bounds_(bounds) {}

  End end() const { return end_; }
  bool received_any() const { return received_ > 0; }
  bool has_unread() const { return begin_ < buffer_end_; }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }

  ssize_t read(char* data, std::size_t size) override {
    if (begin_ == buffer_end_ && !fill()) return end_ == End::closed ? 0 : -1;
    const std::size_t count = std::min(size, buffer_end_ - begin_);
    std::memcpy(data, buffer_.data() + begin_, count);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(const char* data, std::size_t size) override {
    std::size_t sent = 0;
    while (sent < size) {
      const Channel::Moved moved = channel_.write(data + sent, size - sent);
      sent += moved.bytes;
      if (moved.blocked) {
        if (!await(*moved.blocked)) return -1;
      } else if (moved.bytes == 0) {
        // The peer may have refused and closed early: its answer may still be there to be read.
        const bool answered = received_ == 0 && await(Channel::Need::read);
        return answered ? static_cast<ssize_t>(size) : -1;
      }
    }
    return static_cast<ssize_t>(size);
  }

  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return socket_; }

  // False at the deadline or when cancelled.
  bool await(Channel::Need need) {
    return await_events(need == Channel::Need::read ? POLLIN : POLLOUT);
  }

 private:
  bool await_events(short events) {
    while (true) {
      const auto left = std::chrono::ceil<Duration>(bounds_.deadline - Clock::now());
      if (left.count() <= 0) return stop(End::timeout);
      std::array<pollfd, 2> sources{{{socket_, events, 0}, {cancel_, POLLIN, 0}}};
      const int ready = ::poll(sources.data(), sources.size(), static_cast<int>(left.count()));
      if (sources[1].revents != 0) return stop(End::cancelled);
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return stop(End::closed);
    }
  }

  // Asked before each read, also when bytes are there: a fast peer has a deadline too.
  bool may_go_on() {
    pollfd source{cancel_, POLLIN, 0};
    if (::poll(&source, 1, 0) != 0) return stop(End::cancelled);
    return Clock::now() < bounds_.deadline || stop(End::timeout);
  }

  bool stop(End end) {
    end_ = end;
    return false;
  }

  bool fill() {
    if (end_ != End::none) return false;
    while (may_go_on()) {
      const Channel::Moved moved = channel_.read(buffer_.data(), buffer_.size());
      if (moved.bytes > 0) {
        begin_ = 0;
        buffer_end_ = moved.bytes;
        received_ += buffer_end_;
        if (bounds_.silence) {
          bounds_.deadline = Clock::now() + *bounds_.silence;
          return true;
        }
        return received_ <= bounds_.bytes_max || stop(End::too_large);
      }
      if (!moved.blocked) return stop(End::closed);
      if (!await(*moved.blocked)) return false;
    }
    return false;
  }

  Channel& channel_;
  int socket_;
  int cancel_;
  Bounds bounds_;
  std::array<char, 16 * 1024> buffer_;
  std::size_t begin_ = 0;
  std::size_t buffer_end_ = 0;
  std::size_t received_ = 0;
  End end_ = End::none;
};

}  // namespace

// Uses the library to print requests and parse answers, over sockets of our own.
class HttpClient::Session final : private httplib::ClientImpl {
 public:
  Session(const Url& url, Credentials credentials)
      : httplib::ClientImpl(url.host, url.port),
        credentials_(std::move(credentials)),
        cancel_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    set_url_encode(false);  // the target is encoded before
    set_decompress(false);
  }
  ~Session() {
    disconnect();
    if (cancel_ >= 0) ::close(cancel_);
  }

  void cancel() {
    const std::uint64_t one = 1;
    // Fails only when the counter is full, that is, after it was cancelled.
    [[maybe_unused]] const ssize_t written = ::write(cancel_, &one, sizeof one);
  }

  // With `receive` as stream().
  Result<HttpResponse> send(const Url& url, const HttpRequest& request, const CallLimits& limits,
                            const Receive* receive);

 private:
  using End = BoundedStream::End;
  struct Outcome {
    Result<HttpResponse> answer;
    bool worth_repeating = false;  // the kept connection was closed before any answer
  };

  Outcome exchange(const std::string& where, const std::string& target, const HttpRequest& request,
                   const CallLimits& limits, Clock::time_point deadline, const Receive* receive);
  Status connect(const Url& url, const std::string& where, Clock::time_point deadline);
  End connect_to(const addrinfo& address, Clock::time_point deadline);
  Status begin_channel(const Url& url, const std::string& where);
  Error failure(End end, const std::string& where) const;
  bool still_open() const;
  void disconnect() {
    channel_.reset();
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  Credentials credentials_;
  std::shared_ptr<const TlsClient> tls_;  // made when first needed
  int cancel_;
  int fd_ = -1;
  std::unique_ptr<Channel> channel_;
};

Error HttpClient::Session::failure(End end, const std::string& where) const {
  switch (end) {
    case End::timeout:
      return error(Errc::timeout, where + ": no whole answer in time");
    case End::cancelled:
      return error(Errc::shutting_down, where + ": the call was cancelled");
    case End::closed: {
      const std::string why = channel_ ? channel_->problem() : std::string();
      return error(Errc::unreachable,
                   where + ": " + (why.empty() ? "the connection was closed" : "TLS: " + why));
    }
    case End::too_large:
      return error(Errc::too_large, where + ": the answer is too long");
    case End::none:
      break;
  }
  return error(Errc::unreachable, where + ": the answer is not HTTP");
}

// A peer that has closed, or that says something unasked, is not spoken to on this connection.
bool HttpClient::Session::still_open() const {
  pollfd source{fd_, POLLIN, 0};
  return ::poll(&source, 1, 0) == 0;
}

BoundedStream::End HttpClient::Session::connect_to(const addrinfo& address,
                                                   Clock::time_point deadline) {
  fd_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return End::closed;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return End::none;
  if (errno != EINPROGRESS) return End::closed;
  const auto plain = plain_channel(fd_);
  BoundedStream waiting(*plain, fd_, cancel_, {deadline, 0});
  if (!waiting.await(Channel::Need::write)) return waiting.end();
  int problem = 0;
  socklen_t size = sizeof problem;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &problem, &size);
  errno = problem;
  return problem == 0 ? End::none : End::closed;
}

Status HttpClient::Session::connect(const Url& url, const std::string& where,
                                    Clock::time_point deadline) {
  auto found = resolve(url.host, url.port, {deadline, cancel_});
  if (!found) return error(found.error().code, where + ": " + found.error().detail);
  std::string reason;
  for (const addrinfo* address = found->get(); address != nullptr; address = address->ai_next) {
    const End end = connect_to(*address, deadline);
    if (end == End::none) return begin_channel(url, where);
    reason = std::strerror(errno);
    disconnect();
    if (end == End::timeout) return error(Errc::timeout, where + ": no connection in time");
    if (end == End::cancelled) return failure(end, where);
  }
  return error(Errc::unreachable, where + ": " + reason);
}

Status HttpClient::Session::begin_channel(const Url& url, const std::string& where) {
  if (!url.secure) {
    channel_ = plain_channel(fd_);
    return ok();
  }
  if (tls_ == nullptr) {
    auto made = TlsClient::make(credentials_.trust);
    if (!made) return error(made.error().code, where + ": " + made.error().detail);
    tls_ = *std::move(made);
  }
  channel_ = tls_->connect(fd_, url.host);
  return ok();
}

HttpClient::Session::Outcome HttpClient::Session::exchange(
    const std::string& where, const std::string& target, const HttpRequest& request,
    const CallLimits& limits, Clock::time_point deadline, const Receive* receive) {
  httplib::Request asked;
  asked.method = request.method;
  asked.path = target;
  asked.body = request.body;
  if (!request.accept.empty()) asked.set_header("Accept", request.accept);
  if (!request.content_type.empty()) asked.set_header("Content-Type", request.content_type);
  if (!request.last_event_id.empty()) asked.set_header("Last-Event-ID", request.last_event_id);
  if (!credentials_.api_key.empty()) asked.set_header("X-Api-Key", credentials_.api_key);
  HttpResponse answer;
  httplib::Response response;
  bool too_large = false;
  bool enough = false;
  // Without a receiver the library reserves as many bytes as the peer says it will send.
  asked.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    if (receive != nullptr && response.status == 200) {
      enough = !(*receive)({data, size});
      return !enough;
    }
    too_large = size > limits.body_bytes_max - answer.body.size();
    if (!too_large) answer.body.append(data, size);
    return !too_large;
  };
  BoundedStream stream(*channel_, fd_, cancel_,
                       {deadline, limits.body_bytes_max * 2 + limits::http_header_bytes_max,
                        receive == nullptr ? std::nullopt : std::optional(limits.total)});
  httplib::Error problem = httplib::Error::Success;
  const bool whole = process_request(stream, asked, response, false, problem);
  if (enough) {
    disconnect();
    answer.status = response.status;
    return {std::move(answer), false};
  }
  if (!whole || too_large) {
    const End end = too_large ? End::too_large : stream.end();
    return {failure(end, where), end == End::closed && !stream.received_any()};
  }
  answer.status = response.status;
  answer.content_type = response.get_header_value("Content-Type");
  answer.allow = response.get_header_value("Allow");
  if (const std::string node(node_field); response.has_header(node.c_str())) {
    answer.fields.emplace_back(node_field, response.get_header_value(node.c_str()));
  }
  const std::string retry = response.get_header_value("Retry-After");
  int seconds = 0;
  const auto [end, wrong] = std::from_chars(retry.data(), retry.data() + retry.size(), seconds);
  if (!retry.empty() && wrong == std::errc{} && seconds >= 0) answer.retry_after_s = seconds;
  const bool keep = response.get_header_value("Connection") != "close" &&
                    response.version == "HTTP/1.1" && stream.end() == End::none &&
                    !stream.has_unread();
  if (!keep) disconnect();
  return {std::move(answer), false};
}

Result<HttpResponse> HttpClient::Session::send(const Url& url, const HttpRequest& request,
                                               const CallLimits& limits, const Receive* receive) {
  const std::string target = target_of(url, request);
  const std::string where =
      request.method + " " + to_string(Url{url.host, url.port, {}, url.secure}) + target;
  const auto deadline = Clock::now() + limits.total;
  if (fd_ >= 0 && !still_open()) disconnect();
  const bool reused = fd_ >= 0;
  const bool repeatable = request.method == "GET" || request.method == "HEAD";
  try {
    for (int attempt = 0;; ++attempt) {
      if (fd_ < 0) {
        AITBC_TRY(connect(url, where, std::min(deadline, Clock::now() + limits.connect)));
      }
      Outcome outcome = exchange(where, target, request, limits, deadline, receive);
      if (outcome.answer) return std::move(outcome.answer);
      disconnect();
      const bool again = reused && attempt == 0 && repeatable && outcome.worth_repeating;
      if (!again) return std::move(outcome.answer);
    }
  } catch (const std::exception& problem) {
    disconnect();
    return error(Errc::unreachable, where + ": " + problem.what());
  }
}

HttpClient::HttpClient(Url url, Credentials credentials)
    : url_(std::move(url)), session_(std::make_unique<Session>(url_, std::move(credentials))) {}

HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request, const CallLimits& limits) {
  return session_->send(url_, request, limits, nullptr);
}

Result<HttpResponse> HttpClient::stream(const HttpRequest& request, const CallLimits& limits,
                                        const Receive& receive) {
  return session_->send(url_, request, limits, &receive);
}

void HttpClient::cancel() { session_->cancel(); }

}  // namespace aitbc::rpc
