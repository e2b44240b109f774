#pragma once
// A client that sends exactly the bytes a test gives it and reads until a condition holds. Every
// wait has a deadline, so a broken server fails the test instead of hanging it. One thread.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "chain/core/time.hpp"

namespace aitbc::rpc {

class SocketClient {
 public:
  explicit SocketClient(std::uint16_t port) : SocketClient("127.0.0.1", port) {}
  SocketClient(const std::string& host, std::uint16_t port) : SocketClient(unconnected()) {
    connect(host, port);
  }
  explicit SocketClient(int accepted) : fd_(accepted), connected_(accepted >= 0) {}
  SocketClient(SocketClient&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_), input_(other.input_) {}
  ~SocketClient() { close(); }

  // With its descriptor, for when there are none left.
  static SocketClient unconnected() {
    return SocketClient(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  void connect(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }
  int descriptor() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // False when the peer no longer takes bytes.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  // Reads until `enough` holds of what has come; false at the end or after `patience`.
  bool read_until(const std::function<bool(const std::string&)>& enough,
                  Duration patience = Duration{5'000}) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!enough(input_)) {
      const auto left =
          std::chrono::ceil<Duration>(deadline - std::chrono::steady_clock::now()).count();
      pollfd source{fd_, POLLIN, 0};
      if (left <= 0 || ::poll(&source, 1, static_cast<int>(left)) <= 0) return false;
      std::array<char, 65536> bytes;
      const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (count <= 0) {
        ended_ = true;
        return enough(input_);
      }
      input_.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return true;
  }

  // The next whole answer, head and body; empty if there is none.
  std::string answer(Duration patience = Duration{5'000}) {
    std::size_t size = 0;
    const bool whole = read_until(
        [&size](const std::string& text) {
          const std::size_t head = text.find("\r\n\r\n");
          if (head == std::string::npos) return false;
          const std::size_t field = text.find("Content-Length: ");
          const std::size_t body = field < head ? std::stoul(text.substr(field + 16, 20)) : 0;
          size = head + 4 + body;
          return text.size() >= size;
        },
        patience);
    if (!whole) return {};
    std::string first = input_.substr(0, size);
    input_.erase(0, size);
    return first;
  }

  // Whether the peer closes, saying nothing more.
  bool ends(Duration patience = Duration{5'000}) {
    read_until([this](const std::string&) { return ended_; }, patience);
    return ended_ && input_.empty();
  }

  const std::string& input() const { return input_; }

 private:
  int fd_;
  bool connected_;
  bool ended_ = false;
  std::string input_;
};

}  // namespace aitbc::rpc
