#include "tests/unit/rpc/server_fixture.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::rpc::test_server;

TEST_CASE("requests of every kind reach the handler, and one connection serves many") {
  Fixture fixture;
  SocketClient client = fixture.client();
  client.send(
      "GET /a%20b?x=1&y=a+b%26 HTTP/1.1\r\nHost: x\r\nREMOTE_ADDR: 6.6.6.6\r\n"
      "X-Forwarded-For: 6.6.6.6\r\n\r\n");
  CHECK(body(client.answer()) == "GET /a b [] 0 from 127.0.0.1 x=1 y=a b&");
  client.send(
      "POST /p HTTP/1.1\r\nContent-Type: Application/JSON; charset=utf-8\r\n"
      "Content-Length: 3\r\n\r\nabc");
  CHECK(body(client.answer()) == "POST /p [application/json] 3 from 127.0.0.1");
  client.send(
      "POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n"
      "0\r\n\r\n");
  CHECK(body(client.answer()) == "POST /c [] 13 from 127.0.0.1");
  client.send("OPTIONS /o HTTP/1.1\r\n\r\n");
  CHECK(body(client.answer()) == "OPTIONS /o [] 0 from 127.0.0.1");
  // Accept-Encoding and Range change nothing.
  client.send("GET / HTTP/1.1\r\nAccept-Encoding: br, gzip\r\nRange: bytes=0-1\r\n\r\n");
  const std::string plain = client.answer();
  CHECK(status(plain) == 200);
  CHECK(body(plain) == "GET / [] 0 from 127.0.0.1");
  CHECK_FALSE(contains(plain, "Content-Encoding"));
}

TEST_CASE("HEAD is answered like GET, without the body") {
  Fixture fixture;
  SocketClient client = fixture.client();
  client.send("HEAD /h HTTP/1.1\r\n\r\n" + get);
  REQUIRE(client.read_until([](const std::string& text) { return contains(text, "GET / []"); }));
  CHECK(contains(client.input(), "Content-Length: 27\r\n"));
  CHECK_FALSE(contains(client.input(), "HEAD /h"));
}

TEST_CASE("pipelined requests are answered in order") {
  Fixture fixture;
  SocketClient client = fixture.client();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += get_of("/" + std::to_string(i));
  client.send(requests);
  for (int i = 0; i < 50; ++i) {
    CHECK(contains(body(client.answer()), "GET /" + std::to_string(i) + " "));
  }
}

TEST_CASE("a request may come byte by byte, and the client may close its sending side") {
  Fixture fixture;
  SocketClient client = fixture.client();
  const std::string request =
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
  for (const char byte : request) REQUIRE(client.send({&byte, 1}));
  CHECK(contains(body(client.answer()), "POST / [] 2 "));
}

TEST_CASE("refusals are JSON, close the connection and run nothing behind them") {
  Fixture fixture;
  struct Case {
    std::string request;
    int status;
    std::string code;
  };
  const std::string big = std::to_string((8 << 20) + 1);
  std::string many_fields;
  for (int i = 0; i < 6'000; ++i) many_fields += "a:\r\n";
  const std::vector<Case> cases = {
      {"POST / HTTP/1.1\r\n\r\n", 411, "length_required"},
      {"PUT / HTTP/1.1\r\nHost: x\r\n\r\n", 411, "length_required"},
      {"POST / HTTP/1.1\r\nContent-Length: " + big + "\r\n\r\n", 413, "too_large"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n800001\r\n", 413, "too_large"},
      {"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\n", 415,
       "wrong_media_type"},
      {"GET /" + std::string(4200, 'a') + " HTTP/1.1\r\n\r\n", 414, "too_large"},
      {"GET / HTTP/1.1\r\nX: " + std::string(17000, 'a') + "\r\n\r\n", 431, "too_large"},
      {"GET / HTTP/1.1\r\n" + many_fields + "\r\n", 431, "too_large"},
      {"GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       "bad_request"},
      {"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nContent-Length: 18446744073709551617\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nContent-Length: \xef\xbc\x95\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding:\x0b"
       "chunked\r\n\r\n0\r\n\r\n",
       400, "bad_request"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413,
       "too_large"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", 400,
       "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
       "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x=1\r\n", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", 400, "bad_request"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", 400,
       "bad_request"},
      {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400, "bad_request"},
      {"GET / HTTP/1.1\nHost: x\n\n", 400, "bad_request"},
      {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", 400, "bad_request"},
      {"GET http://x/ HTTP/1.1\r\n\r\n", 400, "bad_request"},
      {"GET / HTTP/2.0\r\n\r\n", 400, "bad_request"},
      {"GET /\xd0\xb0 HTTP/1.1\r\n\r\n", 400, "bad_request"},
      {std::string("GET /\0 HTTP/1.1\r\n\r\n", 19), 400, "bad_request"},
      {"GET / HTTP/1.1\r\nX-\xd0\xb0: b\r\n\r\n", 400, "bad_request"},
      {"GET / x HTTP/1.1\r\n\r\n", 400, "bad_request"},
      {"get / HTTP/1.1\r\n\r\n", 400, "bad_request"},
      {"\r\n\r\n", 400, "bad_request"},
      {"\x16\x03\x01\x02\r\n\r\n", 400, "bad_request"},
  };
  for (const Case& refused : cases) {
    INFO(refused.request.substr(0, 100));
    SocketClient client = fixture.client();
    client.send(refused.request + "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.answer();
    CHECK(status(answer) == refused.status);
    CHECK(contains(answer, "Content-Type: application/json"));
    CHECK(contains(answer, "Connection: close"));
    CHECK(contains(body(answer), "{\"detail\":\""));
    CHECK(contains(body(answer), "\"code\":\"" + refused.code + "\""));
    CHECK(client.ends());
  }
  CHECK(fixture.admin == 0);
  CHECK(fixture.handled == 0);
  CHECK(status(fixture.answer(get)) == 200);
}

TEST_CASE("a repeated query parameter and an unknown method are refused") {
  Fixture fixture;
  for (const char* query : {"a=1&a=2", "a=1&a=1", "a=1&%61=1", "a=1&b=2&a="}) {
    INFO(query);
    const std::string answer = fixture.answer(get_of(std::string("/?") + query));
    CHECK(status(answer) == 400);
    CHECK(contains(body(answer), "\"code\":\"bad_request\""));
  }
  CHECK(status(fixture.answer(get_of("/?a=1&&b=2&"))) == 200);
  const std::string unknown = fixture.answer("BREW / HTTP/1.1\r\n\r\n");
  CHECK(status(unknown) == 400);
  CHECK(contains(body(unknown), "\"code\":\"bad_request\""));
}

TEST_CASE("errors of the handler have a JSON body, and its exceptions stay inside") {
  Fixture fixture;
  CHECK(contains(body(fixture.answer(get_of("/absent"))), "\"code\":"));
  const std::string answer = fixture.answer(get_of("/throw"));
  CHECK(status(answer) == 500);
  CHECK(body(answer) == R"({"detail":"Internal server error","code":"internal"})");
  CHECK_FALSE(contains(answer, "secret"));
  CHECK_FALSE(contains(answer, "EXCEPTION"));
  CHECK(fixture.log.has("http_handler_threw"));
}

TEST_CASE("a body of 100 MB is refused, however it is sent, and takes no memory") {
  Fixture fixture;
  const std::string piece(1 << 20, 'a');
  const std::string chunk = "100000\r\n" + piece + "\r\n";
  const std::size_t before = resident_bytes();
  struct Case {
    std::string head;
    const std::string& unit;
    int status;
  };
  const std::vector<Case> cases = {
      {"POST / HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n", piece, 413},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", chunk, 413},
      {"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 104857600\r\n\r\n", piece,
       415},
      {"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", chunk,
       415},
  };
  for (const Case& sent : cases) {
    INFO(sent.head);
    SocketClient client = fixture.client();
    client.send(sent.head);
    int pieces = 0;
    while (pieces < 100 && client.send(sent.unit)) ++pieces;
    // It goes on being read for a while, or the client would see a reset and no answer.
    CHECK(pieces > 20);
    CHECK(status(client.answer()) == sent.status);
  }
  CHECK(fixture.handled == 0);
  CHECK(resident_bytes() < before + (40 << 20));
}

TEST_CASE("what all connections send at once is bounded") {
  HttpLimits limits;
  limits.buffered_bytes_max = 3 << 20;
  Fixture fixture(limits);
  const std::string half =
      "POST / HTTP/1.1\r\nContent-Length: 4194304\r\n\r\n" + std::string(2 << 20, 'a');
  SocketClient first = fixture.client();
  SocketClient second = fixture.client();
  first.send(half);
  second.send(half);
  std::string refused = second.answer(Duration{1'000});
  if (refused.empty()) refused = first.answer();
  CHECK(status(refused) == 503);
  CHECK(contains(refused, "Retry-After: "));
}

TEST_CASE("Expect: 100-continue is answered before the body") {
  Fixture fixture;
  SocketClient client = fixture.client();
  client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(client.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ab");
  CHECK(contains(body(client.answer()), "POST / [] 2 "));
  client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  CHECK(status(client.answer()) == 413);
}
