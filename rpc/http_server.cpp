#include "rpc/http_server.hpp"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rpc/event_stream.hpp"
#include "rpc/http_connection.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/http_workers.hpp"
#include "rpc/websocket.hpp"

namespace aitbc::rpc {
namespace {

using Client = HttpConnection;
using Clock = Client::Clock;

constexpr Duration linger_time{1'000};         // an answered client may finish sending
constexpr Duration sweep_period_max{1'000};    // deadlines are kept to within it
constexpr std::size_t refused_extra_max = 64;  // connections beyond the bound, to be told so
constexpr int reads_per_event = 16;            // then it is another connection's turn
constexpr std::size_t read_bytes = 64 * 1024;

}  // namespace

class HttpServer::Engine {
 public:
  Engine(Options options, HttpService service, Log& log)
      : limits_(options.limits),
        tls_(std::move(options.tls)),
        service_(std::move(service)),
        log_(log),
        workers_({limits_.threads_max, limits_.waits_max, limits_.thread_rest_time}),
        room_({limits_.streams_max, limits_.ping_time, limits_.heartbeat_time,
               limits_.request_time_max},
              workers_),
        exchange_(service_, workers_, log_) {}
  ~Engine() { stop(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Status start(const Options& options);
  void stop();
  std::uint16_t port() const { return port_; }

 private:
  bool watch(int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  // Of the socket thread.
  void run();
  void fail(const std::string& what);
  void accept_all();
  void admit(Accepted accepted);
  bool evict_idle();
  void on_event(Client& client);
  void read_request(Client& client);
  void discard(Client& client);
  void sweep();

  // Of whoever owns the connection. Each ends that ownership: it arms, submits or drops the client.
  void advance(Client& client);
  void answer_request(Client& client);
  void serve_stream(Client& client);
  void refuse(Client& client, const HttpRefusal& refusal);
  void send_answer(Client& client);
  void finish(Client& client);
  void await(Client& client, Client::Phase phase, Clock::time_point deadline);
  void drop(Client& client);
  void forget(Client& client);  // with the mutex

  void charge(Client& client);

  const HttpLimits limits_;
  const std::shared_ptr<const TlsServer> tls_;
  const HttpService service_;
  Log& log_;
  std::uint16_t port_ = 0;
  Descriptor listener_, epoll_, wake_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> buffered_bytes_ = 0;
  bool accepting_ = true;
  UnreadAnswers unread_{limits_.unread_bytes_max};
  std::vector<char> input_ = std::vector<char>(read_bytes);
  std::mutex mutex_;  // guards clients_, and in each what Client says
  std::unordered_map<int, std::unique_ptr<Client>> clients_;
  HttpWorkers workers_;
  StreamRoom room_;
  WebSockets sockets_{room_, log_};
  EventStreams events_{room_, log_};
  HttpExchange exchange_;
  std::thread thread_;
};

Status HttpServer::Engine::start(const Options& options) {
  AITBC_TRY_ASSIGN(
      listener_, listen_on(options.address, options.port, Clock::now() + limits::connect_time_max));
  AITBC_TRY_ASSIGN(port_, port_of(listener_));
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  wake_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll_.valid() || !wake_.valid()) return error(Errc::io, "no epoll: " + errno_text());
  for (const Descriptor* source : {&listener_, &wake_}) {
    if (!watch(EPOLL_CTL_ADD, source->get(), EPOLLIN)) {
      return error(Errc::io, "cannot watch the listening socket: " + errno_text());
    }
  }
  AITBC_TRY(workers_.start());
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    return error(Errc::io, std::string("cannot start the socket thread: ") + failure.what());
  }
  pthread_setname_np(thread_.native_handle(), "http-sockets");
  return ok();
}

void HttpServer::Engine::stop() {
  stopping_ = true;
  const std::uint64_t one = 1;
  if (wake_.get() >= 0 && ::write(wake_.get(), &one, sizeof one) < 0) {
    log_.warn("http_wake_failed", {{"reason", errno_text()}});
  }
  if (thread_.joinable()) thread_.join();
  room_.stop();
  workers_.stop();
  clients_.clear();
  listener_ = Descriptor();
}

void HttpServer::Engine::run() {
  std::array<epoll_event, 64> events{};
  const Duration period = std::min(sweep_period_max, limits_.request_time_max / 4);
  auto next_sweep = Clock::now() + period;
  while (!stopping_) {
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(period.count()));
    if (count < 0 && errno != EINTR) return fail("epoll_wait: " + errno_text());
    for (int i = 0; i < count && !stopping_; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_.get()) continue;
      if (fd == listener_.get()) {
        accept_all();
        continue;
      }
      Client* client = nullptr;
      {
        const std::lock_guard lock(mutex_);
        const auto found = clients_.find(fd);
        if (found != clients_.end()) client = found->second.get();
      }
      if (client != nullptr) on_event(*client);
    }
    if (const auto now = Clock::now(); now >= next_sweep) {
      sweep();
      next_sweep = now + period;
    }
  }
}

void HttpServer::Engine::fail(const std::string& what) {
  log_.error("http_server_failed", {{"reason", what}});
  stopping_ = true;
  service_.failed(error(Errc::io, "the HTTP server can no longer accept: " + what));
}

void HttpServer::Engine::accept_all() {
  while (!stopping_) {
    Accepted accepted = accept_from(listener_);
    if (accepted.socket.valid()) {
      admit(std::move(accepted));
      continue;
    }
    using WhyNot = Accepted::WhyNot;
    if (accepted.why_not == WhyNot::nobody_there) return;
    if (accepted.why_not == WhyNot::listener_broken) return fail("accept: " + errno_text());
    if (accepted.why_not == WhyNot::client_gone || evict_idle()) continue;
    // The connection stays in the backlog: asking again at once would only burn the processor.
    log_.warn("http_accept_paused", {{"reason", errno_text()}});
    accepting_ = !watch(EPOLL_CTL_MOD, listener_.get(), 0);
    return;
  }
}

void HttpServer::Engine::admit(Accepted accepted) {
  const int fd = accepted.socket.get();
  const bool full = [&] {
    const std::lock_guard lock(mutex_);
    return clients_.size() >= limits_.connections_max;
  }();
  const bool refused = full && !evict_idle();
  auto owned = std::make_unique<Client>(
      std::move(accepted), tls_ ? tls_->accept(fd) : plain_channel(fd),
      HttpFrame::Sizes{limits_.uri_bytes_max, limits_.header_bytes_max, limits_.body_bytes_max});
  Client& client = *owned;
  client.deadline = Clock::now() + limits_.idle_time_max;
  {
    const std::lock_guard lock(mutex_);
    if (clients_.size() >= limits_.connections_max + refused_extra_max) return;
    clients_.emplace(fd, std::move(owned));
    if (!watch(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT))
      clients_.erase(fd);
    else if (!refused)
      return;
  }
  refuse(client, {503, error(Errc::overloaded, "as many connections are open here as may be")});
}

// Connections that only stay open make way for new ones, the longest silent first.
bool HttpServer::Engine::evict_idle() {
  const std::lock_guard lock(mutex_);
  auto oldest = clients_.end();
  for (auto it = clients_.begin(); it != clients_.end(); ++it) {
    const Client& client = *it->second;
    if (client.phase != Client::Phase::reading || !client.idle) continue;
    if (oldest == clients_.end() || client.deadline < oldest->second->deadline) oldest = it;
  }
  if (oldest == clients_.end()) return false;
  clients_.erase(oldest);
  return true;
}

void HttpServer::Engine::on_event(Client& client) {
  const Client::Phase phase = [&] {
    const std::lock_guard lock(mutex_);
    return client.phase;
  }();
  switch (phase) {
    case Client::Phase::reading:
      return read_request(client);
    case Client::Phase::writing:
      return send_answer(client);
    case Client::Phase::lingering:
      return discard(client);
    case Client::Phase::handling:
      return;
  }
}

void HttpServer::Engine::read_request(Client& client) {
  for (int reads = 0; reads < reads_per_event; ++reads) {
    const Channel::Moved got = client.channel->read(input_.data(), input_.size());
    client.blocked = got.blocked;
    if (got.blocked) break;
    if (got.bytes == 0) return drop(client);
    client.frame.append({input_.data(), got.bytes});
    const HttpFrame::Step step = client.frame.advance();
    charge(client);
    if (step == HttpFrame::Step::complete || step == HttpFrame::Step::refused) break;
    if (step == HttpFrame::Step::wants_continue) {
      constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      if (client.channel->write(go_on.data(), go_on.size()).bytes != go_on.size()) {
        return drop(client);
      }
    }
    if (buffered_bytes_ > limits_.buffered_bytes_max) {
      return refuse(client, {503, error(Errc::overloaded, "too much is being sent here at once")});
    }
    // Under TLS one read gives one record: more may be there than the socket tells of.
    if (tls_ == nullptr && got.bytes < input_.size()) break;
  }
  advance(client);
}

// Closing with unread bytes would reset the connection, and the client might lose the answer.
void HttpServer::Engine::discard(Client& client) {
  for (int reads = 0; reads < reads_per_event; ++reads) {
    const ssize_t count = ::recv(client.socket.get(), input_.data(), input_.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) return drop(client);
  }
  await(client, Client::Phase::lingering, client.deadline);
}

void HttpServer::Engine::sweep() {
  std::vector<Client*> slow;
  std::vector<Client*> over;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    for (const auto& [fd, client] : clients_) {
      if (client->phase == Client::Phase::handling || client->deadline > now) continue;
      const bool half_sent = client->phase == Client::Phase::reading && !client->idle;
      (half_sent ? slow : over).push_back(client.get());
    }
  }
  for (Client* client : slow) {
    refuse(*client, {408, error(Errc::timeout, "the request took too long to arrive")});
  }
  for (Client* client : over) drop(*client);
  if (!accepting_) accepting_ = watch(EPOLL_CTL_MOD, listener_.get(), EPOLLIN);
}

void HttpServer::Engine::advance(Client& client) {
  switch (client.frame.advance()) {
    case HttpFrame::Step::refused: {
      const HttpRefusal refusal = client.frame.refusal();
      return refuse(client, refusal);
    }
    case HttpFrame::Step::complete: {
      {
        const std::lock_guard lock(mutex_);
        client.phase = Client::Phase::handling;
      }
      return workers_.submit([this, &client] { answer_request(client); });
    }
    case HttpFrame::Step::wants_continue:
    case HttpFrame::Step::needs_more:
      break;
  }
  const auto now = Clock::now();
  if (client.frame.untouched())
    return await(client, Client::Phase::reading, now + limits_.idle_time_max);
  // The time of a request runs from its first byte, not from its latest.
  const auto deadline = client.idle ? now + limits_.request_time_max : client.deadline;
  await(client, Client::Phase::reading, deadline);
}

void HttpServer::Engine::answer_request(Client& client) {
  try {
    client.answer = exchange_.answer(client.frame.take(), client.address);
    if (client.answer.stream.source) return serve_stream(client);
  } catch (const std::exception& failure) {
    log_.error("http_exchange_failed", {{"reason", failure.what()}});
    return drop(client);
  }
  charge(client);
  if (!unread_.admit(client)) {
    return refuse(client, {503, error(Errc::overloaded, "too many answers here are not read")});
  }
  send_answer(client);
}

void HttpServer::Engine::serve_stream(Client& client) {
  StreamClient open{*client.channel, client.socket.get(), client.address, client.frame.take_rest(),
                    std::move(client.answer.stream)};
  charge(client);
  const bool served = open.stream.websocket_key.empty() ? events_.serve(std::move(open))
                                                        : sockets_.serve(std::move(open));
  if (served) return finish(client);
  refuse(client, {503, error(Errc::overloaded, "as many streams are open here as may be")});
}

void HttpServer::Engine::refuse(Client& client, const HttpRefusal& refusal) {
  log_.debug(
      "http_refused",
      {{"client", client.address}, {"status", refusal.status}, {"detail", refusal.error.detail}});
  client.answer = HttpExchange::refusal(refusal);
  client.sent = 0;
  send_answer(client);
}

void HttpServer::Engine::send_answer(Client& client) {
  const std::string& bytes = client.answer.bytes;
  while (client.sent < bytes.size()) {
    const Channel::Moved sent =
        client.channel->write(bytes.data() + client.sent, bytes.size() - client.sent);
    client.blocked = sent.blocked;
    client.sent += sent.bytes;
    if (sent.blocked) {
      // One deadline for the whole answer, however slowly it is read.
      const bool begun = client.phase == Client::Phase::writing;
      return await(client, Client::Phase::writing,
                   begun ? client.deadline : Clock::now() + limits_.request_time_max);
    }
    if (sent.bytes == 0) return drop(client);
  }
  const Persistence persistence = client.answer.persistence;
  client.answer = {};
  client.sent = 0;
  unread_.release(client);
  if (persistence == Persistence::keep) {
    {
      const std::lock_guard lock(mutex_);
      client.idle = true;
    }
    return advance(client);
  }
  finish(client);
}

void HttpServer::Engine::finish(Client& client) {
  client.blocked.reset();
  client.channel->finish();
  await(client, Client::Phase::lingering, Clock::now() + linger_time);
}

// Hands the connection to the socket thread until its socket is ready. Under the mutex, so that
// the sweep cannot drop it half-way.
void HttpServer::Engine::await(Client& client, Client::Phase phase, Clock::time_point deadline) {
  const std::lock_guard lock(mutex_);
  client.phase = phase;
  client.idle = phase == Client::Phase::reading && client.frame.untouched();
  client.deadline = deadline;
  const auto usual = phase == Client::Phase::writing ? Channel::Need::write : Channel::Need::read;
  const Channel::Need need = std::exchange(client.blocked, std::nullopt).value_or(usual);
  const std::uint32_t events = need == Channel::Need::write ? EPOLLOUT : EPOLLIN;
  if (!watch(EPOLL_CTL_MOD, client.socket.get(), events | EPOLLONESHOT)) forget(client);
}

void HttpServer::Engine::drop(Client& client) {
  const std::lock_guard lock(mutex_);
  forget(client);
}

void HttpServer::Engine::forget(Client& client) {
  buffered_bytes_ -= client.charged;
  unread_.release(client);
  clients_.erase(client.socket.get());
}

void HttpServer::Engine::charge(Client& client) {
  const std::size_t bytes = client.frame.buffered_bytes();
  buffered_bytes_ += bytes - client.charged;  // modulo 2^64, so it may also go down
  client.charged = bytes;
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(Options options, HttpService service,
                                                      Log& log) {
  auto engine = std::make_unique<Engine>(options, std::move(service), log);
  AITBC_TRY(engine->start(options));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(engine)));
}

HttpServer::HttpServer(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::port() const { return engine_->port(); }
void HttpServer::stop() { engine_->stop(); }

}  // namespace aitbc::rpc
