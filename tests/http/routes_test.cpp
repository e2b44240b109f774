#include <catch2/catch.hpp>
#include <set>

#include "chain/memory_store.hpp"
#include "rpc/binary.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"
#include "tests/http/golden_answer.hpp"
#include "tests/http/schema_check.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

struct Golden {
  std::string name;
  rpc::HttpRequest request;
};

std::vector<Golden> questions(const Scene& scene) {
  const std::string sender = scene.address(0);
  const std::string nobody = to_text(Address{});
  return {
      {"index", get("/")},
      {"health", get("/health")},
      {"network", get("/rpc/network")},
      {"sync", get("/rpc/sync")},
      {"sync_known", get("/rpc/sync", {{"instance", "0123456789abcdef"}, {"cursor", "99"}})},
      {"head", get("/rpc/head")},
      {"block_genesis", get("/rpc/blocks/0")},
      {"block_by_height", get("/rpc/blocks/2")},
      {"block_by_hash", get("/rpc/blocks/" + hash_text(scene.node.head().id))},
      {"blocks_range", get("/rpc/blocks-range", {{"start", "0"}, {"end", "1"}})},
      {"blocks_range_headers",
       get("/rpc/blocks-range", {{"start", "0"}, {"end", "9"}, {"include_tx", "false"}})},
      {"blocks_range_above", get("/rpc/blocks-range", {{"start", "50"}, {"end", "60"}})},
      {"headers", get("/rpc/headers", {{"start", "2"}, {"limit", "2"}})},
      {"forks", get("/rpc/forks")},
      {"genesis", get("/rpc/genesis")},
      {"authorities", get("/rpc/authorities")},
      {"metrics", get("/metrics")},
      {"docs_style", get("/docs.css")},
      {"finality", get("/rpc/finality")},
      {"finality_at", get("/rpc/finality/1")},
      {"finality_of_genesis", get("/rpc/finality/0")},
      {"evidence", get("/rpc/evidence")},
      {"account", get("/rpc/account/" + scene.address(2))},
      {"account_unknown", get("/rpc/account/" + nobody)},
      {"balance", get("/rpc/getBalance/" + sender)},
      {"address", get("/rpc/address/" + sender)},
      {"address_page", get("/rpc/address/" + sender, {{"limit", "1"}, {"offset", "1"}})},
      {"proof", get("/rpc/proof/account/" + sender)},
      {"proof_absent", get("/rpc/proof/account/" + nobody)},
      {"tx_included", get("/rpc/tx/" + hash_text(scene.included))},
      {"tx_trace", get("/rpc/tx/" + hash_text(scene.included) + "/trace")},
      {"tx_pending", get("/rpc/tx/" + hash_text(scene.pending))},
      {"tx_replaced", get("/rpc/tx/" + hash_text(scene.replaced))},
      {"mempool", get("/rpc/mempool")},
      {"mempool_beyond", get("/rpc/mempool", {{"offset", "5"}})},
      {"pending", get("/rpc/pending", {{"chain_id", scene.builder.params().chain_id}})},
      {"head_v1", get("/v1/blocks/head", {{"whatever", "1"}})},
      {"health_rpc", get("/rpc/health")},
      {"health_v1", get("/v1/health")},
      {"block_by_hash_alias", get("/rpc/blocks/by_hash/" + hash_text(scene.node.head().id))},
      {"blocks", get("/rpc/blocks")},
      {"blocks_page", get("/rpc/blocks", {{"limit", "2"}, {"offset", "3"}})},
      {"blocks_range_older",
       get("/rpc/blocks-range", {{"start_height", "1"}, {"end_height", "2"}, {"limit", "9"}})},
      {"transactions", get("/rpc/transactions", {{"limit", "2"}, {"offset", "1"}})},
      {"transactions_of", get("/rpc/transactions", {{"address", sender}, {"limit", "1"}})},
      {"transaction", get("/rpc/transaction/" + hash_text(scene.included))},
      {"accounts_alias", get("/rpc/accounts/alice")},
      {"balance_of_a_name", get("/rpc/getBalance/alice")},
      {"balance_parts", get("/rpc/balance/" + sender)},
      {"addresses", get("/rpc/addresses", {{"limit", "2"}})},
      {"addresses_rich", get("/rpc/addresses", {{"min_balance", "1000"}})},
      {"info", get("/rpc/info")},
      {"status", get("/rpc/status")},
      {"status_at_the_root", get("/status")},
      {"height", get("/rpc/height")},
      {"supply", get("/rpc/supply")},
      {"validators", get("/rpc/validators")},
      {"peers", get("/rpc/peers")},
      {"sync_status", get("/rpc/syncStatus")},
  };
}

// What makes the block at `height` final.
std::vector<SignedVote> votes_for(const Scene& scene, Height height) {
  const auto& keys = scene.builder.ledger.authorities;
  const GenesisHash& chain = scene.builder.params().genesis_hash;
  const Tip tip = tip_of(scene.builder.blocks[height - 1].block.header());
  std::vector<SignedVote> votes;
  for (const KeyPair* key : {&keys[0], &keys[1]}) {
    const Checkpoint genesis = checkpoint_of(genesis_tip(scene.builder.params()));
    votes.push_back(sign(chain, Vote::prepare(checkpoint_of(tip), genesis), *key));
    votes.push_back(sign(chain, Vote::commit(checkpoint_of(tip)), *key));
  }
  return votes;
}

rpc::HttpRequest unlock_from(const std::string& client) {
  rpc::HttpRequest request = get("/rpc/authority/unlock");
  request.method = "POST";
  request.client = client;
  return request;
}

// Answers that change the node come last, in this order.
std::vector<Golden> orders(const Scene& scene) {
  const Params& params = scene.builder.params();
  const SignedTx included = scene.blocks()[1].txs[0];
  const SignedTx fresh = scene.builder.transfer(3, 2, 8).signed_tx();
  const SignedTx bad_nonce = scene.builder.ledger.signed_transfer(
      scene.builder.user(1), scene.builder.address(0), {.amount = 1, .fee = 1, .nonce = 0});
  const auto tx_text = [&](const SignedTx& tx) { return rpc::tx_json(params, tx); };
  ChainBuilder other(scene_shape);
  other.append();
  return {
      {"send_tx", post_json("/rpc/sendTx", tx_text(fresh))},
      {"send_tx_again", post_binary("/rpc/sendTx", encode(fresh))},
      {"send_tx_included", post_json("/rpc/sendTx", tx_text(included))},
      {"send_batch",
       post_json("/rpc/transactions",
                 "[" + tx_text(fresh) + "," + tx_text(bad_nonce) + ",{\"type\":\"transfer\"},7]")},
      {"pending_bodies", post_json("/rpc/sync/transactions",
                                   rpc::ids_json(std::vector{scene.pending, scene.included}))},
      {"import_exists",
       post_json("/rpc/blocks/import", rpc::block_json(params, scene.blocks()[2], {}))},
      {"import_side",
       post_binary("/rpc/blocks/import", encode(std::vector{other.blocks[0].block.block()}))},
      {"import_alias", post_json("/rpc/block", rpc::block_json(params, scene.blocks()[2], {}))},
      {"import_block",
       post_json("/rpc/importBlock", rpc::block_json(params, scene.blocks()[2], {}))},
      {"estimate_fee",
       post_json("/rpc/estimateFee",
                 R"({"type":"transfer","payload":{"to":"aitbc1bob00000000000000000000000000000)"
                 R"(00000000","amount":100}})")},
      {"mint_faucet", post_json("/rpc/admin/mintFaucet", R"({"address":"alice","amount":5.0})")},
      {"submit_receipt",
       post_json("/rpc/submitReceipt", R"({"sender":"alice","nonce":0,"fee":1,"payload":)" +
                                           rpc::signed_receipt_json(scene.builder.ledger.claim(
                                               Ledger::receipt("r-1", "1.5", "miner"))) +
                                           "}")},
      {"faucet", post_json("/rpc/faucet", R"({"address":"alice","amount":"7"})")},
      {"receipts", get("/rpc/receipts")},
      {"receipt", get("/rpc/receipts/r-1")},
      {"receipt_search", get("/rpc/transactions/search", {{"receipt_id", "r-1"}})},
      {"block_with_a_receipt", get("/rpc/blocks/6")},
      {"supply_minted", get("/rpc/supply")},
      {"send_unsigned",
       post_json("/rpc/sendTx", R"({"type":"TRANSFER","sender":"alice","nonce":0,"fee":1,)"
                                R"("payload":{"to":"bob","amount":3},"sig":null})")},
      {"send_transaction",
       post_json("/rpc/transaction",
                 R"({"from":"alice","to":"bob","amount":2,"fee":1,"signature":""})")},
      {"chaos_link",
       post_json("/rpc/chaos",
                 R"({"id":"delay-1","what":"delay 300ms","kind":"link","for_ms":60000,)"
                 R"("out":["http://127.0.0.1:8081"],"in":[],"delay_ms":300,"jitter_ms":50})")},
      {"chaos_clock",
       post_json("/rpc/chaos", R"({"id":"clock-1","what":"clock","kind":"clock","for_ms":1,)"
                               R"("offset_ms":-2000,"drift_ppm":-200})")},
      {"chaos_disk",
       post_json("/rpc/chaos", R"({"id":"disk-1","what":"","kind":"disk","for_ms":86400000,)"
                               R"("full":true})")},
      {"chaos_lie", post_json("/rpc/chaos", R"({"id":"lie-1","what":"","kind":"lie","for_ms":1000,)"
                                            R"("lie":"forged-head"})")},
      {"chaos_double_sign",
       post_json("/rpc/chaos", R"({"id":"twice-1","what":"","kind":"double-sign","for_ms":1000})")},
      {"chaos", get("/rpc/chaos")},
      {"network_chaos", get("/rpc/network")},
      {"chaos_heal", post_json("/rpc/chaos/heal", R"({"id":"clock-1"})")},
      {"chaos_heal_all", post_json("/rpc/chaos/heal", "{}")},
      {"set_peers", put_json("/rpc/peers", rpc::peer_urls_json(std::vector<std::string>{
                                               "http://127.0.0.3:8082", "http://127.0.0.4:80"}))},
      {"network_set_peers", get("/rpc/network")},
      {"set_peers_none", put_json("/rpc/peers", R"({"peers":[]})")},
      {"votes", post_json("/rpc/votes", rpc::votes_json(votes_for(scene, 2)))},
      {"finality_voted", get("/rpc/finality")},
      {"finality_at_voted", get("/rpc/finality/1")},
      {"sync_votes", get("/rpc/sync")},
      {"evidence_known", post_json("/rpc/evidence", rpc::evidence_json({}))},
      {"authority_unlock", unlock_from("127.0.0.1")},
  };
}

const rpc::Route& route_of(const std::string& method, const std::string& pattern) {
  for (const rpc::Route& route : rpc::Router::routes()) {
    if (route.method == method && route.pattern == pattern) return route;
  }
  throw std::runtime_error("no route " + pattern);
}

// The row that a path belongs to, found without the router: by its first differing segment.
std::string pattern_of(const std::string& path) {
  for (const char* prefix : {"/rpc/account/", "/rpc/accounts/", "/rpc/getBalance/", "/rpc/balance/",
                             "/rpc/address/", "/rpc/proof/account/"}) {
    if (path.starts_with(prefix)) return std::string(prefix) + "{address}";
  }
  if (path.starts_with("/rpc/finality/")) return "/rpc/finality/{height}";
  if (path.starts_with("/rpc/receipts/")) return "/rpc/receipts/{receipt_id}";
  if (path.ends_with("/trace")) return "/rpc/tx/{id}/trace";
  if (path.starts_with("/rpc/tx/")) return "/rpc/tx/{id}";
  if (path.starts_with("/rpc/transaction/")) return "/rpc/transaction/{id}";
  if (path.starts_with("/rpc/blocks/by_hash/")) return "/rpc/blocks/by_hash/{height}";
  if (path.starts_with("/rpc/blocks/") && path != "/rpc/blocks/import")
    return "/rpc/blocks/{height}";
  return path;
}

}  // namespace

TEST_CASE("every route answers as it always did, and as it is described") {
  Scene scene(std::make_unique<MemoryStore>());
  const auto schemas = rpc::parse_json(rpc::schemas_json());
  REQUIRE(schemas);
  const SchemaCheck check(*schemas);

  std::vector<Golden> all = questions(scene);
  for (Golden& order : orders(scene)) all.push_back(std::move(order));
  std::set<std::string> asked;
  for (const auto& [name, request] : all) {
    INFO(name);
    const rpc::HttpResponse answer = scene.router.handle(request);
    CHECK(answer.status == 200);
    const std::string text = golden_text(request, answer);
    CHECK(text == expected_answer(name, text));

    const std::string pattern = pattern_of(request.path);
    asked.insert(request.method + " " + pattern);
    if (answer.content_type != rpc::json_type) continue;
    const auto body = rpc::parse_json(answer.body);
    REQUIRE(body);
    CHECK(rpc::dump(*body) == answer.body);  // compact
    const rpc::Route& route = route_of(request.method, pattern);
    CHECK(check.fault_of(*body, std::string(route.answer)).value_or("") == "");
  }
  for (const rpc::Route& route : rpc::Router::routes()) {
    const std::string line = std::string(route.method) + " " + std::string(route.pattern);
    INFO(line);
    CHECK((asked.contains(line) || route.stream || route.media == rpc::event_stream_type ||
           route.pattern == "/openapi.json" || route.pattern == "/docs" ||
           route.pattern.starts_with("/explorer")));
  }
}

TEST_CASE("a node is told of as many peers as it may have, and of no more") {
  Scene scene(std::make_unique<MemoryStore>());
  std::vector<std::string> urls;
  while (urls.size() < limits::peers_max)
    urls.push_back("http://a:" + std::to_string(urls.size() + 1));
  const auto told = [&] {
    return scene.router.handle(put_json("/rpc/peers", rpc::peer_urls_json(urls))).status;
  };
  CHECK(told() == 200);
  CHECK(scene.node.status()->peers.size() == limits::peers_max);
  urls.emplace_back("http://b:1");
  CHECK(told() == 422);
  urls = {"http://a/" + std::string(limits::manifest_text_bytes_max, 'x')};
  CHECK(told() == 422);
  CHECK(scene.node.status()->peers.size() == limits::peers_max);
}

TEST_CASE("tools that search the text of an answer find what they look for") {
  const Scene scene(std::make_unique<MemoryStore>());
  const std::string head = scene.router.handle(get("/rpc/head")).body;
  const std::string needle = "\"height\":";
  const std::size_t first = head.find(needle);
  REQUIRE(first != std::string::npos);
  CHECK(head.find(needle, first + 1) == std::string::npos);

  const Block block = scene.blocks()[1];
  const std::string text = scene.router.handle(get("/rpc/blocks/2")).body;
  const std::size_t hash = text.find("\"hash\":\"");
  REQUIRE(hash != std::string::npos);
  CHECK(text.substr(hash + 8, 66) == hash_text(id_of(block.header())));
}

TEST_CASE("blocks, headers and transactions travel in the canonical encoding") {
  Scene scene(std::make_unique<MemoryStore>());
  const auto binary = [&](rpc::HttpRequest request) {
    request.accept = "text/plain, application/vnd.aitbc";
    const rpc::HttpResponse answer = scene.router.handle(request);
    CHECK(answer.status == 200);
    CHECK(answer.content_type == rpc::binary_type);
    return answer.body;
  };
  const std::string range = binary(get("/rpc/blocks-range", {{"start", "0"}, {"end", "3"}}));
  const auto blocks = decode_blocks(as_bytes(range), 10);
  REQUIRE(blocks);
  const std::vector<Block> known = scene.blocks();
  CHECK(*blocks == std::vector(known.begin(), known.begin() + 3));

  const std::string some = binary(get("/rpc/headers", {{"start", "2"}, {"limit", "2"}}));
  const auto headers = rpc::decode_headers(as_bytes(some), 10);
  REQUIRE(headers);
  CHECK(*headers == std::vector{known[1].sealed, known[2].sealed});

  const std::vector<TxId> ids = {scene.pending, scene.included};
  const std::string bodies = binary(post_binary("/rpc/sync/transactions", rpc::encode_ids(ids)));
  const auto txs = rpc::decode_txs(as_bytes(bodies), 10);
  REQUIRE(txs);
  REQUIRE(txs->size() == 1);
  CHECK(id_of(scene.builder.params().genesis_hash, txs->front().body) == scene.pending);

  const auto said = rpc::decode_sync_answer(as_bytes(binary(get("/rpc/sync"))));
  REQUIRE(said);
  CHECK(said->txs == std::vector{scene.pending});
}

TEST_CASE("a block that a node printed can be given to another node") {
  const Scene scene(std::make_unique<MemoryStore>());
  TestNode other(scene.builder.genesis(), std::make_unique<MemoryStore>());
  NullLog log;
  const test::WaitingRouter router(other, log);

  const std::string one = scene.router.handle(get("/rpc/blocks/1")).body;
  CHECK(router.handle(post_json("/rpc/blocks/import", one)).status == 200);
  CHECK(other.head().height == 1);

  const std::string two = scene.router.handle(get("/rpc/blocks/2")).body;
  const std::string three = scene.router.handle(get("/rpc/blocks/3")).body;
  const std::string branch = "{\"blocks\":[" + two + "," + three + "]}";
  CHECK(router.handle(post_json("/rpc/blocks/import", branch)).status == 200);
  CHECK(other.head().height == 3);
}

TEST_CASE("a proof can be checked with what the answer holds") {
  Scene scene(std::make_unique<MemoryStore>());
  const Address address = scene.builder.address(0);
  const auto proven =
      rpc::parse_proof(scene.router.handle(get("/rpc/proof/account/" + to_text(address))).body);
  REQUIRE(proven);
  const auto account = rpc::check_account(*proven, address);
  REQUIRE(account);
  CHECK(*account == scene.builder.ledger.state.at(address));
  CHECK(proven->state_root == scene.blocks().back().header().state_root);

  rpc::ProvenAccount forged = *proven;
  forged.proof.leaf->account.balance = Amount::from(1'000'000).value();
  CHECK_FALSE(rpc::check_account(forged, address));
  forged = *proven;
  forged.authorities_hash.data[0] ^= 1;
  CHECK_FALSE(rpc::check_account(forged, address));
}

TEST_CASE("a batch is one question to the node, and one refusal of a busy one") {
  Scene scene(std::make_unique<MemoryStore>());
  scene.node.failure = error(Errc::inbox_full, "the inbox is full: try again");
  const std::string tx =
      rpc::tx_json(scene.builder.params(), scene.builder.transfer(0, 1).signed_tx());
  const rpc::HttpResponse answer =
      scene.router.handle(post_json("/rpc/transactions", "[" + tx + "," + tx + "]"));
  CHECK(answer.status == 503);
  const auto body = rpc::parse_json(answer.body);
  REQUIRE(body);
  CHECK((*body)["code"] == "inbox_full");
  CHECK(scene.node.submits == 2);  // one of them for the scene itself
}
