#pragma once
// A WebSocket as an ordinary client has it, by the library that the server uses too, in the clear
// or under TLS. Every wait has a deadline, after which the connection is of no more use. One
// thread.

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <memory>
#include <optional>

#include "rpc/tls.hpp"
#include "tests/unit/rpc/socket_client.hpp"

namespace aitbc::test {

class WebSocketClient {
  using Code = boost::system::error_code;
  using Clock = std::chrono::steady_clock;

 public:
  WebSocketClient(const std::string& host, std::uint16_t port, std::string path,
                  std::shared_ptr<const rpc::TlsClient> tls = {})
      : host_(host), path_(std::move(path)), tls_(std::move(tls)), socket_(host, port) {
    channel_ =
        tls_ ? tls_->connect(socket_.descriptor(), host) : rpc::plain_channel(socket_.descriptor());
  }

  // Whether the server takes the handshake.
  bool open() {
    Code failure;
    restart();
    stream_.handshake(host_, path_, failure);
    return !failure;
  }
  // The next text; nullopt when the connection is closed, or nothing comes.
  std::optional<std::string> next() {
    boost::beast::flat_buffer buffer;
    Code failure;
    restart();
    stream_.read(buffer, failure);
    if (failure) return std::nullopt;
    return boost::beast::buffers_to_string(buffer.data());
  }
  bool send(const std::string& text) {
    Code failure;
    restart();
    stream_.write(boost::asio::buffer(text), failure);
    return !failure;
  }
  // By which the server closed.
  int code() const { return stream_.reason().code; }

 private:
  struct Wire {
    using executor_type = boost::asio::io_context::executor_type;
    WebSocketClient* client;

    executor_type get_executor() const { return client->context_.get_executor(); }
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, Code& failure) {
      const boost::asio::mutable_buffer to = *boost::asio::buffer_sequence_begin(buffers);
      return client->move(failure, [&](rpc::Channel& channel) {
        return channel.read(static_cast<char*>(to.data()), to.size());
      });
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, Code& failure) {
      auto part = boost::asio::buffer_sequence_begin(buffers);
      while (boost::asio::const_buffer(*part).size() == 0) ++part;
      const boost::asio::const_buffer from = *part;
      return client->move(failure, [&](rpc::Channel& channel) {
        return channel.write(static_cast<const char*>(from.data()), from.size());
      });
    }
    // Never called, but part of the library's concept of a stream.
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
      Code failure;
      return read_some(buffers, failure);
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
      Code failure;
      return write_some(buffers, failure);
    }
    void finish() const { client->channel_->finish(); }
    friend void teardown(boost::beast::role_type, Wire& wire, Code& failure) {
      wire.finish();
      failure = {};
    }
  };

  void restart() { deadline_ = Clock::now() + std::chrono::seconds(20); }

  template <class Call>
  std::size_t move(Code& failure, Call call) {
    while (true) {
      const rpc::Channel::Moved moved = call(*channel_);
      if (moved.bytes > 0) return moved.bytes;
      failure = boost::asio::error::eof;
      if (!moved.blocked) return 0;
      const auto left = std::chrono::ceil<Duration>(deadline_ - Clock::now()).count();
      const bool writes = *moved.blocked == rpc::Channel::Need::write;
      pollfd source{socket_.descriptor(), static_cast<short>(writes ? POLLOUT : POLLIN), 0};
      if (left <= 0 || ::poll(&source, 1, static_cast<int>(left)) <= 0) return 0;
      failure = {};
    }
  }

  const std::string host_, path_;
  const std::shared_ptr<const rpc::TlsClient> tls_;
  rpc::SocketClient socket_;
  std::unique_ptr<rpc::Channel> channel_;
  Clock::time_point deadline_;
  boost::asio::io_context context_;
  boost::beast::websocket::stream<Wire, false> stream_{Wire{this}};
};

}  // namespace aitbc::test
