#pragma once
// A server on a free port with handlers that wait, count or fail as a test tells them. One test.

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "rpc/http_server.hpp"
#include "tests/support/contains.hpp"
#include "tests/unit/rpc/socket_client.hpp"

namespace aitbc::rpc::test_server {

constexpr Duration patience{5'000};

// Handlers wait here until the test lets them go.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait_for(lock, 4 * patience, [this] { return open_; });
    --waiting_;
    changed_.notify_all();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool await_waiting(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return waiting_ == count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_ = 0;
  bool open_ = false;
};

// Answers that come when the test decides them, in the order of their requests.
class Decisions {
 public:
  using Make = LaterResponse::Make;

  // The text is answered, or the error; a text that is decided at once before begin() returns.
  HttpResponse ask(std::optional<std::string> at_once = {}) {
    HttpResponse response;
    response.later.emplace();
    response.later->time_max = time_max;
    response.later->begin = [this, at_once](std::function<void(Make)> decided) {
      if (at_once) return decided(make(*at_once));
      const std::lock_guard lock(mutex_);
      asked_.push_back(std::move(decided));
      changed_.notify_all();
    };
    response.later->finish = [](Result<HttpResponse> made) {
      HttpResponse answer = made ? *std::move(made) : HttpResponse{};
      if (!made) answer.status = 503;
      if (!made) answer.body = made.error().detail;
      return answer;
    };
    return response;
  }
  bool await_asked(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return asked_.size() == count; });
  }
  void decide(std::size_t index, const std::string& text) {
    std::function<void(Make)> decided;
    {
      const std::lock_guard lock(mutex_);
      decided = asked_.at(index);
    }
    decided(make(text));
  }

  Duration time_max = patience;

 private:
  static Make make(const std::string& text) {
    return [text]() -> Result<HttpResponse> {
      HttpResponse response;
      response.body = text;
      return response;
    };
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void(Make)>> asked_;
};

class Events final : public Log {
 public:
  void write(Level, std::string_view event, Fields, const Origin&) override {
    const std::lock_guard lock(mutex_);
    names_.emplace_back(event);
  }
  bool has(std::string_view event) {
    const std::lock_guard lock(mutex_);
    return std::find(names_.begin(), names_.end(), event) != names_.end();
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> names_;
};

struct Fixture {
  Events log;
  Gate slow;
  Gate poll;
  Decisions decisions;
  std::atomic<int> handled = 0;
  std::atomic<int> admin = 0;
  std::atomic<bool> holds = false;  // what was answered to /again
  std::unique_ptr<HttpServer> server;

  explicit Fixture(HttpLimits limits = {}) {
    HttpService service;
    service.handle = [this](const HttpRequest& request) { return handle(request); };
    service.waits = [](const HttpRequest& request) { return request.path == "/poll"; };
    auto started = HttpServer::start({"127.0.0.1", 0, limits}, std::move(service), log);
    REQUIRE(started.has_value());
    server = std::move(started).value();
  }
  ~Fixture() {
    slow.open();
    poll.open();
  }

  HttpResponse handle(const HttpRequest& request) {
    ++handled;
    if (request.path == "/slow") slow.pass();
    if (request.path == "/poll") poll.pass();
    if (request.path == "/admin") ++admin;
    if (request.path == "/throw") throw std::runtime_error("secret words");
    if (request.path == "/later") return decisions.ask();
    if (request.path == "/at_once") return decisions.ask("at once");
    HttpResponse response;
    if (request.path == "/absent") response.status = 404;
    if (request.path == "/large") response.body.assign(8 << 20, 'x');
    if (request.path == "/again") response.again = [this] { return holds.load(); };
    if (!response.body.empty() || response.status != 200) return response;
    response.body = request.method + " " + request.path + " [" + request.content_type + "] " +
                    std::to_string(request.body.size()) + " from " + request.client;
    for (const auto& [name, value] : request.query) response.body += " " + name + "=" + value;
    return response;
  }

  std::uint16_t port() const { return server->port(); }
  SocketClient client() const { return SocketClient(port()); }

  // The answer to `bytes` on a connection of their own.
  std::string answer(std::string_view bytes) const {
    SocketClient connection = client();
    connection.send(bytes);
    return connection.answer();
  }
};

const std::string get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

inline std::string get_of(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

inline int status(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

inline std::string body(const std::string& answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  return head == std::string::npos ? "" : answer.substr(head + 4);
}

using test::contains;

inline std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

}  // namespace aitbc::rpc::test_server
