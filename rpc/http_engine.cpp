// The socket thread: it waits for all sockets at once, accepts, reads, and ends what is late.

#include "rpc/http_engine.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include "rpc/later.hpp"

namespace aitbc::rpc {
namespace {

constexpr Duration sweep_period_max{2'500};    // deadlines are kept to within it
constexpr std::size_t refused_extra_max = 64;  // connections beyond the bound, to be told so
constexpr int reads_per_event = 16;            // then it is another connection's turn

}  // namespace

void HttpServer::Engine::run() {
  std::array<epoll_event, 64> events{};
  const Duration period =
      std::min({sweep_period_max, limits_.request_time_max / 4, limits_.heartbeat_time});
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
    const Client::Phase found = client.phase;
    if (found == Client::Phase::streaming) client.phase = Client::Phase::handling;
    return found;
  }();
  switch (phase) {
    case Client::Phase::reading:
      return read_request(client);
    case Client::Phase::writing:
      return send_answer(client);
    case Client::Phase::lingering:
      return discard(client);
    case Client::Phase::streaming:
      return workers_->submit([this, &client] { serve_events(client); });
    case Client::Phase::handling:
    case Client::Phase::deferred:
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
  std::vector<HttpWorkers::Job> due;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    for (const auto& [fd, client] : clients_) {
      if (client->phase == Client::Phase::handling || client->deadline > now) continue;
      if (client->phase == Client::Phase::deferred) {
        due.emplace_back([this, ticket = Ticket{fd, client->ticket},
                          failure = no_decision(client->answer.later->response.time_max)] {
          answer_deferred(ticket, [&]() -> Result<HttpResponse> { return failure; });
        });
        continue;
      }
      if (client->phase == Client::Phase::streaming) {
        client->phase = Client::Phase::handling;
        due.emplace_back([this, stream = client.get()] { serve_events(*stream); });
        continue;
      }
      const bool half_sent = client->phase == Client::Phase::reading && !client->idle;
      (half_sent ? slow : over).push_back(client.get());
    }
  }
  for (Client* client : slow) {
    refuse(*client, {408, error(Errc::timeout, "the request took too long to arrive")});
  }
  for (Client* client : over) drop(*client);
  for (HttpWorkers::Job& job : due) workers_->submit(std::move(job));
  if (!accepting_) accepting_ = watch(EPOLL_CTL_MOD, listener_.get(), EPOLLIN);
}

}  // namespace aitbc::rpc
