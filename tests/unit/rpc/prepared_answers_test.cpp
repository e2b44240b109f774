// Answers that the server gives again by itself.

#include "rpc/prepared_answers.hpp"

#include "tests/unit/rpc/server_fixture.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::rpc::test_server;

namespace {

const std::string again = "GET /again HTTP/1.1\r\nHost: x\r\n\r\n";

FramedRequest framed(std::string head, std::string body = "") {
  return {std::move(head), std::move(body), Persistence::keep};
}

constexpr auto always = [] { return true; };

}  // namespace

TEST_CASE("an answer that holds is given again, to the same request, without its handler") {
  Fixture fixture;
  SocketClient client = fixture.client();
  fixture.holds = true;
  client.send(again);
  const std::string first = client.answer();
  CHECK(status(first) == 200);
  const int handled = fixture.handled;
  for (int i = 0; i < 3; ++i) {
    client.send(again);
    CHECK(client.answer() == first);
  }
  CHECK(fixture.answer(again) == first);
  CHECK(fixture.handled == handled);
  client.send("GET /again?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(contains(body(client.answer()), "x=1"));
  client.send("GET /again HTTP/1.1\r\nHost: x\r\nX-Api-Key: k\r\n\r\n");
  CHECK(status(client.answer()) == 200);
  CHECK(fixture.handled == handled + 2);

  fixture.holds = false;
  client.send(again);
  CHECK(client.answer() == first);
  CHECK(fixture.handled == handled + 3);
}

TEST_CASE("requests that came at once are answered in their order, kept answers among them") {
  Fixture fixture;
  SocketClient client = fixture.client();
  fixture.holds = true;
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += again + get_of("/" + std::to_string(i));
  client.send(requests);
  for (int i = 0; i < 200; ++i) {
    CHECK(contains(body(client.answer()), "GET /again "));
    CHECK(contains(body(client.answer()), "GET /" + std::to_string(i) + " "));
  }
}

TEST_CASE("an answer is for one client, and for one request without a body") {
  PreparedAnswers answers;
  answers.keep(again, "1.1.1.1", "bytes", always);
  CHECK(answers.find(framed(again), "1.1.1.1") == "bytes");
  CHECK_FALSE(answers.find(framed(again), "1.1.1.2"));
  CHECK_FALSE(answers.find(framed(again, "body"), "1.1.1.1"));
  FramedRequest last = framed(again);
  last.persistence = Persistence::close;
  CHECK_FALSE(answers.find(last, "1.1.1.1"));
  CHECK_FALSE(PreparedAnswers::may_keep(framed("POST / HTTP/1.1\r\n\r\n")));
  CHECK_FALSE(PreparedAnswers::may_keep(
      framed("GET /" + std::string(limits::prepared_head_bytes_max, 'a'))));
}

TEST_CASE("what is kept is bounded, in number and in size") {
  PreparedAnswers answers;
  answers.keep(again, "a", std::string(limits::prepared_bytes_max + 1, 'x'), always);
  CHECK_FALSE(answers.find(framed(again), "a"));
  for (std::size_t i = 0; i <= limits::prepared_answers_max; ++i) {
    answers.keep(again, std::to_string(i), "bytes", always);
  }
  CHECK_FALSE(answers.find(framed(again), "0"));
  CHECK(answers.find(framed(again), std::to_string(limits::prepared_answers_max)));
}
