#pragma once
// The inside of HttpServer. Its socket thread (http_engine.cpp) owns what waits; whoever has a
// connection in hand answers and passes it on (http_server.cpp).

#include <sys/epoll.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "rpc/http_connection.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/http_server.hpp"
#include "rpc/http_workers.hpp"
#include "rpc/prepared_answers.hpp"
#include "rpc/websocket.hpp"

namespace aitbc::rpc {

class HttpServer::Engine {
 public:
  using Client = HttpConnection;
  using Clock = Client::Clock;

  Engine(Options options, HttpService service, Log& log)
      : limits_(options.limits),
        tls_(std::move(options.tls)),
        service_(std::move(service)),
        log_(log),
        workers_(std::make_shared<HttpWorkers>(
            HttpWorkers::Sizes{limits_.threads_max, limits_.waits_max, limits_.thread_rest_time})),
        room_({limits_.streams_max, limits_.ping_time, limits_.heartbeat_time,
               limits_.request_time_max}),
        exchange_(service_, *workers_, log_) {}
  ~Engine() { stop(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Status start(const Options& options);
  void stop();
  std::uint16_t port() const { return port_; }

 private:
  static constexpr std::size_t read_bytes = 64 * 1024;

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
  bool give_prepared(Client& client);
  void answer_request(Client& client);
  void answer_later(Client& client);
  void serve_stream(Client& client);
  void begin_events(Client& client);
  void serve_events(Client& client);
  void refuse(Client& client, const HttpRefusal& refusal);
  void send_if_admitted(Client& client);
  void send_answer(Client& client);
  void finish(Client& client);
  bool arm(const Client& client, Channel::Need need);
  void await(Client& client, Client::Phase phase, Clock::time_point deadline);
  void drop(Client& client);
  void forget(Client& client);  // with the mutex

  void charge(Client& client);

  // Which deferred answer or stream: its descriptor may be another's by the time it is due.
  struct Ticket {
    int fd;
    std::uint64_t number;
  };
  Ticket give_ticket(Client& client);  // with the mutex
  // Into the caller's hand, if it is still in that phase; null otherwise.
  Client* claim(Ticket ticket, Client::Phase phase);
  void answer_deferred(Ticket ticket, const LaterResponse::Make& make);
  void wake_events(Ticket ticket);

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
  std::uint64_t tickets_ = 0;  // likewise guarded
  // Shared with whoever decides an answer: that may be after the server is gone.
  const std::shared_ptr<HttpWorkers> workers_;
  StreamRoom room_;
  WebSockets sockets_{room_, *workers_, log_};
  HttpExchange exchange_;
  PreparedAnswers prepared_;
  std::thread thread_;
};

}  // namespace aitbc::rpc
