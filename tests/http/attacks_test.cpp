// Requests that mean harm, byte by byte over a socket: paths in disguise, numbers too large,
// letters that look like others, signatures of another chain. Each gets its own refusal, and the
// next client is served.

#include <catch2/catch.hpp>

#include "chain/core/dev_account.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"
#include "tests/http/served.hpp"
#include "tests/unit/rpc/socket_client.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

struct Answer {
  int status = 0;
  std::string code;  // of an error
  std::string body;
};

Answer ask(const Served& served, const std::string& request) {
  rpc::SocketClient client(served.port());
  client.send(request);
  const std::string bytes = client.answer();
  Answer answer;
  if (bytes.size() < 12) return answer;
  answer.status = std::stoi(bytes.substr(9, 3));
  answer.body = bytes.substr(bytes.find("\r\n\r\n") + 4);
  const auto json = rpc::parse_json(answer.body);
  if (json && json->contains("code")) answer.code = (*json)["code"].get<std::string>();
  if (json && json->contains("code")) CHECK(json->contains("detail"));
  return answer;
}

std::string get_of(const std::string& target) { return "GET " + target + " HTTP/1.1\r\n\r\n"; }

std::string post_of(const std::string& target, const std::string& body,
                    std::string_view type = rpc::json_type) {
  return "POST " + target + " HTTP/1.1\r\nContent-Type: " + std::string(type) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct Attack {
  std::string request;
  int status;
  std::string code;
};

void check_refused(const Served& served, const std::vector<Attack>& attacks) {
  const Tip head = served.scene.node.head();
  for (const Attack& attack : attacks) {
    INFO(attack.request.substr(0, 300));
    const Answer answer = ask(served, attack.request);
    INFO(answer.body);
    CHECK(answer.status == attack.status);
    CHECK(answer.code == attack.code);
    CHECK(ask(served, get_of("/rpc/head")).status == 200);
  }
  CHECK(served.scene.node.head() == head);
  CHECK(served.scene.node.chain().mempool().size() == 1);  // the scene's own
}

std::string payment(const std::string& from, const std::string& to, const std::string& amount) {
  return post_of("/rpc/sendTx", R"({"type":"TRANSFER","sender":")" + from +
                                    R"(","nonce":0,"fee":1,"payload":{"to":")" + to +
                                    R"(","amount":)" + amount + R"(},"sig":null})");
}

}  // namespace

TEST_CASE("a path in disguise leads to no other route") {
  const Served served;
  check_refused(served, {
                            {get_of("/rpc/../health"), 404, "not_found"},
                            {get_of("/rpc/%2e%2e/health"), 404, "not_found"},
                            {get_of("/rpc/..%2fhealth"), 404, "not_found"},
                            {get_of("/./health"), 404, "not_found"},
                            {get_of("//health"), 404, "not_found"},
                            {get_of("/health/"), 404, "not_found"},
                            {get_of("/health%00"), 404, "not_found"},
                            {get_of("/health%0d%0aX:%20y"), 404, "not_found"},
                            {get_of("/rpc\\head"), 404, "not_found"},
                            {get_of("/RPC/HEAD"), 404, "not_found"},
                            {get_of("/rpc/blocks/%c3%28"), 422, "bad_request"},
                            {get_of("/he\xc3\xa4lth"), 400, "bad_request"},
                            {get_of("/rpc/blocks/" + std::string(4'000, '1')), 422, "bad_request"},
                            {get_of("/rpc/blocks/" + std::string(5'000, '1')), 414, "too_large"},
                        });
  // What only spells a route differently is that route.
  CHECK(ask(served, get_of("/%72pc/head")).status == 200);
}

TEST_CASE("a number that is too large, or no number here, is no other number") {
  const Served served;
  const std::string digits(400, '9');
  check_refused(served,
                {
                    {get_of("/rpc/blocks/18446744073709551616"), 422, "bad_request"},
                    {get_of("/rpc/blocks/" + digits), 422, "bad_request"},
                    {get_of("/rpc/finality/18446744073709551617"), 422, "bad_request"},
                    {get_of("/rpc/mempool?offset=9007199254740992"), 422, "bad_request"},
                    {get_of("/rpc/mempool?offset=%EF%BC%91"), 422, "bad_request"},  // full-width 1
                    {get_of("/rpc/mempool?offset=%D9%A1"), 422, "bad_request"},  // Arabic-Indic 1
                    {get_of("/rpc/mempool?offset=1%00"), 422, "bad_request"},
                    {get_of("/rpc/blocks?limit=" + digits), 422, "bad_request"},
                    {payment("alice", "bob", digits), 422, "bad_json"},
                    {payment("alice", "bob", "1e400"), 422, "bad_json"},
                    {payment("alice", "bob", "1e16"), 422, "bad_request"},
                    {payment("alice", "bob", "9007199254740993.0"), 422, "bad_request"},
                    {payment("alice", "bob", "\"\xef\xbc\x91\""), 422, "bad_request"},
                    {payment("alice", "bob", "\"1\\u0000\""), 422, "bad_request"},
                });
}

TEST_CASE("letters that look like others make no name and no address") {
  const Served served;
  const std::string address = served.scene.address(0);
  std::string upper = address;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const std::string cyrillic = "\xd0\xb0lice";  // a
  check_refused(served,
                {
                    {payment(cyrillic, "bob", "1"), 422, "bad_address"},
                    {payment("alice", "b\xd0\xbe\x62", "1"), 422, "bad_request"},
                    {payment("alice", upper, "1"), 422, "bad_request"},
                    {payment("alice\\u200b", "bob", "1"), 422, "bad_address"},  // of no width
                    {payment("alice", "bob\\u0000", "1"), 422, "bad_request"},
                    {payment("\xff\xfe", "bob", "1"), 422, "bad_json"},
                    {payment("\xc0\xae", "bob", "1"), 422, "bad_json"},  // an overlong dot
                    {payment("\\ud800", "bob", "1"), 422, "bad_json"},   // half a pair
                    {get_of("/rpc/getBalance/%D0%B0lice"), 422, "bad_address"},
                    {get_of("/rpc/getBalance/alice%E2%80%8B"), 422, "bad_address"},
                    {get_of("/rpc/getBalance/" + upper), 422, "bad_address"},
                    {get_of("/rpc/getBalance/%EF%BD%81" + address.substr(1)), 422, "bad_address"},
                });
}

TEST_CASE("a transaction that was signed for another chain holds on none but that") {
  const Served served;
  // As the same people with the same keys and a genesis of a second later.
  Ledger other;
  other.genesis.time += Duration{1'000};
  other.params = params_of(other.genesis);
  const SignedTx foreign =
      other.signed_transfer(other.users[3], Ledger::address(other.users[0]), {.amount = 5});
  Genesis renamed = other.genesis;
  renamed.chain_id = "elsewhere";
  const Buffer bytes = encode(foreign);
  check_refused(
      served,
      {
          {post_of("/rpc/sendTx", rpc::tx_json(served.params(), foreign)), 400, "bad_signature"},
          {post_of("/rpc/sendTx", rpc::tx_json(params_of(renamed), foreign)), 400, "wrong_chain"},
          {post_of("/rpc/sendTx", std::string(as_text(bytes)), rpc::binary_type), 400,
           "bad_signature"},
      });
}
