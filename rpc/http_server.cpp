#include "rpc/http_server.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "rpc/http_engine.hpp"

namespace aitbc::rpc {
namespace {

constexpr Duration linger_time{1'000};  // an answered client may finish sending

const HttpRefusal no_room{503, error(Errc::overloaded, "as many streams are open here as may be")};

}  // namespace

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
  AITBC_TRY(workers_->start());
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
  workers_->stop();
  clients_.clear();
  listener_ = Descriptor();
}

void HttpServer::Engine::advance(Client& client) {
  switch (client.frame.advance()) {
    case HttpFrame::Step::refused: {
      const HttpRefusal refusal = client.frame.refusal();
      return refuse(client, refusal);
    }
    case HttpFrame::Step::complete: {
      if (give_prepared(client)) return;
      {
        const std::lock_guard lock(mutex_);
        client.phase = Client::Phase::handling;
      }
      return workers_->submit([this, &client] { answer_request(client); });
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

// Without a worker. One of several that came at once goes to one, or giving them all would nest.
bool HttpServer::Engine::give_prepared(Client& client) {
  if (client.frame.has_rest()) return false;
  auto bytes = prepared_.find(client.frame.request(), client.address);
  if (!bytes) return false;
  client.frame.take();
  charge(client);
  client.answer.bytes = *std::move(bytes);
  client.answer.persistence = Persistence::keep;
  send_answer(client);
  return true;
}

void HttpServer::Engine::answer_request(Client& client) {
  try {
    FramedRequest request = client.frame.take();
    const std::string head = PreparedAnswers::may_keep(request) ? request.head : std::string();
    client.answer = exchange_.answer(std::move(request), client.address);
    if (client.answer.stream.source) return serve_stream(client);
    if (client.answer.later) return answer_later(client);
    if (client.answer.again && !head.empty() && client.answer.persistence == Persistence::keep) {
      prepared_.keep(head, client.address, client.answer.bytes, std::move(client.answer.again));
    }
  } catch (const std::exception& failure) {
    log_.error("http_exchange_failed", {{"reason", failure.what()}});
    return drop(client);
  }
  send_if_admitted(client);
}

void HttpServer::Engine::send_if_admitted(Client& client) {
  charge(client);
  if (!unread_.admit(client)) {
    return refuse(client, {503, error(Errc::overloaded, "too many answers here are not read")});
  }
  send_answer(client);
}

// The client may have its answer, and be another's or gone, before `begin` returns.
void HttpServer::Engine::answer_later(Client& client) {
  charge(client);
  const auto begin = std::move(client.answer.later->response.begin);
  const Ticket ticket = [&] {
    const std::lock_guard lock(mutex_);
    client.deadline = Clock::now() + client.answer.later->response.time_max;
    client.phase = Client::Phase::deferred;
    return give_ticket(client);
  }();
  begin([this, workers = workers_, ticket](LaterResponse::Make make) {
    workers->submit([this, ticket, make = std::move(make)] { answer_deferred(ticket, make); });
  });
}

HttpServer::Engine::Ticket HttpServer::Engine::give_ticket(Client& client) {
  client.ticket = ++tickets_;
  return {client.socket.get(), client.ticket};
}

HttpServer::Engine::Client* HttpServer::Engine::claim(Ticket ticket, Client::Phase phase) {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(ticket.fd);
  if (found == clients_.end()) return nullptr;
  Client& client = *found->second;
  if (client.phase != phase || client.ticket != ticket.number) return nullptr;
  client.phase = Client::Phase::handling;
  return &client;
}

// Unless it was answered already: its time was over, or it was decided after all.
void HttpServer::Engine::answer_deferred(Ticket ticket, const LaterResponse::Make& make) {
  Client* const client = claim(ticket, Client::Phase::deferred);
  if (client == nullptr) return;
  client->answer = exchange_.finish(client->answer, make);
  send_if_admitted(*client);
}

void HttpServer::Engine::serve_stream(Client& client) {
  if (client.answer.stream.websocket_key.empty()) return begin_events(client);
  StreamClient open{*client.channel, client.socket.get(), client.address, client.frame.take_rest(),
                    std::move(client.answer.stream)};
  charge(client);
  if (sockets_.serve(std::move(open))) return finish(client);
  refuse(client, no_room);
}

void HttpServer::Engine::begin_events(Client& client) {
  charge(client);
  const Ticket ticket = [&] {
    const std::lock_guard lock(mutex_);
    return give_ticket(client);
  }();
  client.events =
      std::make_unique<EventStream>(room_, *client.channel, std::move(client.answer.stream),
                                    [this, ticket] { wake_events(ticket); });
  if (client.events->admitted()) return serve_events(client);
  client.events.reset();
  refuse(client, no_room);
}

void HttpServer::Engine::wake_events(Ticket ticket) {
  workers_->submit([this, ticket] {
    Client* const client = claim(ticket, Client::Phase::streaming);
    if (client != nullptr) serve_events(*client);
  });
}

// A source that rings while it is served finds nobody to claim; so it is asked for that at last.
void HttpServer::Engine::serve_events(Client& client) {
  const auto wait = client.events->go(Clock::now());
  if (!wait) {
    log_.debug("stream_ended", {{"client", client.address}, {"reason", client.events->why()}});
    client.events.reset();
    return finish(client);
  }
  const Ticket ticket{client.socket.get(), client.ticket};
  {
    const std::lock_guard lock(mutex_);
    client.phase = Client::Phase::streaming;
    client.deadline = wait->until;
    if (!arm(client, wait->need)) return forget(client);
    if (!client.events->woken()) return;
  }
  wake_events(ticket);
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
  if (!arm(client, need)) forget(client);
}

bool HttpServer::Engine::arm(const Client& client, Channel::Need need) {
  const std::uint32_t events = need == Channel::Need::write ? EPOLLOUT : EPOLLIN;
  return watch(EPOLL_CTL_MOD, client.socket.get(), events | EPOLLONESHOT);
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
