#include "rpc/channel.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace aitbc::rpc {

namespace {

class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(int socket) : socket_(socket) {}

  Moved read(char* data, std::size_t size) override {
    return moved(Need::read, [&] { return ::recv(socket_, data, size, MSG_DONTWAIT); });
  }
  Moved write(const char* data, std::size_t size) override {
    return moved(Need::write,
                 [&] { return ::send(socket_, data, size, MSG_NOSIGNAL | MSG_DONTWAIT); });
  }
  void finish() override { ::shutdown(socket_, SHUT_WR); }

 private:
  template <class Call>
  static Moved moved(Need need, Call call) {
    while (true) {
      const ssize_t count = call();
      if (count >= 0) return {static_cast<std::size_t>(count), std::nullopt};
      if (errno == EAGAIN) return {0, need};
      if (errno != EINTR) return {};
    }
  }

  int socket_;
};

}  // namespace

std::unique_ptr<Channel> plain_channel(int socket) {
  return std::make_unique<PlainChannel>(socket);
}

}  // namespace aitbc::rpc
