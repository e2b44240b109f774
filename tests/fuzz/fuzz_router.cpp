// Requests to a small real chain, through the library that reads them and the router. Whatever they
// ask for, the answer is one of those that the routes have, an error says what and why, and the
// chain stays one that replays from its genesis.
//
// An input is a line "MTA /target" and the body: the method (G, P or another letter), the type of
// the body (j JSON, b binary, or none), the type that is wanted (b binary, or any). "#T" in target
// and body stands for the id of a pending transaction, "#S" for a user's address.

#include <array>
#include <set>

#include "chain/checks.hpp"
#include "chain/memory_store.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/json.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/http/test_node.hpp"

namespace aitbc {
namespace {

const std::set<int> statuses = {200, 201, 400, 404, 405, 409, 411, 413, 415, 422, 503};

// A scene that lasts until a request changed it, so that a finding needs its input alone.
struct World {
  test::Scene scene{std::make_unique<MemoryStore>()};
  rpc::HttpWorkers workers{{1, 1, Duration{1}}};
  rpc::HttpService service;
  std::unique_ptr<rpc::HttpExchange> exchange;

  World() {
    service.handle = [this](const rpc::HttpRequest& request) {
      return scene.router.handle(request);
    };
    // It never does here: the node answers at once.
    service.waits = [](const rpc::HttpRequest& request) {
      rpc::Router::waits(request);
      return false;
    };
    exchange = std::make_unique<rpc::HttpExchange>(service, workers, scene.log);
  }

  void require_sound() {
    ChainView view("node", scene.node.chain());
    NodeView* const views[] = {&view};
    AITBC_CHECK(Audit(scene.builder.genesis()).look(views).violations.empty());
  }
};

std::string with_values(const World& world, std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view name = text.substr(i, 2);
    if (name == "#T") {
      made += hash_text(world.scene.pending);
    } else if (name == "#S") {
      made += world.scene.address(0);
    } else {
      made += text[i];
      continue;
    }
    ++i;
  }
  return made;
}

// nullopt for what the frame would not let through.
std::optional<rpc::FramedRequest> request_of(const World& world, std::string_view input) {
  const std::size_t line_end = std::min(input.find('\n'), input.size());
  if (line_end < 5 || input[3] != ' ' || input[4] != '/') return std::nullopt;
  const std::string target = with_values(world, input.substr(4, line_end - 4));
  for (const char c : target) {
    if (c <= ' ' || c > '~') return std::nullopt;
  }
  rpc::FramedRequest request;
  request.body = with_values(world, input.substr(std::min(line_end + 1, input.size())));
  const char method = input[0];
  request.head = method == 'P' ? "POST" : method == 'G' ? "GET" : method == 'H' ? "HEAD" : "PUT";
  request.head += " " + target + " HTTP/1.1\r\n";
  if (input[1] == 'j') request.head += "Content-Type: application/json\r\n";
  if (input[1] == 'b') request.head += "Content-Type: application/vnd.aitbc\r\n";
  if (input[2] == 'b') request.head += "Accept: application/vnd.aitbc\r\n";
  request.head += "\r\n";
  return request;
}

void require_answer(std::string_view bytes, bool has_body) {
  const std::size_t head_end = bytes.find("\r\n\r\n");
  AITBC_CHECK(bytes.starts_with("HTTP/1.1 ") && head_end != std::string_view::npos);
  const int status = std::stoi(std::string(bytes.substr(9, 3)));
  AITBC_CHECK(statuses.contains(status));
  const std::string_view head = bytes.substr(0, head_end);
  const std::string_view body = bytes.substr(head_end + 4);
  const bool is_json = head.find("\r\nContent-Type: application/json\r\n") != head.npos ||
                       head.ends_with("\r\nContent-Type: application/json");
  AITBC_CHECK(status < 400 || is_json);
  if (!is_json || !has_body) return;
  const auto json = rpc::parse_json(body);
  AITBC_CHECK(json.has_value());
  AITBC_CHECK(status < 400 || (json->contains("detail") && json->contains("code")));
}

}  // namespace
}  // namespace aitbc

void aitbc::fuzz::run(ByteView input) {
  static std::optional<World> world;
  if (!world) world.emplace();
  auto request = request_of(*world, as_text(input));
  if (!request) return;
  const bool posts = request->head.starts_with("POST");
  const bool has_body = !request->head.starts_with("HEAD");
  const std::string bytes = world->exchange->answer(std::move(*request), "127.0.0.1").bytes;
  require_answer(bytes, has_body);
  if (!posts || bytes.starts_with("HTTP/1.1 4")) return;
  world->require_sound();
  world.reset();
}
