#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "rpc/http_client.hpp"
#include "rpc/http_server.hpp"
#include "tests/support/contains.hpp"
#include "tests/unit/rpc/socket_client.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using test::contains;

namespace {

using Clock = std::chrono::steady_clock;

// A peer that says exactly what the test tells it to, one connection after another.
class ScriptedPeer {
 public:
  using Script = std::function<void(SocketClient&)>;

  explicit ScriptedPeer(std::vector<Script> scripts)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, generic, size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const Script& script : scripts) {
        SocketClient connection(::accept(listener_, nullptr, nullptr));
        if (!connection.connected()) return;
        script(connection);
      }
    });
  }
  ~ScriptedPeer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

bool whole_request(const std::string& text) { return text.find("\r\n\r\n") != std::string::npos; }

HttpRequest get_request(std::string path = "/") {
  HttpRequest request;
  request.method = "GET";
  request.path = std::move(path);
  return request;
}

HttpRequest post(std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.path = "/";
  request.content_type = json_type;
  request.body = std::move(body);
  return request;
}

ScriptedPeer::Script saying(std::string answer) {
  return [answer](SocketClient& connection) {
    connection.read_until(whole_request);
    connection.send(answer);
  };
}

// Keeps the connection open and silent until the client closes it.
void silent(SocketClient& connection) {
  connection.read_until([](const std::string&) { return false; });
}

const std::string fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const HttpClient::CallLimits quick{Duration{2'000}, Duration{300}, 1'000};

}  // namespace

TEST_CASE("URLs have one strict form") {
  CHECK(*parse_url("http://127.0.0.1:8006") == Url{"127.0.0.1", 8006, ""});
  CHECK(*parse_url("http://node-1.example/") == Url{"node-1.example", 80, ""});
  CHECK(*parse_url("http://[::1]:80/api/v1/") == Url{"::1", 80, "/api/v1"});
  CHECK(*parse_url("http://x/api//") == Url{"x", 80, "/api"});
  CHECK(to_string(*parse_url("http://[::1]:80/api")) == "http://[::1]:80/api");
  for (const char* text :
       {"", "127.0.0.1:80", "ftp://x", "http://", "http://:80", "http://x:", "http://x:0",
        "http://x:65536", "http://x:080", "http://x:1a", "http://x y", "http://u@x", "http://x/a?b",
        "http://[::1", "http://x/#f", "http://x:-1", "http://[::1]80", "http://x\r\nA: b"}) {
    INFO(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().code == Errc::bad_config);
  }
  CHECK(*parse_url("https://x") == Url{"x", 443, "", true});
  CHECK(to_string(*parse_url("https://x:8443/api")) == "https://x:8443/api");
}

TEST_CASE("the client and the server understand each other, on one connection") {
  NullLog log;
  HttpService service;
  service.handle = [](const HttpRequest& request) {
    HttpResponse response;
    response.status = request.path == "/busy" ? 503 : 200;
    if (response.status == 503) response.retry_after_s = 7;
    response.body = request.method + " " + request.path + " " + request.body;
    for (const auto& [name, value] : request.query) response.body += "|" + name + "=" + value;
    return response;
  };
  auto server = *HttpServer::start({"127.0.0.1", 0, {}}, service, log);
  HttpClient client(Url{"127.0.0.1", server->port(), "/v1"});
  HttpRequest request = get_request("/a b%/ü");
  request.query = {{"x y", "1&2"}, {"z", ""}};
  const auto answer = client.send(request, {});
  REQUIRE(answer.has_value());
  CHECK(answer->status == 200);
  CHECK(answer->content_type == json_type);
  CHECK(answer->body == "GET /v1/a b%/ü |x y=1&2|z=");
  const auto posted = client.send(post(std::string(1 << 20, 'b')), {});
  REQUIRE(posted.has_value());
  CHECK(posted->body.size() == (1 << 20) + 10);
  HttpClient plain(Url{"127.0.0.1", server->port(), ""});
  const auto busy = plain.send(get_request("/busy"), {});
  REQUIRE(busy.has_value());
  CHECK(busy->status == 503);
  CHECK(busy->retry_after_s == 7);
}

TEST_CASE("the client asks for no compression and follows no redirect") {
  std::mutex mutex;
  std::string asked;
  ScriptedPeer peer({[&](SocketClient& connection) {
    connection.read_until(whole_request);
    {
      const std::lock_guard lock(mutex);
      asked = connection.input();
    }
    connection.send(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  }});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  const auto answer = client.send(get_request(), quick);
  REQUIRE(answer.has_value());
  CHECK(answer->status == 302);
  const std::lock_guard lock(mutex);
  CHECK_FALSE(contains(asked, "Accept-Encoding"));
  CHECK(contains(asked, "GET / HTTP/1.1\r\n"));
}

TEST_CASE("refused and unknown hosts are unreachable, and the error names the URL") {
  std::uint16_t port = 0;
  {
    ScriptedPeer gone({});
    port = gone.port();
  }
  HttpClient client(Url{"127.0.0.1", port, {}});
  const auto refused = client.send(get_request("/rpc/head"), quick);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::unreachable);
  CHECK(contains(refused.error().detail, "http://127.0.0.1:" + std::to_string(port) + "/rpc/head"));
  HttpClient nobody(Url{"no-such-host.invalid", 80, {}});
  CHECK(nobody.send(get_request(), quick).error().code == Errc::unreachable);
}

TEST_CASE("the deadline covers silence, trickled headers and trickled bodies") {
  const auto trickling = [](std::string head) {
    return [head](SocketClient& connection) {
      connection.read_until(whole_request);
      bool open = connection.send(head);
      // Each pause is a wait for the client to close.
      for (int i = 0; i < 1'000 && open; ++i) {
        open = !connection.ends(Duration{20}) && connection.send("a");
      }
    };
  };
  ScriptedPeer peer({silent, trickling("HTTP/1.1 200 OK\r\nX: "),
                     trickling("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"),
                     trickling("HTTP/1.1 200 OK\r\n\r\n")});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  for (int i = 0; i < 4; ++i) {
    INFO(i);
    const auto before = Clock::now();
    const auto answer = client.send(get_request(), quick);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Errc::timeout);
    CHECK(Clock::now() - before < Duration{10'000});  // the peer would go on for 20 s
  }
}

TEST_CASE("answers that are too long or not HTTP are errors") {
  std::string many_fields;
  for (int i = 0; i < 20'000; ++i) many_fields += "A: b\r\n";
  ScriptedPeer peer(
      {saying("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + std::string(1'001, 'a')),
       saying("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'a')),
       saying("HTTP/1.1 200 OK\r\nContent-Length: 1152921504606846976\r\n\r\n" +
              std::string(100'000, 'a')),
       saying("HTTP/1.1 200 OK\r\n" + many_fields), saying("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
       saying("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  CHECK(client.send(get_request(), quick).error().code == Errc::too_large);
  CHECK(client.send(get_request(), quick).error().code == Errc::too_large);
  CHECK(client.send(get_request(), quick).error().code == Errc::too_large);
  CHECK(client.send(get_request(), quick).error().code == Errc::too_large);
  CHECK(client.send(get_request(), quick).error().code == Errc::unreachable);
  CHECK(client.send(get_request(), quick).error().code == Errc::unreachable);
}

TEST_CASE("a kept connection that was closed is replaced") {
  ScriptedPeer peer({saying(fine), saying(fine)});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.send(get_request(), quick);
    REQUIRE(answer.has_value());
    CHECK(answer->body == "ok");
    CHECK(answer->fields.empty());
  }
}

TEST_CASE("a client is told which node answers, whatever the status") {
  ScriptedPeer peer(
      {saying("HTTP/1.1 401 Unauthorized\r\nx-aitbc-node: net/1\r\nServer: x\r\n"
              "Content-Length: 0\r\n\r\n")});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  const auto answer = client.send(get_request(), quick);
  REQUIRE(answer.has_value());
  CHECK(answer->status == 401);
  CHECK(answer->fields == decltype(answer->fields){{node_field, "net/1"}});
}

TEST_CASE("a kept connection is looked at before a POST goes out on it") {
  std::mutex mutex;
  std::condition_variable changed;
  bool closed = false;
  const auto closing = [&](SocketClient& connection) {
    connection.read_until(whole_request);
    connection.send(fine);
    connection.close();
    const std::lock_guard lock(mutex);
    closed = true;
    changed.notify_all();
  };
  ScriptedPeer peer({closing, saying(fine)});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  REQUIRE(client.send(get_request(), quick).has_value());
  {
    std::unique_lock lock(mutex);
    REQUIRE(changed.wait_for(lock, Duration{5'000}, [&] { return closed; }));
  }
  CHECK(client.send(post("{}"), quick).has_value());
}

TEST_CASE("a connection closed on the second request is repeated for GET and not for POST") {
  std::atomic<int> requests = 0;
  const auto closing_on_second = [&requests](SocketClient& connection) {
    connection.read_until(whole_request);
    ++requests;
    connection.send(fine);
    connection.read_until([](const std::string& text) {
      const std::size_t first = text.find("\r\n\r\n");
      return text.find("\r\n\r\n", first + 4) != std::string::npos;
    });
    ++requests;
  };
  const auto once = [&requests](SocketClient& connection) {
    connection.read_until(whole_request);
    ++requests;
    connection.send(fine);
  };
  {
    ScriptedPeer peer({closing_on_second, once});
    HttpClient client(Url{"127.0.0.1", peer.port(), {}});
    REQUIRE(client.send(get_request(), quick).has_value());
    const auto second = client.send(get_request(), quick);
    REQUIRE(second.has_value());
    CHECK(second->body == "ok");
    CHECK(requests == 3);
  }
  requests = 0;
  ScriptedPeer peer({closing_on_second, once});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  REQUIRE(client.send(get_request(), quick).has_value());
  const auto second = client.send(post("{}"), quick);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::unreachable);
  CHECK(requests == 2);
}

TEST_CASE("cancel ends a call under way and all later ones") {
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false;
  ScriptedPeer peer({[&](SocketClient& connection) {
    connection.read_until(whole_request);
    {
      const std::lock_guard lock(mutex);
      asked = true;
    }
    changed.notify_all();
    silent(connection);
  }});
  HttpClient client(Url{"127.0.0.1", peer.port(), {}});
  std::thread canceller([&] {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, Duration{5'000}, [&] { return asked; });
    client.cancel();
  });
  const auto before = Clock::now();
  const auto answer = client.send(get_request(), {Duration{2'000}, Duration{20'000}, 1'000});
  canceller.join();
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == Errc::shutting_down);
  CHECK(Clock::now() - before < Duration{15'000});
  CHECK(client.send(get_request(), quick).error().code == Errc::shutting_down);
}
