// A connection's bytes: HttpFrame finds the same requests and refusals wherever the network cut
// them, and what reaches the handler is the request that was framed, in one answer of its own.

#include "chain/log.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/json.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/frame_outcome.hpp"
#include "tests/support/rng.hpp"

namespace aitbc {
namespace {

constexpr rpc::HttpFrame::Sizes sizes{
    .uri_bytes_max = 256, .header_bytes_max = 1'024, .body_bytes_max = 2'048};

std::vector<std::size_t> random_cuts(ByteView input) {
  gen::Rng rng(input.size() + 251 * std::uint64_t{input.front()} + input.back());
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < input.size(); ++at) {
    if (rng.one_in(17)) cuts.push_back(at);
  }
  return cuts;
}

// Answers everything, and remembers what it was asked.
struct Server {
  std::optional<rpc::HttpRequest> seen;
  NullLog log;
  rpc::HttpService service;
  rpc::HttpWorkers workers{{1, 1, Duration{1}}};
  std::unique_ptr<rpc::HttpExchange> exchange;

  Server() {
    service.handle = [this](const rpc::HttpRequest& request) {
      seen = request;
      rpc::HttpResponse response;
      response.body = "{}";
      return response;
    };
    exchange = std::make_unique<rpc::HttpExchange>(service, workers, log);
  }
};

void require_answered(Server& server, const rpc::FramedRequest& framed) {
  server.seen.reset();
  const std::string method = framed.head.substr(0, framed.head.find(' '));
  const std::string bytes = server.exchange->answer(framed, "127.0.0.1").bytes;
  AITBC_CHECK(bytes.starts_with("HTTP/1.1 "));
  const std::size_t head = bytes.find("\r\n\r\n");
  AITBC_CHECK(head != std::string::npos);
  const std::string body = bytes.substr(head + 4);
  const bool answered = bytes.starts_with("HTTP/1.1 200 ");
  AITBC_CHECK(answered == server.seen.has_value());
  if (!answered) {
    AITBC_CHECK(bytes.starts_with("HTTP/1.1 4"));
    const auto json = rpc::parse_json(body);
    AITBC_CHECK(method == "HEAD" || (json && json->contains("detail") && json->contains("code")));
    return;
  }
  AITBC_CHECK(body == (method == "HEAD" ? "" : "{}"));
  AITBC_CHECK(server.seen->method == method);
  AITBC_CHECK(server.seen->body == framed.body);
  AITBC_CHECK(server.seen->client == "127.0.0.1");
  AITBC_CHECK(server.seen->path.starts_with('/'));
}

}  // namespace
}  // namespace aitbc

void aitbc::fuzz::run(ByteView input) {
  static Server server;
  if (input.empty()) return;
  const std::string_view bytes = as_text(input);
  const test::FrameOutcome whole = test::frame_outcome(bytes, {}, sizes);
  const auto same = [&](const std::vector<std::size_t>& cuts) {
    return test::frame_outcome(bytes, cuts, sizes).texts() == whole.texts();
  };
  AITBC_CHECK(same(test::every_byte(bytes.size())));
  AITBC_CHECK(same(random_cuts(input)));
  for (const rpc::FramedRequest& framed : whole.requests) require_answered(server, framed);
}
