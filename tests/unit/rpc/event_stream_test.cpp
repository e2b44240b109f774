// Server-sent events over the server: what is told, slow and silent clients, the bound, the end.

#include "rpc/event_stream.hpp"

#include "tests/support/eventually.hpp"
#include "tests/unit/rpc/server_fixture.hpp"
#include "tests/unit/rpc/speaker.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::rpc::test_server;

namespace {

struct Told {
  Events log;
  Speaker speaker;
  std::unique_ptr<HttpServer> server;

  explicit Told(HttpLimits limits = {}) {
    HttpService service;
    service.handle = [this](const HttpRequest& request) {
      HttpResponse response;
      if (request.path != "/events") return response;
      response.content_type = event_stream_type;
      response.fields = {{"X-Aitbc-Node", "net/1"}};
      response.stream = speaker.listen();
      return response;
    };
    auto started = HttpServer::start({"127.0.0.1", 0, limits}, std::move(service), log);
    REQUIRE(started.has_value());
    server = std::move(started).value();
  }
  // With its head read.
  SocketClient open() const {
    SocketClient client(server->port());
    client.send(get_of("/events"));
    const std::string head = client.answer();
    CHECK(status(head) == 200);
    return client;
  }
};

bool hears_text(SocketClient& client, const std::string& expected) {
  return client.read_until([&](const std::string& text) { return contains(text, expected); });
}

}  // namespace

TEST_CASE("an event stream is an answer without a length that ends with its connection") {
  Told told;
  SocketClient client(told.server->port());
  client.send(get_of("/events"));
  const std::string head = client.answer();
  CHECK(status(head) == 200);
  for (const char* field : {"Content-Type: text/event-stream", "Connection: close",
                            "X-Aitbc-Node: net/1", "Cache-Control: no-store"}) {
    CHECK(contains(head, field));
  }
  CHECK_FALSE(contains(head, "Content-Length"));
  told.speaker.say("data: one\n\n");
  told.speaker.say("data: two\n\n");
  CHECK(hears_text(client, "data: one\n\ndata: two\n\n"));
  // What it says is nobody's business, and no second request.
  client.send(get);
  told.speaker.say("data: three\n\n");
  CHECK(hears_text(client, "data: three\n\n"));
  CHECK_FALSE(contains(client.input(), "HTTP/1.1"));
}

TEST_CASE("a silent event stream shows that it lives, and a client that goes is noticed") {
  HttpLimits limits;
  limits.heartbeat_time = Duration{30};
  Told told(limits);
  SocketClient client = told.open();
  CHECK(hears_text(client, ":\n\n:\n\n"));
  CHECK(told.speaker.listeners() == 1);
  client.close();
  CHECK(test::eventually([&] { return told.speaker.listeners() == 0; }));
}

TEST_CASE("a listener that does not read is left, and nothing is kept for it") {
  HttpLimits limits;
  limits.request_time_max = Duration{300};
  Told told(limits);
  SocketClient lazy = told.open();
  const std::size_t before = resident_bytes();
  const std::string text(64 * 1024, 'x');
  CHECK(test::eventually([&] {
    if (told.speaker.listeners() == 1) told.speaker.say(text);
    return told.speaker.listeners() == 0;
  }));
  CHECK(told.log.has("stream_ended"));
  CHECK(resident_bytes() < before + (64 << 20));
}

TEST_CASE("event streams have a bound, and keep nobody from short requests") {
  HttpLimits limits;
  limits.threads_max = 2;
  limits.waits_max = 0;  // they hold no thread
  limits.streams_max = 20;
  Told told(limits);
  std::vector<SocketClient> open;
  for (std::size_t i = 0; i < limits.streams_max; ++i) open.push_back(told.open());
  SocketClient more(told.server->port());
  more.send(get_of("/events"));
  const std::string refused = more.answer();
  CHECK(status(refused) == 503);
  CHECK(contains(body(refused), "\"code\":\"overloaded\""));
  SocketClient other(told.server->port());
  other.send(get);
  CHECK(status(other.answer()) == 200);
  told.speaker.say("data: all\n\n");
  for (SocketClient& each : open) CHECK(hears_text(each, "data: all\n\n"));
  told.server->stop();
  CHECK(told.speaker.listeners() == 0);
}

TEST_CASE("a busy source loses no listener, a failing one ends it") {
  Told told;
  SocketClient client = told.open();
  told.speaker.fail(error(Errc::inbox_full, "busy"));
  CHECK(test::eventually([&] { return told.speaker.refused > 1; }));
  told.speaker.recover();
  told.speaker.say("data: later\n\n");
  CHECK(hears_text(client, "data: later\n\n"));
  told.speaker.fail(error(Errc::shutting_down, "the node stops"));
  CHECK(test::eventually([&] { return told.speaker.listeners() == 0; }));
}

TEST_CASE("a bell that rings while it is heard is heard again") {
  Bell bell;
  REQUIRE(bell.valid());
  CHECK_FALSE(bell.heard());
  for (int i = 0; i < 3; ++i) {
    bell.ring();
    bell.ring();
    CHECK(bell.heard());
    CHECK_FALSE(bell.heard());
  }
  std::atomic<int> rung = 0;
  std::atomic<int> seen = 0;
  std::thread ringer([&] {
    for (int i = 0; i < 10'000; ++i) {
      ++rung;
      bell.ring();
    }
  });
  // Whatever was there before the last ring is seen after the last one that was heard.
  CHECK(test::eventually([&] {
    if (bell.heard()) seen = rung.load();
    return seen == 10'000;
  }));
  ringer.join();
}
