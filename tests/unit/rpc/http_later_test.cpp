#include "tests/unit/rpc/server_fixture.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::rpc::test_server;

namespace {

HttpLimits of_one_thread() {
  HttpLimits limits;
  limits.threads_max = 1;
  limits.request_time_max = Duration{400};  // so that deadlines are looked at often
  return limits;
}

}  // namespace

TEST_CASE("answers that come later hold no thread, and each finds its own client") {
  Fixture fixture(of_one_thread());
  std::vector<SocketClient> clients;
  for (std::size_t i = 0; i < 20; ++i) {
    clients.push_back(fixture.client());
    clients.back().send(get_of("/later"));
    REQUIRE(fixture.decisions.await_asked(i + 1));
  }
  CHECK(status(fixture.answer(get)) == 200);
  for (std::size_t i = clients.size(); i-- > 0;) {
    fixture.decisions.decide(i, "answer " + std::to_string(i));
    CHECK(body(clients[i].answer()) == "answer " + std::to_string(i));
  }
}

TEST_CASE("an answer may be decided before anybody waits for it") {
  Fixture fixture(of_one_thread());
  SocketClient client = fixture.client();
  for (int i = 0; i < 3; ++i) {
    client.send(get_of("/at_once"));
    CHECK(body(client.answer()) == "at once");
  }
  client.send("HEAD /at_once HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  REQUIRE(client.read_until([](const std::string& text) { return text.ends_with("\r\n\r\n"); }));
  CHECK(contains(client.input(), "Content-Length: 7\r\n"));
  CHECK(contains(client.input(), "Connection: close\r\n"));
  client.ends();
  CHECK(client.input().ends_with("\r\n\r\n"));
}

TEST_CASE("requests that came together are answered in order, also if the first is decided last") {
  Fixture fixture(of_one_thread());
  SocketClient client = fixture.client();
  client.send(get_of("/later") + get_of("/after"));
  REQUIRE(fixture.decisions.await_asked(1));
  CHECK(client.answer(Duration{100}).empty());
  fixture.decisions.decide(0, "first");
  CHECK(body(client.answer()) == "first");
  CHECK(contains(client.answer(), "GET /after"));
}

TEST_CASE(
    "an answer that is not decided in time is an error, and what is decided then is nobody's") {
  Fixture fixture(of_one_thread());
  fixture.decisions.time_max = Duration{1};
  SocketClient client = fixture.client();
  client.send(get_of("/later"));
  REQUIRE(fixture.decisions.await_asked(1));
  const std::string overdue = client.answer();
  CHECK(status(overdue) == 503);
  CHECK(contains(body(overdue), "no decision within 1 ms"));

  // The connection goes on, and its next answer is not the late one.
  fixture.decisions.time_max = patience;
  client.send(get_of("/later"));
  REQUIRE(fixture.decisions.await_asked(2));
  fixture.decisions.decide(0, "too late");
  CHECK(client.answer(Duration{100}).empty());
  fixture.decisions.decide(1, "in time");
  CHECK(body(client.answer()) == "in time");
}

TEST_CASE("what was decided when the server stops is still answered, what comes after is dropped") {
  auto fixture = std::make_unique<Fixture>(of_one_thread());
  std::vector<SocketClient> clients;
  for (std::size_t i = 0; i < 3; ++i) {
    clients.push_back(fixture->client());
    clients.back().send(get_of("/later"));
    REQUIRE(fixture->decisions.await_asked(i + 1));
  }
  SocketClient busy = fixture->client();
  busy.send(get_of("/slow"));  // so that what is decided has to wait for the only thread
  REQUIRE(fixture->slow.await_waiting(1));
  fixture->decisions.decide(0, "zero");
  fixture->decisions.decide(1, "one");
  fixture->slow.open();
  fixture->server->stop();
  CHECK(body(clients[0].answer()) == "zero");
  CHECK(body(clients[1].answer()) == "one");
  CHECK(clients[2].ends());
  fixture->decisions.decide(2, "two");
}
