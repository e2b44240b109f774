#include "rpc/websocket.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <optional>
#include <utility>

namespace aitbc::rpc {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ws = boost::beast::websocket;
using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;

ws::close_code farewell(const Error& why) {
  if (why.code == Errc::shutting_down) return ws::close_code::going_away;
  return is_internal(why) ? ws::close_code::internal_error : ws::close_code::try_again_later;
}

}  // namespace

// The library asks for the executor of its timers; none of them is ever set, and nobody runs this.
struct WebSockets::Library {
  asio::io_context context;
};

// One connection. The library reads and writes through it as if the socket did block; while a read
// waits for the client, the session tells what there is to tell: between two frames of the one
// direction, and so never inside of one of the other.
class WebSockets::Session {
 public:
  Session(WebSockets& owner, StreamClient client)
      : owner_(owner), client_(std::move(client)), stream_(Wire{this}) {}

  // Why it ended, in words.
  std::string run();

 private:
  // What the library takes for a socket.
  struct Wire {
    using executor_type = asio::io_context::executor_type;
    Session* session;

    executor_type get_executor() const { return session->owner_.library_->context.get_executor(); }
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers, Code& failure) {
      const asio::mutable_buffer first = *asio::buffer_sequence_begin(buffers);
      return session->read(static_cast<char*>(first.data()), first.size(), failure);
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers, Code& failure) {
      for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers);
           ++it) {
        const asio::const_buffer part = *it;
        if (part.size() == 0) continue;
        return session->write(static_cast<const char*>(part.data()), part.size(), failure);
      }
      return 0;
    }
    // The library's concept of a stream has these too; it calls those above.
    template <class Buffers>
    std::size_t read_some(const Buffers& buffers) {
      return throwing([&](Code& failure) { return read_some(buffers, failure); });
    }
    template <class Buffers>
    std::size_t write_some(const Buffers& buffers) {
      return throwing([&](Code& failure) { return write_some(buffers, failure); });
    }
    template <class Call>
    static std::size_t throwing(Call call) {
      Code failure;
      const std::size_t count = call(failure);
      if (failure) throw boost::system::system_error(failure);
      return count;
    }
    // Closing is the server's: it lets the client finish first.
    friend void teardown(boost::beast::role_type, Wire&, Code& failure) { failure = {}; }
  };

  bool handshake();
  std::size_t read(char* data, std::size_t size, Code& failure);
  std::size_t write(const char* data, std::size_t size, Code& failure);
  bool attend();
  bool tell();
  bool ask_if_alive();
  bool end(std::string why);
  bool close(ws::close_code code, std::string why);
  void wait(Channel::Need need, Clock::time_point deadline);

  WebSockets& owner_;
  Bell bell_;  // before the client, whose source rings it from other threads until it is gone
  StreamClient client_;
  Watchers::Watch stop_;
  bool news_ = true;  // there may be some
  bool closing_ = false;
  std::optional<Clock::time_point> retry_;
  Clock::time_point heard_ = Clock::now();    // when the client last sent anything
  std::optional<Clock::time_point> pinged_;   // no answer yet
  std::optional<Clock::time_point> blocked_;  // since when the client does not take a message
  std::string why_;                           // it has ended
  ws::stream<Wire, false> stream_;            // never compresses
};

std::string WebSockets::Session::run() {
  if (!bell_.valid()) return "no descriptor is left";
  client_.stream.source->watch([this] { bell_.ring(); });
  stop_ = owner_.room_.watch_stop([this] { bell_.ring(); });
  stream_.read_message_max(limits::http_inbound_bytes_max);
  stream_.control_callback([this](ws::frame_type kind, boost::beast::string_view) {
    if (kind == ws::frame_type::pong) pinged_.reset();
  });
  stream_.set_option(ws::stream_base::decorator(
      [](ws::response_type& response) { response.set(http::field::server, "aitbc"); }));
  stream_.text(true);
  if (!handshake()) return why_.empty() ? "the handshake failed" : why_;
  boost::beast::flat_buffer said;
  Code failure;
  while (!failure) {
    said.clear();
    stream_.read(said, failure);
  }
  return why_.empty() ? failure.message() : why_;
}

// The request has passed the gate and the route's own check; of all it said, the key alone matters.
bool WebSockets::Session::handshake() {
  http::request<http::empty_body> request(http::verb::get, "/", 11);
  request.set(http::field::host, "node");
  request.set(http::field::connection, "Upgrade");
  request.set(http::field::upgrade, "websocket");
  request.set(http::field::sec_websocket_version, "13");
  request.set(http::field::sec_websocket_key, client_.stream.websocket_key);
  Code failure;
  stream_.accept(request, failure);
  return !failure;
}

std::size_t WebSockets::Session::read(char* data, std::size_t size, Code& failure) {
  blocked_.reset();  // the library reads only when it has written all
  while (attend()) {
    if (!client_.early.empty()) {
      const std::size_t count = client_.early.copy(data, size);
      client_.early.erase(0, count);
      return count;
    }
    const Channel::Moved got = client_.channel.read(data, size);
    if (got.bytes > 0) {
      heard_ = Clock::now();
      return got.bytes;
    }
    if (!got.blocked) {
      end("the client is gone");
      break;
    }
    const auto silence = pinged_ ? *pinged_ + owner_.room_.limits().patience
                                 : heard_ + owner_.room_.limits().ping_time;
    wait(*got.blocked, retry_ ? std::min(*retry_, silence) : silence);
  }
  failure = asio::error::eof;
  return 0;
}

std::size_t WebSockets::Session::write(const char* data, std::size_t size, Code& failure) {
  while (why_.empty()) {
    const Channel::Moved sent = client_.channel.write(data, size);
    if (sent.bytes > 0) return sent.bytes;
    const auto now = Clock::now();
    if (!blocked_) blocked_ = now;
    if (!sent.blocked) {
      end("the client is gone");
    } else if (owner_.room_.stopping()) {
      end("the server stops");
    } else if (now >= *blocked_ + owner_.room_.limits().patience) {
      end("the client does not read");
    } else {
      wait(*sent.blocked, *blocked_ + owner_.room_.limits().patience);
    }
  }
  failure = asio::error::timed_out;
  return 0;
}

// What is to be done before the next read; false when there shall be none.
bool WebSockets::Session::attend() {
  if (closing_ || !why_.empty()) return false;
  if (owner_.room_.stopping()) return close(ws::close_code::going_away, "the server stops");
  if (bell_.heard() || (retry_ && Clock::now() >= *retry_)) news_ = true;
  if (std::exchange(news_, false) && !tell()) return false;
  return ask_if_alive();
}

// One batch: the client is listened to before the next one.
bool WebSockets::Session::tell() {
  retry_.reset();
  const auto news = client_.stream.source->take();
  if (!news && may_pass(news.error())) {
    retry_ = Clock::now() + limits::http_stream_retry;
    return true;
  }
  if (!news) return close(farewell(news.error()), news.error().detail);
  for (const std::string& text : *news) {
    Code failure;
    blocked_.reset();
    stream_.write(asio::buffer(text), failure);
    if (failure) return end(failure.message());
  }
  if (!news->empty()) news_ = true;
  return true;
}

bool WebSockets::Session::ask_if_alive() {
  const auto now = Clock::now();
  if (pinged_) {
    if (now < *pinged_ + owner_.room_.limits().patience) return true;
    return end("the client does not answer a ping");
  }
  if (now < heard_ + owner_.room_.limits().ping_time) return true;
  pinged_ = now;
  Code failure;
  stream_.ping({}, failure);
  return !failure || end(failure.message());
}

bool WebSockets::Session::end(std::string why) {
  if (why_.empty()) why_ = std::move(why);
  return false;
}

// Sends the frame; the library would wait for the client's own, and is told that none comes.
bool WebSockets::Session::close(ws::close_code code, std::string why) {
  Code failure;
  closing_ = true;
  stream_.close(code, failure);
  return end(std::move(why));
}

void WebSockets::Session::wait(Channel::Need need, Clock::time_point deadline) {
  if (news_ && need == Channel::Need::read) return;
  if (wait_for(client_.socket, need, bell_, deadline)) news_ = true;
}

WebSockets::WebSockets(StreamRoom& room, HttpWorkers& workers, Log& log)
    : room_(room), workers_(workers), log_(log), library_(std::make_unique<Library>()) {}
WebSockets::~WebSockets() = default;

bool WebSockets::serve(StreamClient client) {
  const StreamRoom::Place place(room_);
  if (!place.taken()) return false;
  const HttpWorkers::Wait wait(workers_);
  if (!wait.begun()) return false;
  const std::string& address = client.address;
  Session session(*this, std::move(client));
  log_.debug("stream_ended", {{"client", address}, {"reason", session.run()}});
  return true;
}

}  // namespace aitbc::rpc
