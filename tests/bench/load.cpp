#include "tests/bench/load.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "chain/core/result.hpp"

namespace aitbc::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int turn_ms = 50;
constexpr std::size_t read_bytes = 64 * 1024;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

template <class Address>
sockaddr* generic(Address& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

void no_delay(int fd) {
  const int on = 1;
  AITBC_CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
}

void watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  AITBC_CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    AITBC_CHECK(sent > 0);
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

struct Connection {
  int fd = -1;
  std::string answer;
  Clock::time_point begun;
};

Connection connect_to(std::uint16_t port) {
  Connection connection;
  connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(port);
  AITBC_CHECK(::connect(connection.fd, generic(address), sizeof address) == 0);
  no_delay(connection.fd);
  return connection;
}

// Our own field comes first, so that it costs nothing to understand those of others.
std::size_t find_length(std::string_view head) {
  for (const std::string_view field : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const std::size_t at = head.find(field);
    if (at != std::string_view::npos) return at + field.size();
  }
  return std::string_view::npos;
}

// Whether the answer is there as a whole.
bool is_whole(std::string_view answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string_view::npos) return false;
  AITBC_CHECK(answer.starts_with("HTTP/1.1 200"));
  const std::size_t at = find_length(answer.substr(0, head));
  // Without a length it comes in chunks, the last one of none.
  if (at == std::string_view::npos) return answer.ends_with("\r\n0\r\n\r\n");
  std::size_t length = 0;
  const char* const begin = answer.data() + at;
  AITBC_CHECK(std::from_chars(begin, answer.data() + head, length).ec == std::errc());
  return answer.size() == head + 4 + length;
}

}  // namespace

double quantile(const Waits& waits, double part) {
  AITBC_CHECK(!waits.empty());
  const auto at = static_cast<std::size_t>(part * static_cast<double>(waits.size()));
  return waits[std::min(at, waits.size() - 1)];
}

Waits run_load(std::uint16_t port, std::size_t connections, std::span<const std::string> requests,
               std::chrono::seconds time_max) {
  const auto until = Clock::now() + time_max;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  AITBC_CHECK(epoll >= 0);
  std::vector<Connection> all;
  std::vector<std::size_t> place_of;  // by descriptor
  std::size_t next = 0;
  const auto send_next = [&](Connection& connection) {
    if (next == requests.size()) return;
    connection.begun = Clock::now();
    send_all(connection.fd, requests[next++]);
  };
  for (std::size_t i = 0; i < connections; ++i) {
    all.push_back(connect_to(port));
    const auto fd = static_cast<std::size_t>(all.back().fd);
    if (place_of.size() <= fd) place_of.resize(fd + 1);
    place_of[fd] = i;
    watch(epoll, all.back().fd);
  }
  for (Connection& connection : all) send_next(connection);
  Waits waits;
  waits.reserve(requests.size());
  std::array<epoll_event, 64> events{};
  std::vector<char> input(read_bytes);
  while (waits.size() < requests.size() && Clock::now() < until) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), turn_ms);
    for (int i = 0; i < count; ++i) {
      Connection& from =
          all[place_of[static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.fd)]];
      const ssize_t got = ::recv(from.fd, input.data(), input.size(), 0);
      AITBC_CHECK(got > 0);
      from.answer.append(input.data(), static_cast<std::size_t>(got));
      if (!is_whole(from.answer)) continue;
      from.answer.clear();
      waits.push_back(std::chrono::duration<double, std::milli>(Clock::now() - from.begun).count());
      send_next(from);
    }
  }
  for (const Connection& connection : all) ::close(connection.fd);
  ::close(epoll);
  std::sort(waits.begin(), waits.end());
  return waits;
}

std::string get_request(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
}

std::string post_request(const std::string& path, const std::string& type,
                         const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

EchoServer::EchoServer() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  AITBC_CHECK(::bind(listener_, generic(address), size) == 0);
  AITBC_CHECK(::listen(listener_, SOMAXCONN) == 0);
  AITBC_CHECK(::getsockname(listener_, generic(address), &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

EchoServer::~EchoServer() {
  thread_.request_stop();
  thread_.join();
  ::close(listener_);
}

void EchoServer::run(const std::stop_token& stop) {
  // As long as the answer of GET /rpc/head.
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + std::string(900, '.');
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  AITBC_CHECK(epoll >= 0);
  watch(epoll, listener_);
  std::array<epoll_event, 64> events{};
  std::vector<char> input(read_bytes);
  while (!stop.stop_requested()) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), turn_ms);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener_) {
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        no_delay(client);
        watch(epoll, client);
      } else if (::recv(fd, input.data(), input.size(), 0) > 0) {
        send_all(fd, answer);
      } else {
        ::close(fd);
      }
    }
  }
  ::close(epoll);
}

}  // namespace aitbc::bench
