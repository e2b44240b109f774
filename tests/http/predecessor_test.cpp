// What the predecessor's tools observe: status codes, words and shapes, as its contract has them.

#include <catch2/catch.hpp>

#include "chain/core/dev_account.hpp"
#include "chain/memory_store.hpp"
#include "rpc/json.hpp"
#include "rpc/native_fields.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

constexpr const char* alice = "aitbc1alice00000000000000000000000000000000000";
constexpr const char* bob = "aitbc1bob0000000000000000000000000000000000000";

// {"type", "sender", ...} with some fields changed; null removes one.
rpc::HttpRequest transfer(const rpc::Json& changes = rpc::Json::object()) {
  rpc::Json body = rpc::parse_json(std::string(R"({"type":"TRANSFER","sender":")") + alice +
                                   R"(","nonce":0,"fee":10,"payload":{"to":")" + bob +
                                   R"(","amount":100},"sig":null})")
                       .value();
  for (const auto& [name, value] : changes.items()) {
    if (value.is_null()) {
      body.erase(name);
    } else {
      body[name] = value;
    }
  }
  return post_json("/rpc/sendTx", rpc::dump(body));
}

std::uint64_t balance(const Scene& scene, const std::string& who) {
  return body_of(scene.router.handle(get("/rpc/getBalance/" + who)))["balance"]
      .get<std::uint64_t>();
}

struct WordedRefusal {
  rpc::HttpRequest request;
  int status;
  std::string detail;
};

struct Unreadable {
  rpc::HttpRequest request;
  std::string type;
  std::string loc;
};

}  // namespace

TEST_CASE("refusals have the predecessor's status and words") {
  const Scene scene(std::make_unique<MemoryStore>());
  rpc::HttpRequest put = get("/rpc/head");
  put.method = "PUT";
  const std::vector<WordedRefusal> refusals = {
      {get("/rpc/nothing"), 404, "Not Found"},
      {put, 405, "Method Not Allowed"},
      {get("/rpc/blocks/99"), 404, "block not found"},
      {get("/rpc/tx/0xtx123"), 404, "transaction not found"},
      {get("/rpc/tx/" + hash_text(TxId{})), 404, "transaction not found"},
      {get("/rpc/blocks", {{"limit", "0"}}), 400, "limit must be between 1 and 100"},
      {get("/rpc/blocks", {{"limit", "101"}}), 400, "limit must be between 1 and 100"},
      {get("/rpc/transactions", {{"offset", "-1"}}), 400, "offset must be non-negative"},
      {get("/rpc/address/bob", {{"limit", "-5"}}), 400, "limit must be between 1 and 100"},
      {get("/rpc/blocks-range", {{"start", "-1"}, {"end", "3"}}), 400,
       "start must be non-negative"},
      {get("/rpc/blocks-range", {{"start", "3"}, {"end", "1"}}), 400,
       "end must be greater than or equal to start"},
      {get("/rpc/blocks-range", {{"start", "0"}, {"end", "1001"}}), 400,
       "range cannot exceed 1000 blocks"},
      {get("/rpc/head", {{"chain_id", "other"}}), 400, "Unsupported chain_id: other"},
      {transfer({{"fee", 0}}), 400, "Fee 0 below minimum 1"},
  };
  for (const auto& [request, status, detail] : refusals) {
    INFO(request.method << " " << request.path);
    const rpc::HttpResponse answer = scene.router.handle(request);
    CHECK(answer.status == status);
    CHECK(body_of(answer)["detail"] == detail);
  }
}

TEST_CASE("what cannot be read is a list that says where") {
  const Scene scene(std::make_unique<MemoryStore>());
  const auto payload = [&](rpc::Json value) { return transfer({{"payload", std::move(value)}}); };
  rpc::HttpRequest form = transfer();
  form.content_type = "application/x-www-form-urlencoded";
  const std::vector<Unreadable> all = {
      {get("/rpc/blocks/abc"), "int_parsing", R"(["path","height"])"},
      {get("/rpc/blocks", {{"limit", "many"}}), "int_parsing", R"(["query","limit"])"},
      {get("/rpc/forks", {{"limit", "0"}}), "int_parsing", R"(["query","limit"])"},
      {get("/rpc/headers"), "missing", R"(["query","start"])"},
      {get("/rpc/getBalance/a b"), "value_error", R"(["path","address"])"},
      {transfer({{"sender", nullptr}}), "missing", R"(["body","sender"])"},
      {transfer({{"nonce", "x"}}), "int_parsing", R"(["body","nonce"])"},
      {transfer({{"fee", -1}}), "greater_than_equal", R"(["body","fee"])"},
      {transfer({{"fee", 1.5}}), "int_type", R"(["body","fee"])"},
      {transfer({{"payload", 7}}), "dict_type", R"(["body","payload"])"},
      {transfer({{"type", "ORDER"}}), "value_error", R"(["body"])"},
      {payload({{"to", bob}}), "missing", R"(["body","payload","amount"])"},
      {payload({{"amount", 1}}), "missing", R"(["body","payload","recipient"])"},
      {payload({{"to", "b b"}, {"amount", 1}}), "value_error", R"(["body","payload","recipient"])"},
      {payload({{"to", bob}, {"amount", 1e300}}), "int_type", R"(["body","payload","amount"])"},
      {post_json("/rpc/sendTx", "{"), "json_invalid", R"(["body"])"},
      {form, "value_error", R"(["body"])"},
  };
  for (const auto& [request, type, loc] : all) {
    INFO(request.path << " " << request.body);
    const rpc::HttpResponse answer = scene.router.handle(request);
    CHECK(answer.status == 422);
    const rpc::Json body = body_of(answer);
    REQUIRE(body["detail"].is_array());
    CHECK(body["detail"][0]["type"] == type);
    CHECK(rpc::dump(body["detail"][0]["loc"]) == loc);
  }
  // All that is wrong at once.
  const rpc::Json several = body_of(scene.router.handle(post_json("/rpc/sendTx", "{}")));
  CHECK(several["detail"].size() == 4);
  CHECK(scene.node.submits == 1);  // the one that waits since the beginning
}

TEST_CASE("an unsigned transfer of a name becomes a signed transaction") {
  Scene scene(std::make_unique<MemoryStore>());
  const rpc::HttpResponse answer = scene.router.handle(transfer());
  REQUIRE(answer.status == 200);
  const std::string hash = body_of(answer)["tx_hash"].get<std::string>();
  const rpc::Json found = body_of(scene.router.handle(get("/rpc/tx/" + hash)));
  CHECK(found["status"] == "pending");
  const Address from = resolve_address(scene.builder.params(), alice).value();
  CHECK(found["sender"] == to_text(from));
  CHECK(found["transaction"]["signatures"].size() == 1);

  // The same request is the same transaction, as long as it is remembered; another is another.
  CHECK(body_of(scene.router.handle(transfer()))["tx_hash"] == hash);
  const rpc::HttpResponse other = scene.router.handle(transfer({{"nonce", "1"}}));
  REQUIRE(other.status == 200);
  CHECK(body_of(other)["tx_hash"] != hash);

  scene.node.on_wait();
  CHECK(balance(scene, bob) == 200);
  CHECK(body_of(scene.router.handle(get("/rpc/tx/" + hash)))["status"] == "included");
}

TEST_CASE("a name that cannot pay is given what it lacks, once") {
  Scene scene(std::make_unique<MemoryStore>());
  const Address faucet = scene.builder.address(scene.builder.ledger.users.size() - 1);
  const std::uint64_t before = balance(scene, to_text(faucet));
  REQUIRE(scene.router.handle(transfer()).status == 200);
  CHECK(balance(scene, alice) >= 110);
  const std::uint64_t after = balance(scene, to_text(faucet));
  CHECK(after < before);

  // One who can pay gets nothing.
  REQUIRE(scene.router
              .handle(post_json("/rpc/admin/mintFaucet",
                                std::string(R"({"address":"carol","amount":200})")))
              .status == 200);
  const std::uint64_t given = balance(scene, to_text(faucet));
  REQUIRE(scene.router.handle(transfer({{"sender", "carol"}})).status == 200);
  CHECK(balance(scene, to_text(faucet)) == given);
}

TEST_CASE("the faucet answers with the balance that a block gave") {
  Scene scene(std::make_unique<MemoryStore>());
  const auto mint = [&](const std::string& body) {
    return scene.router.handle(post_json("/rpc/admin/mintFaucet", body));
  };
  const rpc::HttpResponse first = mint(R"({"address":"dave","amount":30})");
  CHECK(first.body == R"({"address":"dave","balance":30})");
  CHECK(mint(R"({"address":"dave","amount":"12"})").body == R"({"address":"dave","balance":42})");
  CHECK(balance(scene, "dave") == 42);
  CHECK(mint(R"({"address":"dave","amount":0})").status == 422);
  CHECK(mint(R"({"address":"dave"})").status == 422);
  CHECK(mint(R"({"address":"d ave","amount":1})").status == 422);

  // Nobody seals: what was taken is not lost, but the answer does not claim a balance.
  scene.node.on_wait = [] {};
  const rpc::HttpResponse late = mint(R"({"address":"erin","amount":5})");
  CHECK(late.status == 503);
  CHECK(body_of(late)["code"] == "timeout");
}

TEST_CASE("each dialect of a submission is answered in its own words") {
  Scene scene(std::make_unique<MemoryStore>());
  const std::string payment = R"({"from":"frank","to":"bob","amount":2.0,"description":"tea"})";
  const rpc::HttpResponse made = scene.router.handle(post_json("/rpc/transactions", payment));
  CHECK(made.status == 201);
  CHECK(body_of(made)["hash"] == body_of(made)["tx_hash"]);
  const rpc::Json later = body_of(scene.router.handle(post_json("/rpc/transaction", payment)));
  CHECK(later["success"] == true);
  CHECK(later["transaction_hash"] == body_of(made)["hash"]);  // the same request
  scene.node.failure = error(Errc::nonce_used, "it was used");
  const rpc::HttpResponse failed = scene.router.handle(
      post_json("/rpc/transaction", R"({"from":"frank","to":"bob","amount":3})"));
  CHECK(failed.status == 400);
  CHECK(body_of(failed)["detail"] == "Failed to submit transaction: it was used");
}

TEST_CASE("blocks that nobody sealed are answered as ever, and never taken") {
  const Scene scene(std::make_unique<MemoryStore>());
  const rpc::Json head = body_of(scene.router.handle(get("/rpc/head")));
  const std::string ours = head["hash"].get<std::string>();
  const Height height = head["height"].get<Height>();
  const std::string proposer = scene.builder.ledger.authorities[0].public_key().hex();
  const std::string other = "0x" + std::string(64, 'a');
  const auto block = [&](Height at, const std::string& hash, const std::string& parent,
                         const std::string& by) {
    rpc::Json body;
    body["height"] = at;
    body["hash"] = hash;
    body["parent_hash"] = parent;
    if (!by.empty()) body["proposer"] = by;
    body["timestamp"] = "2026-02-13T21:39:45.125001";
    body["tx_count"] = 1;
    body["transactions"] = rpc::Json::array();
    return body;
  };
  const auto import = [&](const rpc::Json& body) {
    return scene.router.handle(post_json("/rpc/blocks/import", rpc::dump(body)));
  };
  CHECK(body_of(import(block(height, ours, other, proposer)))["status"] == "exists");
  const rpc::HttpResponse conflict = import(block(height, other, ours, proposer));
  CHECK(conflict.status == 409);
  CHECK(body_of(conflict)["detail"] == "Block at height 4 already exists with different hash");
  const rpc::HttpResponse orphan = import(block(height + 1, other, other, proposer));
  CHECK(orphan.status == 400);
  CHECK(body_of(orphan)["detail"] == "Block rejected: Parent block not found (" + other + ")");
  const rpc::HttpResponse wrong = import(block(height + 1, other, ours, proposer));
  CHECK(wrong.status == 400);
  const std::string said = body_of(wrong)["detail"].get<std::string>();
  REQUIRE(said.starts_with("Invalid block hash. Expected: 0x"));
  // With the hash that was expected it still has no seal.
  const std::string legacy = said.substr(said.find("0x"), 66);
  CHECK(legacy == hash_text(sha256(as_bytes("test|5|" + ours + "|2026-02-13T21:39:45.125001"))));
  const rpc::HttpResponse unsealed = import(block(height + 1, legacy, ours, proposer));
  CHECK(unsealed.status == 400);
  CHECK(body_of(unsealed)["detail"].get<std::string>().starts_with("Block rejected: it has no"));
  CHECK(import(block(0, other, ours, proposer)).status == 422);

  const auto reason = [&](const rpc::Json& body) {
    const rpc::HttpResponse answer =
        scene.router.handle(post_json("/rpc/importBlock", rpc::dump(body)));
    CHECK(answer.status == 200);
    CHECK(body_of(answer)["accepted"] == false);
    return body_of(answer)["reason"].get<std::string>();
  };
  rpc::Json timeless = block(height + 1, other, ours, proposer);
  timeless.erase("timestamp");
  CHECK(reason(timeless) == "Missing required field: timestamp");
  CHECK(reason(block(5, other, ours, "")) == "Missing proposer field");
  CHECK(reason(block(5, "abc", ours, proposer)) == "Invalid block hash format: abc");
  CHECK(reason(block(5, "0xabc", ours, proposer)) == "Invalid hash length: 3");
  const std::string no_hex = "0x" + std::string(64, 'x');
  CHECK(reason(block(5, no_hex, ours, proposer)) == "Invalid hex in hash: " + no_hex);
  CHECK(reason(block(5, other, ours, "me")) == "Proposer 'me' not in trusted set");
  CHECK(reason(block(height, ours, other, proposer)) == "Block already exists");
  CHECK(reason(block(9, other, ours, proposer)) == "Gap detected (our height: 4, received: 9)");
  CHECK(reason(block(3, other, ours, proposer)) == "Stale block (our height: 4)");
  CHECK(reason(block(5, legacy, ours, proposer)).starts_with("it has no seal"));
  CHECK(scene.node.head().height == height);
}

TEST_CASE("an account that was never used has no time, one that was has its last") {
  const Scene scene(std::make_unique<MemoryStore>());
  CHECK(scene.router.handle(get("/rpc/getBalance/nobody")).body ==
        R"({"address":"nobody","balance":0,"nonce":0})");
  const rpc::Json known = body_of(scene.router.handle(get("/rpc/getBalance/" + scene.address(0))));
  CHECK(known["updated_at"] ==
        body_of(scene.router.handle(get("/rpc/head")))["timestamp"]);  // it is in the last block
}

TEST_CASE("other chains than devnets have no names and no faucet") {
  const ChainBuilder builder;
  const NewNode other(without_devnet(builder.genesis()));
  CHECK(other.router.handle(get("/rpc/getBalance/alice")).status == 422);
  rpc::HttpRequest unsigned_transfer =
      post_json("/rpc/sendTx", R"({"type":"TRANSFER","sender":"alice","nonce":0,"fee":10,)"
                               R"("payload":{"to":")" +
                                   to_text(builder.address(0)) + R"(","amount":1}})");
  const rpc::HttpResponse refused = other.router.handle(unsigned_transfer);
  CHECK(refused.status == 403);
  CHECK(body_of(refused)["code"] == "not_devnet");
  const std::string gift = R"({"address":")" + to_text(builder.address(0)) + R"(","amount":1})";
  CHECK(other.router.handle(post_json("/rpc/faucet", gift)).status == 403);
  CHECK(other.node.submits == 0);
}

TEST_CASE("without the faucet's key nothing is given") {
  const NewNode poor_node(ChainBuilder().genesis());
  const rpc::HttpResponse gift =
      poor_node.router.handle(post_json("/rpc/faucet", R"({"address":"alice","amount":1})"));
  CHECK(gift.status == 409);
  CHECK(body_of(gift)["code"] == "refused");
  const rpc::HttpResponse poor = poor_node.router.handle(transfer());
  CHECK(poor.status == 409);
  CHECK(body_of(poor)["code"] == "insufficient_balance");
}

TEST_CASE("only an unsigned transfer may have to wait for its gift") {
  CHECK(rpc::Router::waits(transfer()));
  CHECK(rpc::Router::waits(post_json("/rpc/faucet", "{}")));
  CHECK_FALSE(rpc::Router::waits(post_json("/rpc/sendTx", R"({"signatures":[]})")));
  CHECK_FALSE(rpc::Router::waits(post_binary("/rpc/sendTx", {1, 2})));
}
