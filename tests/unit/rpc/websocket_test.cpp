// WebSockets over the server: the handshake, frames by hand, slow and silent clients, TLS, the end.

#include "tests/support/websocket_client.hpp"

#include "tests/support/certificate.hpp"
#include "tests/support/eventually.hpp"
#include "tests/unit/rpc/server_fixture.hpp"
#include "tests/unit/rpc/speaker.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::rpc::test_server;

namespace {

struct Streams {
  Events log;
  Speaker speaker;
  std::unique_ptr<HttpServer> server;

  explicit Streams(HttpLimits limits = {}, std::shared_ptr<const TlsServer> tls = {}) {
    HttpService service;
    service.handle = [this](const HttpRequest& request) {
      HttpResponse response;
      if (request.path != "/ws") return response;
      response.status = 101;
      response.stream = speaker.listen();
      return response;
    };
    auto started =
        HttpServer::start({"127.0.0.1", 0, limits, std::move(tls)}, std::move(service), log);
    REQUIRE(started.has_value());
    server = std::move(started).value();
  }
  // After the handshake, with its answer read.
  SocketClient open(std::string_view early = {}) const {
    SocketClient client(server->port());
    // The key and the answer of RFC 6455, 1.3.
    client.send(
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        std::string(early));
    const std::string answer = client.answer();
    CHECK(status(answer) == 101);
    CHECK(contains(answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    return client;
  }
};

constexpr unsigned char final_part = 0x80, part = 0x00;
constexpr unsigned char text_frame = 1, binary_frame = 2, ping_frame = 9;

// As a client sends it: masked, with a mask of zeros.
std::string frame(unsigned char first, std::string_view payload) {
  std::string bytes(1, static_cast<char>(first));
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80 | payload.size());
  } else {
    bytes += static_cast<char>(0x80 | 126);
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size() & 0xff);
  }
  return bytes + std::string(4, '\0') + std::string(payload);
}

std::string told(std::string_view text) {
  return "\x81" + std::string(1, static_cast<char>(text.size())) + std::string(text);
}

std::string close_frame(int code) {
  return "\x88\x02" + std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
}

bool hears(SocketClient& client, const std::string& expected) {
  return client.read_until([&](const std::string& text) { return contains(text, expected); });
}

}  // namespace

TEST_CASE("what is told arrives at once and in order, whatever the client says meanwhile") {
  Streams streams;
  SocketClient client = streams.open(frame(final_part | ping_frame, "early"));
  CHECK(hears(client,
              "\x8a\x05"
              "early"));
  streams.speaker.say("one");
  CHECK(hears(client, told("one")));
  client.send(frame(part | text_frame, "fragm") + frame(final_part | ping_frame, "between") +
              frame(final_part, "ented") + frame(final_part | binary_frame, "\xff"));
  CHECK(hears(client,
              "\x8a\x07"
              "between"));
  // Half a frame keeps nothing back.
  client.send(frame(final_part | text_frame, "hello").substr(0, 8));
  streams.speaker.say("two");
  streams.speaker.say("three");
  CHECK(hears(client, told("two") + told("three")));
}

TEST_CASE("who breaks the protocol is told by which rule, and the connection ends") {
  Streams streams;
  const auto refused = [&](const std::string& bytes, int code) {
    SocketClient client = streams.open();
    client.send(bytes);
    INFO(code);
    CHECK(hears(client, close_frame(code)));
    client.read_until([](const std::string&) { return false; }, Duration{1});
    CHECK(test::eventually([&] { return streams.speaker.listeners() == 0; }));
  };
  refused(std::string("\x81\x02hi", 4), 1002);                             // not masked
  refused(frame(final_part, "nothing to go on with"), 1002);               // no first part
  refused(frame(0xc0 | text_frame, "compressed"), 1002);                   // a reserved bit
  refused(frame(part | ping_frame, ""), 1002);                             // a part of a ping
  refused(frame(final_part | text_frame, "\xc3\x28"), 1007);               // no UTF-8
  refused(frame(final_part | text_frame, std::string(1'025, 'x')), 1009);  // too large
  const std::string half(600, 'x');
  refused(frame(part | text_frame, half) + frame(final_part, half), 1009);
  refused(frame(final_part | 8, std::string("\x03\xe8", 2)), 1000);  // it closes itself
  SocketClient largest = streams.open();
  largest.send(frame(final_part | text_frame, std::string(1'024, 'x')));
  streams.speaker.say("still here");
  CHECK(hears(largest, told("still here")));
}

TEST_CASE("a client that answers no ping is left, one that does is kept") {
  HttpLimits limits;
  limits.ping_time = Duration{50};
  limits.request_time_max = Duration{400};
  Streams streams(limits);
  SocketClient silent = streams.open();
  CHECK(hears(silent, std::string("\x89\x00", 2)));
  test::WebSocketClient lively("127.0.0.1", streams.server->port(), "/ws");
  REQUIRE(lively.open());
  bool left = false;
  std::thread speaker([&] {
    left = test::eventually([&] { return streams.speaker.listeners() == 1; });
    streams.speaker.say("hello");
  });
  // While it waits it answers pings; the silent one is given up meanwhile.
  CHECK(lively.next() == "hello");
  speaker.join();
  CHECK(left);
}

TEST_CASE("a client that does not read is left, and nothing is kept for it") {
  HttpLimits limits;
  limits.request_time_max = Duration{300};
  Streams streams(limits);
  SocketClient lazy = streams.open();
  const std::size_t before = resident_bytes();
  const std::string text(64 * 1024, 'x');
  CHECK(test::eventually([&] {
    if (streams.speaker.listeners() == 1) streams.speaker.say(text);
    return streams.speaker.listeners() == 0;
  }));
  CHECK(streams.log.has("stream_ended"));
  CHECK(resident_bytes() < before + (64 << 20));
}

TEST_CASE("streams have a bound of their own and keep nobody from short requests") {
  HttpLimits limits;
  limits.threads_max = 2;
  Streams streams(limits);
  std::vector<SocketClient> open;
  for (std::size_t i = 0; i < limits::http_streams_max; ++i) open.push_back(streams.open());
  SocketClient more(streams.server->port());
  more.send(
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  const std::string refused = more.answer();
  CHECK(status(refused) == 503);
  CHECK(contains(body(refused), "\"code\":\"overloaded\""));
  SocketClient other(streams.server->port());
  other.send(get);
  CHECK(status(other.answer()) == 200);
  streams.speaker.say("all");
  for (SocketClient& each : open) CHECK(hears(each, told("all")));
  open.pop_back();
  CHECK(test::eventually(
      [&] { return streams.speaker.listeners() == limits::http_streams_max - 1; }));
  CHECK(test::eventually([&] {
    test::WebSocketClient next("127.0.0.1", streams.server->port(), "/ws");
    return next.open();
  }));
  streams.server->stop();
  CHECK(streams.speaker.listeners() == 0);
  for (SocketClient& each : open) CHECK(hears(each, close_frame(1001)));
}

TEST_CASE("a busy node loses no listener, a failing one says so") {
  Streams streams;
  SocketClient client = streams.open();
  streams.speaker.fail(error(Errc::inbox_full, "busy"));
  CHECK(test::eventually([&] { return streams.speaker.refused > 1; }));
  streams.speaker.recover();
  streams.speaker.say("later");
  CHECK(hears(client, told("later")));
  const auto ends_by = [&](Errc code, int expected) {
    SocketClient last = streams.open();
    streams.speaker.fail(error(code, "the node says so"));
    CHECK(hears(last, close_frame(expected)));
    streams.speaker.recover();
  };
  ends_by(Errc::shutting_down, 1001);
  ends_by(Errc::storage, 1011);
  ends_by(Errc::out_of_range, 1013);
}

TEST_CASE("under TLS it is the same") {
  const test::TempDir folder;
  const test::Certificate own(folder);
  Streams streams({}, TlsServer::load(own.certificate, own.key).value());
  const auto trust = TlsClient::make({own.certificate, {}}).value();
  test::WebSocketClient client("127.0.0.1", streams.server->port(), "/ws", trust);
  REQUIRE(client.open());
  for (const char* text : {"one", "two", "three"}) {
    streams.speaker.say(text);
    CHECK(client.next() == text);
    CHECK(client.send("nobody reads this"));
  }
  streams.speaker.say(std::string(200'000, 'x'));
  const auto large = client.next();
  REQUIRE(large);
  CHECK(large->size() == 200'000);
  streams.server->stop();
  CHECK_FALSE(client.next());
  CHECK(client.code() == 1001);
}
