// Slow, silent and greedy clients, and the end of the server.

#include <sys/resource.h>

#include "tests/support/eventually.hpp"
#include "tests/unit/rpc/server_fixture.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::rpc::test_server;

TEST_CASE("half-sent requests starve nobody and end at their deadline") {
  HttpLimits limits;
  limits.request_time_max = Duration{400};
  Fixture fixture(limits);
  std::vector<SocketClient> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(fixture.client());
    slow.back().send(i % 2 == 0 ? "GET / HT" : "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab");
  }
  CHECK(status(fixture.answer(get)) == 200);
  const std::string answer = slow[0].answer();
  CHECK(status(answer) == 408);
  CHECK(contains(body(answer), "\"code\":\"timeout\""));
  CHECK(slow[0].ends());
  CHECK(status(slow[1].answer()) == 408);
}

TEST_CASE("a client that trickles is cut off, though it never falls silent") {
  HttpLimits limits;
  limits.request_time_max = Duration{400};
  Fixture fixture(limits);
  SocketClient client = fixture.client();
  client.send("GET / HTTP/1.1\r\nX: ");
  // Each wait for an answer is the pause between two bytes.
  std::string answer;
  for (int i = 0; i < 300 && answer.empty(); ++i) {
    client.send("a");
    answer = client.answer(Duration{20});
  }
  CHECK(status(answer) == 408);
}

TEST_CASE("a client that does not read its answer holds no thread") {
  HttpLimits limits;
  limits.threads_max = 1;
  Fixture fixture(limits);
  SocketClient lazy = fixture.client();
  lazy.send(get_of("/large") + get_of("/large") + get_of("/large"));
  CHECK(status(fixture.answer(get)) == 200);
  std::string whole = fixture.answer(get_of("/large"));
  CHECK(body(whole).size() == 8 << 20);
}

TEST_CASE("large answers that nobody reads are bounded, and keep nobody from small ones") {
  HttpLimits limits;
  limits.unread_bytes_max = 20 << 20;
  Fixture fixture(limits);
  std::vector<SocketClient> lazy;
  for (int i = 0; i < 2; ++i) {
    lazy.push_back(fixture.client());
    lazy.back().send(get_of("/large"));
    REQUIRE(lazy.back().read_until([](const std::string& begun) { return !begun.empty(); }));
  }
  const std::string refused = fixture.answer(get_of("/large"));
  CHECK(status(refused) == 503);
  CHECK(contains(body(refused), "\"code\":\"overloaded\""));
  CHECK(contains(refused, "Retry-After: 1"));
  CHECK(status(fixture.answer(get)) == 200);
  lazy.clear();
  CHECK(test::eventually([&] { return status(fixture.answer(get_of("/large"))) == 200; }));
}

TEST_CASE("without descriptors left, idle connections make way for new ones") {
  Fixture fixture;
  std::vector<SocketClient> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(fixture.client());
    idle.back().send(get);
    REQUIRE(status(idle.back().answer()) == 200);
  }
  std::vector<SocketClient> late;
  for (int i = 0; i < 3; ++i) late.push_back(SocketClient::unconnected());
  const int next = ::dup(0);
  REQUIRE(next >= 0);
  ::close(next);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  std::vector<std::string> answers;
  for (SocketClient& client : late) {
    client.connect("127.0.0.1", fixture.port());
    client.send(get);
    answers.push_back(client.answer());
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  for (const std::string& answer : answers) CHECK(status(answer) == 200);
  CHECK(idle[0].ends());
}

TEST_CASE("idle connections are bounded, make way for new ones and end") {
  HttpLimits limits;
  limits.connections_max = 8;
  limits.request_time_max = Duration{400};
  Fixture fixture(limits);
  std::vector<SocketClient> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(fixture.client());
    idle.back().send(get);
    REQUIRE(status(idle.back().answer()) == 200);
  }
  CHECK(idle[0].ends());
  idle[19].send(get);
  CHECK(status(idle[19].answer()) == 200);
}

TEST_CASE("silent connections end at the idle time") {
  HttpLimits limits;
  limits.idle_time_max = Duration{200};
  limits.request_time_max = Duration{400};
  Fixture fixture(limits);
  SocketClient silent = fixture.client();
  SocketClient served = fixture.client();
  served.send(get);
  CHECK(status(served.answer()) == 200);
  CHECK(silent.ends());
  CHECK(served.ends());
}

TEST_CASE("beyond the bound of busy connections a new one gets 503") {
  HttpLimits limits;
  limits.connections_max = 3;
  Fixture fixture(limits);
  std::vector<SocketClient> busy;
  for (int i = 0; i < 3; ++i) {
    busy.push_back(fixture.client());
    busy.back().send(get_of("/poll"));
  }
  REQUIRE(fixture.poll.await_waiting(3));
  SocketClient extra = fixture.client();
  extra.send(get);
  const std::string answer = extra.answer();
  CHECK(status(answer) == 503);
  CHECK(contains(body(answer), "\"code\":\"overloaded\""));
  CHECK(extra.ends());
  fixture.poll.open();
  for (SocketClient& client : busy) CHECK(status(client.answer()) == 200);
}

TEST_CASE("long polls and short requests do not use up each other's threads") {
  HttpLimits limits;
  limits.threads_max = 2;
  limits.waits_max = 5;
  Fixture fixture(limits);
  std::vector<SocketClient> polls;
  for (int i = 0; i < 5; ++i) {
    polls.push_back(fixture.client());
    polls.back().send(get_of("/poll"));
  }
  REQUIRE(fixture.poll.await_waiting(5));
  CHECK(status(fixture.answer(get)) == 200);
  const std::string sixth = fixture.answer(get_of("/poll"));
  CHECK(status(sixth) == 503);
  CHECK(contains(sixth, "Retry-After: 1"));

  SocketClient slow_a = fixture.client();
  SocketClient slow_b = fixture.client();
  SocketClient queued = fixture.client();
  slow_a.send(get_of("/slow"));
  slow_b.send(get_of("/slow"));
  REQUIRE(fixture.slow.await_waiting(2));
  const int before = fixture.handled;
  queued.send(get);
  CHECK(queued.answer(Duration{100}).empty());
  CHECK(fixture.handled == before);
  fixture.poll.open();
  for (SocketClient& client : polls) CHECK(status(client.answer()) == 200);
  fixture.slow.open();
  CHECK(status(queued.answer()) == 200);
  CHECK(status(slow_a.answer()) == 200);
}

TEST_CASE("threads without work end") {
  HttpLimits limits;
  limits.thread_rest_time = Duration{50};
  Fixture fixture(limits);
  const auto threads = [] {
    std::ifstream file("/proc/self/status");
    std::string word;
    while (file >> word && word != "Threads:") {
    }
    std::size_t count = 0;
    file >> count;
    return count;
  };
  const std::size_t at_rest = threads();
  std::vector<SocketClient> polls;
  for (int i = 0; i < 30; ++i) {
    polls.push_back(fixture.client());
    polls.back().send(get_of("/poll"));
  }
  REQUIRE(fixture.poll.await_waiting(30));
  CHECK(threads() >= at_rest + 29);
  fixture.poll.open();
  for (SocketClient& client : polls) CHECK(status(client.answer()) == 200);
  SocketClient pause = fixture.client();
  for (int i = 0; i < 100 && threads() > at_rest; ++i) pause.answer(Duration{20});
  CHECK(threads() <= at_rest);
  CHECK(status(fixture.answer(get)) == 200);
}

TEST_CASE("a second server on the same port is refused by name") {
  Fixture fixture;
  HttpService service;
  service.handle = [](const HttpRequest&) { return HttpResponse{}; };
  const auto second = HttpServer::start({"127.0.0.1", fixture.port(), {}}, service, fixture.log);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == Errc::in_use);
  CHECK(contains(second.error().detail, "127.0.0.1 port " + std::to_string(fixture.port())));
  const auto nowhere = HttpServer::start({"256.0.0.1", 0, {}}, service, fixture.log);
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().code == Errc::bad_config);
}

TEST_CASE("stop is prompt with idle connections, ends handlers, and frees the port") {
  auto fixture = std::make_unique<Fixture>();
  const std::uint16_t port = fixture->port();
  std::vector<SocketClient> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(fixture->client());
    idle.back().send(i % 2 == 0 ? get : "GET / HT");
    if (i % 2 == 0) REQUIRE(status(idle.back().answer()) == 200);
  }
  std::vector<SocketClient> polls;
  for (int i = 0; i < 20; ++i) {
    polls.push_back(fixture->client());
    polls.back().send(get_of("/poll"));
  }
  REQUIRE(fixture->poll.await_waiting(20));
  fixture->poll.open();
  const auto before = std::chrono::steady_clock::now();
  fixture->server->stop();
  const auto took = std::chrono::steady_clock::now() - before;
  CHECK(took < Duration{10'000});
  CHECK(fixture->poll.await_waiting(0));
  const int handled = fixture->handled;
  CHECK(idle[0].ends());
  CHECK_FALSE(SocketClient(port).connected());
  fixture->server->stop();
  CHECK(fixture->handled == handled);
}

TEST_CASE("many clients at once are all answered") {
  Fixture fixture;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&fixture, &answered] {
      SocketClient client = fixture.client();
      for (int n = 0; n < 200; ++n) {
        client.send(get);
        if (status(client.answer()) == 200) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(answered == 1600);
}
