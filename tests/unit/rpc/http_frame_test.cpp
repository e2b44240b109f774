// Whatever comes on a connection, in whatever pieces: the frame stays within its limits, and what
// it makes of the bytes does not depend on where the network cut them.

#include "tests/support/frame_outcome.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <charconv>
#include <ctime>
#include <vector>

#include "tests/support/seed.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::test;

namespace {

constexpr HttpFrame::Sizes sizes = small_frame;

std::vector<std::size_t> random_cuts(gen::Rng& rng, std::size_t size) {
  std::vector<std::size_t> cuts;
  const std::uint64_t mean = 1 + rng.below(40);
  for (std::size_t at = 0; at < size; ++at) {
    if (rng.one_in(mean)) cuts.push_back(at);
  }
  return cuts;
}

template <std::size_t N>
std::string one_of(gen::Rng& rng, const std::array<const char*, N>& texts) {
  return texts[rng.index(N)];
}

std::string random_text(gen::Rng& rng, std::size_t size) {
  const Buffer bytes = rng.buffer(size);
  return std::string(as_text(bytes));
}

std::string in_chunks(gen::Rng& rng, std::string_view body) {
  std::string text;
  while (!body.empty()) {
    const std::size_t size = 1 + rng.index(body.size());
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
    const std::string number(digits.data(), end);
    const std::size_t zeros = rng.one_in(4) ? rng.index(17 - number.size()) : 0;
    text += std::string(zeros, '0') + number + "\r\n";
    text += std::string(body.substr(0, size)) + "\r\n";
    body.remove_prefix(size);
  }
  return text + "0\r\n\r\n";
}

// A request that no rule refuses.
std::string good_request(gen::Rng& rng, const std::string& body) {
  const bool posts = !body.empty() || rng.one_in(2);
  std::string text = posts ? "POST" : one_of(rng, std::array{"GET", "HEAD", "OPTIONS"});
  text += " /" + std::string(rng.index(sizes.uri_bytes_max), 'a') + " HTTP/1.1\r\n";
  const std::array fields{"Accept-Language: x",   "Accept: application/json",
                          "X-Long: 12345678",     "Connection: close",
                          "Expect: 100-continue", "Content-Type: application/json"};
  for (std::size_t i = rng.index(4); i > 0; --i) text += one_of(rng, fields) + "\r\n";
  if (!posts) return text + "\r\n";
  if (rng.one_in(2)) return text + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(rng, body);
  return text + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Somewhere a byte or a word too much, too little, or another one.
void mutate(gen::Rng& rng, std::string& text) {
  const std::array words{"\r\n",
                         "\n",
                         "\r\n\r\n",
                         "\r",
                         " ",
                         ":",
                         "0\r\n\r\n",
                         "-1\r\n",
                         "ffffffffffffffff\r\n",
                         "Content-Length: 5\r\n",
                         "Content-Length: 18446744073709551616\r\n",
                         "Transfer-Encoding: chunked\r\n",
                         "Content-Encoding: gzip\r\n",
                         "HTTP/1.0",
                         "GET /"};
  const std::size_t at = rng.index(text.size() + 1);
  switch (rng.below(6)) {
    case 0:
      if (at < text.size()) text[at] = random_text(rng, 1)[0];
      break;
    case 1:
      text.erase(at, 1 + rng.index(8));
      break;
    case 2:
      text.insert(at, one_of(rng, words));
      break;
    case 3:
      text.insert(at, text.substr(rng.index(text.size() + 1), 1 + rng.index(64)));
      break;
    case 4:
      text.insert(at, std::string(rng.index(500), 'x'));
      break;
    default:
      text.resize(at);
  }
}

void check_all_cuts(gen::Rng& rng, const std::string& bytes) {
  const FrameOutcome whole = frame_outcome(bytes, {});
  CAPTURE(bytes);
  const auto same = [&](const std::vector<std::size_t>& cuts) {
    return frame_outcome(bytes, cuts).texts() == whole.texts();
  };
  REQUIRE(same(every_byte(bytes.size())));
  for (int i = 0; i < 4; ++i) REQUIRE(same(random_cuts(rng, bytes.size())));
}

}  // namespace

TEST_CASE("good requests come out as they went in, however they were cut") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 1'000; ++round) {
    std::string bytes;
    std::vector<std::string> bodies;
    for (std::size_t i = 1 + rng.index(4); i > 0; --i) {
      bodies.push_back(random_text(rng, rng.one_in(3) ? 0 : rng.index(sizes.body_bytes_max + 1)));
      bytes += good_request(rng, bodies.back());
    }
    CAPTURE(bytes);
    const FrameOutcome whole = frame_outcome(bytes, {});
    REQUIRE(whole.refusal.empty());
    REQUIRE(whole.requests.size() == bodies.size());
    for (std::size_t i = 0; i < bodies.size(); ++i) REQUIRE(whole.requests[i].body == bodies[i]);
    check_all_cuts(rng, bytes);
  }
}

TEST_CASE("mutated requests mean the same however they were cut") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes;
    for (std::size_t i = 1 + rng.index(3); i > 0; --i) {
      bytes += good_request(rng, random_text(rng, rng.index(80)));
    }
    for (std::size_t i = 1 + rng.index(4); i > 0; --i) mutate(rng, bytes);
    check_all_cuts(rng, bytes);
  }
}

TEST_CASE("of the fields that say who asks there may be one alone") {
  const auto framed = [](const std::string& fields) {
    HttpFrame frame(sizes);
    frame.append("GET / HTTP/1.1\r\n" + fields + "\r\n");
    return frame.advance() == HttpFrame::Step::complete ? frame.take().head : std::string();
  };
  for (const std::string name :
       {"Host", "Origin", "X-Api-Key", "Authorization", "Access-Control-Request-Method"}) {
    INFO(name);
    CHECK(framed(name + ": a\r\n").find(name + ": a\r\n") != std::string::npos);
    CHECK(framed(name + ": a\r\n" + name + ": b\r\n").empty());
  }
  CHECK(framed("x-forwarded-for: a\r\nX-Forwarded-For: b, c\r\n")
            .find("X-Forwarded-For: a, b, c\r\n") != std::string::npos);
  // Any trace of a proxy is handed on as one.
  for (const std::string name :
       {"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via", "X-Forwarded"}) {
    INFO(name);
    CHECK(framed(name + ": a\r\n").find("\r\nX-Forwarded: 1\r\n") != std::string::npos);
  }
  CHECK(framed("X-Other: a\r\n") == "GET / HTTP/1.1\r\n\r\n");
}

TEST_CASE("another protocol is handed on when the connection names it, and what follows is kept") {
  const auto framed = [](const std::string& connection, const std::string& version) {
    HttpFrame frame(sizes);
    frame.append("GET / " + version + "\r\nUpgrade: websocket\r\n" + connection + "\r\n\x81\x80");
    REQUIRE(frame.advance() == HttpFrame::Step::complete);
    const std::string head = frame.take().head;
    CHECK(frame.take_rest() == "\x81\x80");
    CHECK(frame.untouched());
    return head.find("Upgrade: websocket\r\n") != std::string::npos;
  };
  CHECK(framed("Connection: Upgrade\r\n", "HTTP/1.1"));
  CHECK(framed("Connection: keep-alive, UPGRADE\r\n", "HTTP/1.1"));
  CHECK_FALSE(framed("", "HTTP/1.1"));
  CHECK_FALSE(framed("Connection: keep-alive\r\n", "HTTP/1.1"));
  CHECK_FALSE(framed("Connection: Upgrade\r\n", "HTTP/1.0"));
}

TEST_CASE("random bytes are refused or waited for, and never kept beyond the limits") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 2'000; ++round) check_all_cuts(rng, random_text(rng, rng.index(900)));
}

TEST_CASE("a body of tiny chunks takes no quadratic time") {
  std::string chunks;
  for (int i = 0; i < 400'000; ++i) chunks += "1\r\na\r\n";
  HttpFrame frame({});
  const std::clock_t before = std::clock();  // of the processor: others may be busy, too
  frame.append("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n");
  REQUIRE(frame.advance() == HttpFrame::Step::complete);
  CHECK(frame.take().body == std::string(400'000, 'a'));
  CHECK((std::clock() - before) / CLOCKS_PER_SEC < 10);
}
