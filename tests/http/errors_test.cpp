// Every refusal that a row of the route table announces, provoked.

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>

#include "chain/memory_store.hpp"
#include "rpc/errors.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "tests/http/golden_answer.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

struct Refusal {
  std::string name;
  rpc::HttpRequest request;
  Errc code;
};

rpc::Json json_of(const std::string& text) { return rpc::parse_json(text).value(); }

std::vector<Refusal> unreadable_requests(const Scene& scene) {
  rpc::HttpRequest form = post_json("/rpc/votes", "a=1");
  form.content_type = "application/x-www-form-urlencoded";
  rpc::HttpRequest put = get("/rpc/blocks/import");
  put.method = "PUT";
  constexpr const char* key = "dGhlIHNhbXBsZSBub25jZQ==";
  const auto handshake = [](const std::string& version, const std::string& websocket_key) {
    rpc::HttpRequest request = get("/rpc/ws/transactions");
    request.upgrade = "WebSocket";
    request.websocket_version = version;
    request.websocket_key = websocket_key;
    return request;
  };
  return {
      {"no_route", get("/rpc/nothing"), Errc::not_found},
      {"wrong_method", put, Errc::method_not_allowed},
      {"get_of_a_post", get("/rpc/blocks/import"), Errc::method_not_allowed},
      {"wrong_media_type", form, Errc::wrong_media_type},
      {"no_json", post_json("/rpc/sendTx", "{\"type\":"), Errc::bad_json},
      {"no_object", post_json("/rpc/sendTx", "[]"), Errc::bad_json},
      {"no_array", post_json("/rpc/transactions", "7"), Errc::bad_json},
      {"bad_binary", post_binary("/rpc/sendTx", {1, 2, 3}), Errc::bad_encoding},
      {"too_large", post_binary("/rpc/sendTx", Buffer(7'000)), Errc::too_large},
      {"too_many", post_binary("/rpc/transactions", {0, 0, 4, 1}), Errc::bad_encoding},
      {"no_block", post_binary("/rpc/blocks/import", {0, 0, 0, 0}), Errc::bad_request},
      {"bad_id", post_json("/rpc/sync/transactions", "{\"ids\":[\"12\"]}"), Errc::bad_json},
      {"bad_height", get("/rpc/blocks/first"), Errc::bad_request},
      {"negative_height", get("/rpc/blocks/-1"), Errc::not_found},
      {"bad_hash", get("/rpc/tx/" + scene.pending.hex()), Errc::not_found},
      {"bad_address", get("/rpc/account/nobody?"), Errc::bad_address},
      {"bad_limit", get("/rpc/mempool", {{"limit", "0"}}), Errc::bad_request},
      {"bad_flag", get("/rpc/blocks-range", {{"start", "1"}, {"end", "2"}, {"include_tx", "1"}}),
       Errc::bad_request},
      {"bad_wait", get("/rpc/sync", {{"wait", "10.001"}}), Errc::bad_request},
      {"missing_parameter", get("/rpc/blocks-range", {{"start", "1"}}), Errc::bad_request},
      {"unknown_parameter", get("/rpc/sync", {{"verbose", "1"}}), Errc::bad_request},
      {"range_backwards", get("/rpc/blocks-range", {{"start", "2"}, {"end", "1"}}),
       Errc::out_of_range},
      {"range_too_wide", get("/rpc/blocks-range", {{"start", "0"}, {"end", "1001"}}),
       Errc::out_of_range},
      {"no_such_height", get("/rpc/blocks/5"), Errc::not_found},
      {"no_such_block", get("/rpc/blocks/" + hash_text(Hash{})), Errc::not_found},
      {"no_upgrade", get("/rpc/ws/blocks"), Errc::upgrade_required},
      {"old_websocket", handshake("8", key), Errc::upgrade_required},
      {"websocket_key", handshake("13", "c2hvcnQ="), Errc::bad_request},
      {"no_such_tx", get("/rpc/tx/" + hash_text(TxId{})), Errc::not_found},
  };
}

// A good transaction as JSON with one field changed.
std::vector<Refusal> broken_transactions(const Scene& scene) {
  const Params& params = scene.builder.params();
  const std::string good = rpc::tx_json(params, scene.builder.transfer(0, 1).signed_tx());
  const auto with = [&](const std::string& field, rpc::Json value) {
    rpc::Json changed = json_of(good);
    for (const char* derived : {"tx_hash", "hash", "payload"}) changed.erase(derived);
    changed[field] = std::move(value);
    return post_json("/rpc/sendTx", rpc::dump(changed));
  };
  const auto spend = [&](std::size_t user, Ledger::Spend what) {
    return post_json("/rpc/sendTx", rpc::tx_json(params, scene.builder.ledger.signed_transfer(
                                                             scene.builder.user(user),
                                                             scene.builder.address(1), what)));
  };
  const auto ballot = [&](const KeyPair& voter, const PublicKey& key) {
    return post_json(
        "/rpc/sendTx",
        rpc::tx_json(params, scene.builder.ledger.signed_tx(
                                 voter, Ballot{{AuthorityChange::Kind::add, key}}, {})));
  };
  const auto& authorities = scene.builder.ledger.authorities;
  const auto paid = std::find_if(authorities.begin(), authorities.end(), [&](const KeyPair& key) {
    return scene.builder.ledger.account(key).balance != Amount{};
  });
  rpc::Json without = json_of(good);
  without.erase("fee");
  rpc::Json half_policy = json_of(good)["policy"];
  half_policy["threshold"] = 2;
  const rpc::Json unsigned_keys = rpc::Json::array({nullptr});
  return {
      {"tx_amount_text", with("amount", "5"), Errc::bad_json},
      {"tx_amount_fraction", with("amount", 1.5), Errc::bad_json},
      {"tx_amount_negative", with("amount", -1), Errc::bad_json},
      {"tx_amount_2_64", with("amount", 18446744073709551616.0), Errc::bad_json},
      {"tx_amount_2_53", with("amount", std::uint64_t{1} << 53), Errc::bad_json},
      {"tx_amount_zero", with("amount", 0), Errc::bad_amount},
      {"tx_amount_and_fee", with("fee", limits::supply_max), Errc::bad_amount},
      {"tx_field_missing", post_json("/rpc/sendTx", rpc::dump(without)), Errc::bad_json},
      {"tx_field_unknown", with("memo", "hello"), Errc::bad_json},
      {"tx_type", with("type", "mint"), Errc::bad_json},
      {"tx_chain", with("chain_id", "ait-mainnet"), Errc::wrong_chain},
      {"tx_to", with("recipient", "bob"), Errc::bad_address},
      {"tx_from", with("sender", scene.address(2)), Errc::bad_policy},
      {"tx_policy", with("policy", half_policy), Errc::bad_policy},
      {"tx_changed", with("amount", 11), Errc::bad_signature},
      {"tx_unsigned", with("signatures", unsigned_keys), Errc::bad_signature},
      {"tx_signature_text", with("signatures", rpc::Json::array({"00"})), Errc::bad_json},
      {"tx_signature_count", with("signatures", rpc::Json::array()), Errc::bad_json},
      {"tx_hash", with("tx_hash", hash_text(TxId{})), Errc::bad_signature},
      {"tx_hash_alias", with("hash", hash_text(TxId{})), Errc::bad_signature},
      {"tx_payload", with("payload", json_of(R"({"to":"bob","amount":1})")), Errc::bad_json},
      {"tx_fee", spend(0, {.amount = 1, .fee = 0}), Errc::fee_too_low},
      {"tx_nonce_used", spend(0, {.amount = 1, .fee = 1, .nonce = 0}), Errc::nonce_used},
      {"tx_nonce_pending", spend(2, {.amount = 1, .fee = 1, .nonce = 1}), Errc::nonce_pending},
      {"tx_nonce_gap", spend(0, {.amount = 1, .fee = 1, .nonce = 5'000}), Errc::nonce_gap},
      {"tx_ballot", ballot(*paid, paid->public_key()), Errc::bad_ballot},
      {"tx_ballot_key", ballot(*paid, PublicKey{}), Errc::bad_request},
      {"tx_ballot_stranger", ballot(scene.builder.user(3), scene.builder.user(3).public_key()),
       Errc::not_an_authority},
      {"tx_balance", spend(0, {.amount = 100'000}), Errc::insufficient_balance},
  };
}

rpc::HttpRequest offer(const Block& block) {
  return post_binary("/rpc/blocks/import", encode(std::vector{block}));
}

// A good next block with its header changed and sealed again.
std::vector<Refusal> broken_blocks(Scene& scene) {
  ChainBuilder& builder = scene.builder;
  const CheckedBlock good = builder.ledger.make_block({builder.transfer(0, 1, 1)});
  const auto with = [&](auto change) {
    CheckedBlock changed = good;
    change(changed.sealed.header);
    return offer(builder.ledger.reseal(changed).block());
  };
  const auto sealed_by = [&](const KeyPair& key, Slot slot) {
    CheckedBlock changed = good;
    changed.sealed.header.slot = slot;
    changed.sealed.header.proposer = key.public_key();
    changed.sealed.seal = seal(builder.params().genesis_hash, changed.header(), key);
    return offer(changed.block());
  };
  const Slot slot = good.header().slot;
  const Slot last = builder.head().slot;
  SignedVote unsigned_vote;
  unsigned_vote.vote = Vote::commit(checkpoint_of(builder.head()));
  unsigned_vote.voter = builder.genesis().authorities[0];
  CheckedBlock forged = good;
  forged.sealed.header.slot += 3;
  // A stranger's own seal holds, and must not make the node check the transactions.
  Block strange = good.block();
  strange.txs[0].witness.parts[0].signature.data[0] ^= 1;
  strange.sealed.header.txs_root = txs_root_of(strange.txs);
  strange.sealed.header.proposer = builder.user(0).public_key();
  strange.sealed.seal = seal(builder.params().genesis_hash, strange.header(), builder.user(0));
  Block handed_over = good.block();
  handed_over.sealed.handover =
      Certificate{Vote::Kind::commit, unsigned_vote.vote.target, {unsigned_vote}};
  CheckedBlock empty = good;
  empty.txs.clear();
  empty.sealed.header.tx_count = 0;
  empty.sealed.header.txs_root = Hash{};
  CheckedBlock poor = good;
  poor.txs = {builder.ledger.transfer(builder.user(0), builder.user(1), {.amount = 100'000})};
  poor.sealed.header.txs_root = txs_root_of(std::vector{poor.txs[0].signed_tx()});
  rpc::Json printed = json_of(rpc::block_json(builder.params(), good.block(), {}));
  printed["hash"] = hash_text(Hash{});
  rpc::Json late = json_of(rpc::block_json(builder.params(), good.block(), {}));
  late["timestamp"] = "2026-02-13T21:39:43";
  rpc::Json signed_twice = json_of(rpc::block_json(builder.params(), good.block(), {}));
  signed_twice["signature"] = Signature{}.hex();
  rpc::Json foreign = json_of(rpc::block_json(builder.params(), good.block(), {}));
  foreign["chain_id"] = "ait-mainnet";
  std::vector<Block> gap = {scene.blocks()[0], scene.blocks()[2]};
  return {
      {"block_height", with([](Header& h) { h.height += 1; }), Errc::unknown_parent},
      {"block_slot", with([](Header& h) { h.slot -= 3; }), Errc::bad_slot},
      {"block_proposer", sealed_by(builder.ledger.proposer(slot), slot + 1), Errc::bad_proposer},
      {"block_stranger", offer(strange), Errc::bad_proposer},
      {"block_recent", sealed_by(builder.ledger.proposer(last), last + 3), Errc::recent_signer},
      {"block_seal", offer(forged.block()), Errc::bad_seal},
      {"block_txs_root", with([](Header& h) { h.txs_root = {}; }), Errc::bad_txs_root},
      {"block_state_root", with([](Header& h) { h.state_root = {}; }), Errc::bad_state_root},
      {"block_parent", with([](Header& h) { h.parent.data[0] ^= 1; }), Errc::unknown_parent},
      {"block_handover", offer(handed_over), Errc::bad_handover},
      {"block_future", with([](Header& h) { h.slot += 3'000; }), Errc::from_future},
      {"block_empty", offer(builder.ledger.reseal(empty).block()), Errc::empty_block},
      {"vote_signature", post_json("/rpc/votes", rpc::votes_json(std::span(&unsigned_vote, 1))),
       Errc::bad_vote},
      {"vote_cut", post_json("/rpc/votes", R"({"votes":["00"]})"), Errc::bad_encoding},
      {"block_balance", offer(builder.ledger.reseal(poor).block()), Errc::invalid_block_tx},
      {"block_final", with([](Header& h) { h.height = 0; }), Errc::below_final},
      {"block_hash", post_json("/rpc/blocks/import", rpc::dump(printed)), Errc::bad_seal},
      {"block_timestamp", post_json("/rpc/blocks/import", rpc::dump(late)), Errc::bad_slot},
      {"block_signature", post_json("/rpc/blocks/import", rpc::dump(signed_twice)), Errc::bad_seal},
      {"block_chain", post_json("/rpc/blocks/import", rpc::dump(foreign)), Errc::wrong_chain},
      {"branch_broken", post_binary("/rpc/blocks/import", encode(gap)), Errc::broken_branch},
  };
}

class Witnessed {
 public:
  void check(const Scene& scene, const Refusal& refusal) { check(scene.router, refusal); }
  void check(const test::WaitingRouter& router, const Refusal& refusal) {
    INFO(refusal.name);
    const rpc::HttpResponse answer = router.handle(refusal.request);
    const std::string text = golden_text(refusal.request, answer);
    CHECK(text == expected_answer("error_" + refusal.name, text));
    CHECK(json_of(answer.body)["code"] == name(refusal.code));
    CHECK(answer.status == rpc::http_status(refusal.code));
    CHECK(rpc::error_from_answer(answer).code == refusal.code);
    codes_.insert(refusal.code);
  }
  bool has(Errc code) const { return codes_.contains(code); }

 private:
  std::set<Errc> codes_;
};

std::vector<Refusal> impossible_faults() {
  const auto fault = [](const std::string& fields) {
    return post_json("/rpc/chaos", R"({"id":"1","what":"")" + fields + "}");
  };
  return {
      {"fault_endless", fault(R"(,"kind":"double-sign")"), Errc::bad_json},
      {"fault_too_long", fault(R"(,"kind":"double-sign","for_ms":86400001)"), Errc::bad_json},
      {"fault_kind", fault(R"(,"kind":"rain","for_ms":1)"), Errc::bad_json},
      {"fault_lie", fault(R"(,"kind":"lie","lie":"fib","for_ms":1)"), Errc::bad_json},
      {"fault_field", fault(R"(,"kind":"disk","full":true,"cut":true,"for_ms":1)"), Errc::bad_json},
      {"fault_chance", fault(R"(,"kind":"link","loss_ppm":1000001,"for_ms":1)"), Errc::bad_json},
      {"fault_drift", fault(R"(,"kind":"clock","drift_ppm":1.5,"for_ms":1)"), Errc::bad_json},
      {"heal_unknown", post_json("/rpc/chaos/heal", R"({"id":"1"})"), Errc::not_found},
  };
}

std::vector<Refusal> impossible_peers() {
  const auto peers = [](const std::string& urls) {
    return put_json("/rpc/peers", R"({"peers":[)" + urls + "]}");
  };
  return {
      {"peers_no_url", peers(R"("http://a:80","127.0.0.1:8081")"), Errc::bad_json},
      {"peers_port", peers(R"("http://a:0")"), Errc::bad_json},
      {"peers_field", put_json("/rpc/peers", R"({"peers":[],"add":true})"), Errc::bad_json},
      {"peers_missing", put_json("/rpc/peers", "{}"), Errc::bad_json},
  };
}

// What only a network that is no devnet answers.
void check_no_devnet(Witnessed& witnessed) {
  const ChainBuilder builder;
  const NewNode other(without_devnet(builder.genesis()));
  const std::string fault = R"({"id":"1","what":"","kind":"double-sign","for_ms":1})";
  witnessed.check(other.router, {"no_devnet", post_json("/rpc/chaos", fault), Errc::not_devnet});
  for (const auto& request : {get("/rpc/chaos"), post_json("/rpc/chaos/heal", "{}")}) {
    CHECK(other.router.handle(request).status == 403);
  }
  CHECK(other.node.faults().empty());
}

// What a caller is told that may not do what it asks for, or asks too often.
void check_gate(Scene& scene, Witnessed& witnessed) {
  rpc::Router::Options options;
  options.access.keys = {{"reader", rpc::Scope::read, rpc::digest_of_key("key")}};
  options.access.rate_per_minute = 2;
  const test::WaitingRouter guarded(scene.node, scene.log, std::move(options));
  rpc::HttpRequest heal = post_json("/rpc/chaos/heal", "{}");
  heal.client = "192.0.2.7";
  witnessed.check(guarded, {"without_key", heal, Errc::unauthorized});
  heal.api_key = "forged";
  witnessed.check(guarded, {"unknown_key", heal, Errc::unauthorized});
  witnessed.check(guarded, {"rate_limited", heal, Errc::rate_limited});
  heal.api_key = "key";
  witnessed.check(guarded, {"scope", heal, Errc::forbidden});
  heal.client = "127.0.0.1";
  heal.origin = "http://evil.example";
  witnessed.check(guarded, {"origin", heal, Errc::forbidden});
  witnessed.check(guarded,
                  {"no_faucet", post_json("/rpc/faucet", R"({"address":"alice"})"), Errc::refused});
}

// What only a loaded or a failing node answers.
void check_failures(Scene& scene, Witnessed& witnessed) {
  const rpc::HttpRequest send =
      post_json("/rpc/sendTx",
                rpc::tx_json(scene.builder.params(), scene.builder.transfer(0, 1, 2).signed_tx()));
  for (const Errc code : {Errc::inbox_full, Errc::timeout, Errc::shutting_down, Errc::mempool_full,
                          Errc::bad_height, Errc::corrupt}) {
    scene.node.failure = error(code, "the node says so");
    witnessed.check(scene, {"node_" + std::string(name(code)), send, code});
  }
  scene.node.failure.reset();
  rpc::HttpRequest unlock = get("/rpc/authority/unlock");
  unlock.method = "POST";
  scene.node.has_authority = false;
  witnessed.check(scene, {"unlock_without_key", unlock, Errc::not_an_authority});
  const KeyPair& key = scene.builder.ledger.authorities[0];
  Evidence forged{Evidence::Votes{sign({}, Vote::commit({3, BlockId{{1}}}), key),
                                  sign({}, Vote::commit({3, BlockId{{2}}}), key)}};
  witnessed.check(
      scene, {"bad_evidence", post_json("/rpc/evidence", rpc::evidence_json(std::span(&forged, 1))),
              Errc::bad_evidence});
  for (const Errc code : {Errc::overloaded, Errc::storage}) {
    scene.node.reader_failure = error(code, "the store says so");
    witnessed.check(scene, {"store_" + std::string(name(code)), get("/rpc/head"), code});
  }
  scene.node.reader_failure.reset();
}

// Of receipts that can mint nothing.
void check_receipts(Witnessed& witnessed) {
  Scene scene(std::make_unique<MemoryStore>());
  const Ledger& ledger = scene.builder.ledger;
  const auto claim = [&](std::string_view id, std::string_view units) {
    return ledger.claim(Ledger::receipt(id, units, "miner"));
  };
  const auto submit = [&](const ReceiptClaim& what) {
    return post_json(
        "/rpc/sendTx",
        rpc::tx_json(scene.builder.params(), ledger.signed_tx(scene.builder.user(0), what, {})));
  };
  REQUIRE(scene.router.handle(submit(claim("r-1", "1"))).status == 200);
  scene.node.on_wait();
  ReceiptClaim forged = claim("r-2", "1");
  forged.signature = claim("r-2", "2").signature;
  ReceiptClaim stranger = claim("r-2", "1");
  stranger.coordinator = scene.builder.user(0).public_key();
  ReceiptClaim loose = claim("r-2", "1");
  loose.receipt += " ";
  loose.signature = ledger.coordinator.sign(as_bytes(loose.receipt));
  const std::vector<Refusal> refusals = {
      {"receipt_claimed", submit(claim("r-1", "2")), Errc::receipt_claimed},
      {"receipt_reserve", submit(claim("r-2", "1000000")), Errc::refused},
      {"receipt_units", submit(claim("r-2", "0.0001")), Errc::bad_amount},
      {"receipt_forged", submit(forged), Errc::bad_signature},
      {"receipt_stranger", submit(stranger), Errc::bad_receipt},
      {"receipt_not_canonical", submit(loose), Errc::bad_receipt},
      {"no_such_receipt", get("/rpc/receipts/r-2"), Errc::not_found},
  };
  for (const Refusal& refusal : refusals) witnessed.check(scene, refusal);
}

}  // namespace

TEST_CASE("every refusal says what was expected, under its own code and status") {
  Scene scene(std::make_unique<MemoryStore>());
  Witnessed witnessed;
  for (const auto& refusal : unreadable_requests(scene)) witnessed.check(scene, refusal);
  for (const auto& refusal : broken_transactions(scene)) witnessed.check(scene, refusal);
  for (const auto& refusal : broken_blocks(scene)) witnessed.check(scene, refusal);
  for (const auto& refusal : impossible_faults()) witnessed.check(scene, refusal);
  for (const auto& refusal : impossible_peers()) witnessed.check(scene, refusal);
  check_no_devnet(witnessed);
  check_gate(scene, witnessed);
  check_receipts(witnessed);
  check_failures(scene, witnessed);

  for (const rpc::Route& route : rpc::Router::routes()) {
    for (const Errc code : route.errors) {
      INFO(route.pattern << " announces " << name(code));
      CHECK(witnessed.has(code));
    }
  }
}

TEST_CASE("a transaction that was taken stays taken when the store cannot be read") {
  Scene scene(std::make_unique<MemoryStore>());
  scene.node.reader_failure = error(Errc::overloaded, "too many readers");
  const SignedTx tx = scene.builder.transfer(0, 1, 2).signed_tx();
  const rpc::HttpResponse answer = scene.router.handle(post_binary("/rpc/sendTx", encode(tx)));
  CHECK(answer.status == 200);
  CHECK(json_of(answer.body)["status"] == "pending");
}

TEST_CASE("a transaction that the node knows already was submitted well") {
  Scene scene(std::make_unique<MemoryStore>());
  const CheckedTx tx = scene.builder.transfer(0, 1, 2);
  REQUIRE(test::Asking(scene.node).submit(tx).has_value());
  const rpc::HttpResponse answer =
      scene.router.handle(post_binary("/rpc/sendTx", encode(tx.signed_tx())));
  CHECK(answer.status == 200);
  CHECK(json_of(answer.body)["tx_hash"] == hash_text(tx.id()));
}

TEST_CASE("an error keeps its code across HTTP") {
  std::ifstream in("chain/core/result.hpp");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t from = text.find("enum class Errc");
  REQUIRE(from != std::string::npos);
  const std::string codes = text.substr(from, text.find("};", from) - from);
  const std::regex line("\n  ([a-z_]+)( = [0-9]+)?,");
  std::size_t seen = 0;
  for (auto it = std::sregex_iterator(codes.begin(), codes.end(), line);
       it != std::sregex_iterator(); ++it) {
    const std::string word = (*it)[1];
    INFO(word);
    const auto code = rpc::errc_from_name(word);
    REQUIRE(code);
    CHECK(name(*code) == word);
    const rpc::HttpResponse answer = rpc::error_response(error(*code, "why"));
    CHECK(rpc::error_from_answer(answer) == error(*code, "why"));
    CHECK((answer.retry_after_s.has_value()) == (category(*code) == Category::busy));
    ++seen;
  }
  CHECK(seen > 40);
  CHECK_FALSE(rpc::errc_from_name("no_such_code"));
}

TEST_CASE("an answer that is no error of ours is refused in its own words") {
  rpc::HttpResponse answer;
  answer.status = 502;
  answer.body = "<html>Bad Gateway</html>";
  const Error plain = rpc::error_from_answer(answer);
  CHECK(plain.code == Errc::refused);
  CHECK(plain.detail.find("502") != std::string::npos);

  answer.body = R"({"detail":"it is Monday","code":"wrong_day"})";
  CHECK(rpc::error_from_answer(answer) == error(Errc::refused, "wrong_day: it is Monday"));
}
