// Receipts of work as a coordinator and the predecessor's tools see them.

#include <catch2/catch.hpp>

#include "chain/core/dev_account.hpp"
#include "chain/memory_store.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

struct Fixture {
  Scene scene{std::make_unique<MemoryStore>()};

  rpc::HttpResponse ask(const std::string& path, std::map<std::string, std::string> query = {}) {
    return scene.router.handle(get(path, std::move(query)));
  }
  rpc::HttpResponse submit(const std::string& receipt, int nonce = 0) {
    return scene.router.handle(post_json(
        "/rpc/submitReceipt", R"({"sender":"alice","nonce":)" + std::to_string(nonce) +
                                  R"(,"fee":1,"payload":)" + receipt + R"(,"sig":null})"));
  }
  std::uint64_t balance(const std::string& who) {
    return body_of(ask("/rpc/getBalance/" + who))["balance"].get<std::uint64_t>();
  }
  const Ledger& ledger() const { return scene.builder.ledger; }
  std::string sign(const std::string& receipt) const {
    return rpc::signed_receipt_json(ledger().claim(receipt));
  }
};

// What the coordinator signs; its numbers are spelled as no JSON library prints them back.
constexpr const char* canonical =
    R"({"job_id":"job-1","metadata":{"big":123456789012345678901,"name":"gr\u00fc\u00dfe",)"
    R"("small":1e-05,"tags":[1.50]},"provider":"miner","receipt_id":"r-1","units":1.90})";

}  // namespace

TEST_CASE("a signed receipt in any spelling of its keys mints for the miner that it names") {
  Fixture fixture;
  const std::string made = fixture.sign(canonical);
  const std::string signature = made.substr(made.find(R"("signature":)") + 12);
  const std::string loose =
      R"( { "units" : 1.90, "attestations" : [], "receipt_id" : "r-1", "job_id" : "job-1",
            "model" : null, "provider" : "miner", "metadata" : { "tags" : [ null, 1.50 ],
            "small" : 1e-05, "name" : "grüße", "big" : 123456789012345678901 },
            "signature" : )" +
      signature;
  REQUIRE(signature.ends_with("}}"));
  const rpc::HttpResponse taken = fixture.submit(loose);
  INFO(taken.body);
  REQUIRE(taken.status == 200);
  const std::string hash = body_of(taken)["tx_hash"].get<std::string>();
  CHECK(fixture.ask("/rpc/receipts/r-1").status == 404);  // not yet in a block
  CHECK(body_of(fixture.ask("/rpc/receipts/r-1"))["detail"] == "receipt not found");

  fixture.scene.node.on_wait();
  CHECK(fixture.balance("miner") == 1'900);
  const rpc::Json receipt = body_of(fixture.ask("/rpc/receipts/r-1"));
  CHECK(receipt["receipt_id"] == "r-1");
  CHECK(receipt["job_id"] == "job-1");
  CHECK(receipt["minted_amount"] == 1'900);
  CHECK(receipt["coordinator_amount"] == 95);
  CHECK(receipt["miner_signature"].is_null());
  CHECK(receipt["coordinator_attestations"][0]["alg"] == "Ed25519");
  CHECK(receipt["tx_hash"] == hash);
  CHECK(fixture.ask("/rpc/receipts/r-1").body.find(std::string(R"("payload":)") + canonical) !=
        std::string::npos);

  const rpc::Json list = body_of(fixture.ask("/rpc/receipts"));
  CHECK(list["total"] == 1);
  CHECK(list["receipts"][0] == receipt);
  const rpc::Json block = body_of(fixture.ask("/rpc/head"));
  const std::string height = std::to_string(block["height"].get<Height>());
  CHECK(body_of(fixture.ask("/rpc/blocks/" + height))["receipts"][0] == receipt);
  const rpc::Json found = body_of(fixture.ask("/rpc/transactions/search", {{"receipt_id", "r-1"}}));
  CHECK(found["transactions"][0]["tx_hash"] == hash);
  CHECK(found["transactions"][0]["amount"] == 1'900);
  CHECK(body_of(fixture.ask("/rpc/transactions/search", {{"receipt_id", "no"}}))["transactions"]
            .empty());

  // The block goes to another node as it was printed.
  TestNode other(fixture.scene.builder.genesis(), std::make_unique<MemoryStore>());
  NullLog log;
  const test::WaitingRouter router(other, log);
  const rpc::Json range =
      body_of(fixture.ask("/rpc/blocks-range", {{"start", "1"}, {"end", "99"}}));
  rpc::Json branch;
  branch["blocks"] = range["blocks"];
  CHECK(router.handle(post_json("/rpc/blocks/import", rpc::dump(branch))).status == 200);
  CHECK(other.head() == fixture.scene.node.head());
}

TEST_CASE("the same request is the same claim, and another one of the receipt is refused") {
  Fixture fixture;
  const std::string receipt = fixture.sign(canonical);
  const std::string hash = body_of(fixture.submit(receipt))["tx_hash"].get<std::string>();
  CHECK(body_of(fixture.submit(receipt))["tx_hash"] == hash);
  CHECK(body_of(fixture.submit(R"({"receipt":)" + receipt + "}"))["tx_hash"] == hash);
  fixture.scene.node.on_wait();
  const rpc::HttpResponse again = fixture.submit(receipt, 1);
  CHECK(again.status == 409);
  CHECK(body_of(again)["code"] == "receipt_claimed");
  const rpc::HttpResponse big =
      fixture.submit(fixture.sign(Ledger::receipt("r-2", "1000000", "miner")));
  CHECK(big.status == 409);
  CHECK(body_of(big)["code"] == "refused");
  CHECK(body_of(fixture.ask("/rpc/receipts"))["total"] == 1);
}

TEST_CASE("what no coordinator of the genesis signed is refused") {
  Fixture fixture;
  const std::string good = fixture.sign(canonical);
  const auto refused = [&](const std::string& receipt) {
    const rpc::HttpResponse answer = fixture.submit(receipt);
    CHECK(answer.status == 400);
    return body_of(answer)["code"].get<std::string>();
  };
  std::string more = good;
  more.replace(more.find("1.90"), 4, "9.90");
  CHECK(refused(more) == "bad_signature");
  std::string other_text = good;
  other_text.replace(other_text.find("1.90"), 4, "1.9");
  CHECK(refused(other_text) == "bad_signature");
  ReceiptClaim stranger = fixture.ledger().claim(canonical);
  stranger.coordinator = fixture.scene.builder.user(0).public_key();
  stranger.signature = fixture.scene.builder.user(0).sign(as_bytes(canonical));
  const std::string theirs = rpc::signed_receipt_json(stranger);
  CHECK(refused(theirs) == "bad_receipt");
  CHECK(refused(canonical) == "bad_receipt");  // nobody signed it
  std::string short_key = good;
  short_key.erase(short_key.find(R"("key_id":")") + 10, 1);
  CHECK(refused(short_key) == "bad_receipt");

  // Of several who signed it the coordinator counts.
  const std::string attestation = good.substr(good.find(R"("signature":)") + 12);
  const std::string both = theirs.substr(0, theirs.size() - 1) + R"(,"attestations":[)" +
                           attestation.substr(0, attestation.size() - 1) + "]}";
  CHECK(fixture.submit(both).status == 200);
}

TEST_CASE("figures know what was minted, and lists of people leave out what is nobody's") {
  Fixture fixture;
  const rpc::Json before = body_of(fixture.ask("/rpc/supply"));
  CHECK(before["reserve_balance"] == 1'000'000);
  CHECK(before["minted"] == 0);
  REQUIRE(fixture.submit(fixture.sign(canonical)).status == 200);
  fixture.scene.node.on_wait();
  const rpc::Json after = body_of(fixture.ask("/rpc/supply"));
  CHECK(after["total_supply"] == before["total_supply"]);
  CHECK(after["minted"] == 1'995);
  CHECK(after["reserve_balance"] == 1'000'000 - 1'995);
  // Without what the faucet holds.
  CHECK(after["circulating_supply"].get<std::uint64_t>() ==
        after["total_supply"].get<std::uint64_t>() - (1'000'000 - 1'995) -
            after["faucet_balance"].get<std::uint64_t>());

  const rpc::Json info = body_of(fixture.ask("/rpc/info"));
  CHECK(info["total_receipts"] == 1);
  CHECK(info["genesis_params"]["mint_per_unit"] == 1'000);
  CHECK(info["genesis_params"]["coordinator_ratio"] == 0.05);
  const rpc::Json accounts = body_of(fixture.ask("/rpc/addresses", {{"limit", "100"}}));
  CHECK(info["total_accounts"] == accounts["total"]);
  for (const rpc::Json& row : accounts["addresses"]) {
    CHECK(row["address"] != to_text(reserve_address()));
    CHECK(row["address"] != to_text(marker_of("r-1")));
  }
  const std::string metrics = fixture.ask("/metrics").body;
  CHECK(metrics.find("\naitbc_receipts 1\n") != std::string::npos);
  CHECK(metrics.find("\naitbc_minted 1995\n") != std::string::npos);
}

TEST_CASE("a claim that its sender signed is read back as it was printed") {
  Fixture fixture;
  const Params& params = fixture.scene.builder.params();
  const SignedTx tx = fixture.ledger().signed_tx(fixture.scene.builder.user(0),
                                                 fixture.ledger().claim(canonical), {});
  const std::string text = rpc::tx_json(params, tx);
  CHECK(rpc::parse_tx(params, text).value() == tx);
  CHECK(fixture.scene.router.handle(post_json("/rpc/sendTx", text)).status == 200);
  std::string lie = text;
  lie.replace(lie.rfind("1.90"), 4, "2.90");
  CHECK_FALSE(rpc::parse_tx(params, lie));
}
