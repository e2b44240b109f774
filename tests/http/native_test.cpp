#include <catch2/catch.hpp>

#include "rpc/binary.hpp"
#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using namespace aitbc::rpc;

namespace {

Params any_params() { return test::Ledger().params; }

Tip any_tip(gen::Rng& rng) {
  return {gen::any_below_supply(rng), gen::any_below_supply(rng), rng.fixed<BlockId>()};
}

Time any_time(gen::Rng& rng) {
  const Time time = from_unix_ms(static_cast<std::int64_t>(rng.below(253'402'300'799'000)));
  return rng.one_in(2) ? time : std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace

TEST_CASE("times are read in the one form they are printed in") {
  gen::Rng rng(Catch::rngSeed());
  for (int i = 0; i < 1'000; ++i) {
    const Time time = any_time(rng);
    CHECK(parse_iso(to_iso(time)) == time);
  }
  CHECK(parse_iso("1970-01-01T00:00:00Z") == Time{});
  for (const char* text :
       {"", "2026-02-13", "2026-02-13T21:39:43", "2026-02-13 21:39:43Z",
        "2026-02-13T21:39:43+00:00", "2026-02-13T21:39:43.1Z", "2026-02-13T21:39:43.000Z",
        "2026-02-30T21:39:43Z", "2026-02-13T24:00:00Z", "2026-02-13T23:59:60Z",
        "1969-12-31T23:59:59Z", "2026-13-01T00:00:00Z", "2026-02-13t21:39:43z",
        "2026-02-1xT21:39:43Z"}) {
    INFO(text);
    CHECK_FALSE(parse_iso(text));
  }
}

TEST_CASE("transactions come back from JSON as they were") {
  gen::Rng rng(Catch::rngSeed());
  INFO("seed=" << Catch::rngSeed());
  const Params params = any_params();
  for (int i = 0; i < 200; ++i) {
    SignedTx tx = gen::any_signed_tx(rng);
    tx.witness.policy.threshold = static_cast<std::uint8_t>(1 + rng.below(15));
    if (tx.body.nonce == limits::supply_max) tx.body.nonce = 0;
    const auto read = parse_tx(params, tx_json(params, tx));
    REQUIRE(read);
    CHECK(*read == tx);
  }
}

TEST_CASE("blocks come back from JSON as they were") {
  test::ChainBuilder builder;
  builder.append();
  builder.append({builder.transfer(1, 2), builder.transfer(1, 3, 4, 1), builder.transfer(2, 0)});
  std::vector<Block> blocks;
  std::string list;
  for (const Applied& applied : builder.blocks) {
    blocks.push_back(applied.block.block());
    list += (list.empty() ? "" : ",") + block_json(builder.params(), blocks.back(), {});
  }
  const auto branch = parse_branch(builder.params(), "{\"blocks\":[" + list + "]}");
  REQUIRE(branch);
  CHECK(*branch == blocks);
}

TEST_CASE("a genesis comes back from JSON as it was, or is refused with its own field") {
  gen::Rng rng(Catch::rngSeed());
  INFO("seed=" << Catch::rngSeed());
  for (int i = 0; i < 100; ++i) {
    const Genesis genesis = gen::genesis(rng);
    const auto read = parse_genesis(genesis_json(genesis));
    REQUIRE(read);
    CHECK(*read == genesis);
  }
  Genesis broken = test::Ledger().genesis;
  broken.authorities.push_back(broken.authorities.front());
  const auto twice = parse_genesis(genesis_json(broken));
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == Errc::bad_config);
  CHECK(twice.error().detail.find("authorities") != std::string::npos);

  std::string text = genesis_json(test::Ledger().genesis);
  text.insert(1, "\"comment\":1,");
  const auto unknown = parse_genesis(text);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().detail.find("comment") != std::string::npos);
}

TEST_CASE("a node's status comes back from JSON as it was") {
  gen::Rng rng(Catch::rngSeed());
  const test::Ledger ledger;
  using Kind = SyncState::Kind;
  for (const SyncState& state :
       {SyncState{Kind::in_sync, 0, {}}, SyncState{Kind::behind, 12, {}},
        SyncState{Kind::ahead, 1, {}}, SyncState{Kind::diverged, 0, {}},
        SyncState{Kind::paused, 0, "no quorum of 3"}, SyncState{Kind::paused, 0, ""},
        SyncState{Kind::unreachable, 0, {}}, SyncState{Kind::wrong_genesis, 0, {}},
        SyncState{Kind::stopped, 0, {}}}) {
    NodeStatus status;
    status.node_id = "n\"1\xc3\xa9";
    status.instance = "i";
    if (rng.one_in(2)) status.site = "s1";
    if (rng.one_in(2)) status.authority = rng.fixed<PublicKey>();
    status.state = state;
    status.head = any_tip(rng);
    status.justified = any_tip(rng);
    status.final = any_tip(rng);
    status.state_root = rng.fixed<Hash>();
    status.authorities_hash = rng.fixed<Hash>();
    status.governance.authorities = {rng.fixed<PublicKey>(), rng.fixed<PublicKey>()};
    status.mempool_txs = 1;
    status.reorgs = 2;
    status.reorg_depth_max = 3;
    status.evidence = 4;
    status.finality_conflict = rng.one_in(2);
    if (rng.one_in(2)) status.clock_offset = Duration{-600};
    status.started = any_time(rng);
    PeerStatus peer;
    peer.url = "http://[::1]:1";
    peer.node_id = "n2";
    peer.state = state;
    peer.site = "s2";
    peer.head = any_tip(rng);
    if (rng.one_in(2)) peer.final = any_tip(rng);
    if (rng.one_in(2)) peer.authority = rng.fixed<PublicKey>();
    peer.links = {{"n1", Duration{5}}, {"n3", std::nullopt}};
    peer.round_trip = Duration{5};
    peer.clock_offset = Duration{-7};
    peer.last_answer = any_time(rng);
    peer.last_error = "line\nbreak";
    peer.invalid = 4;
    status.peers = {peer, PeerStatus{}};

    const auto read = parse_status(status_json(status, ledger.params));
    INFO(state.text());
    REQUIRE(read);
    CHECK(read->state == state);
    // Printing covers every field, so equal texts are equal values.
    CHECK(status_json(*read, ledger.params) == status_json(status, ledger.params));
  }
}

TEST_CASE("a sync answer comes back as it was") {
  gen::Rng rng(Catch::rngSeed());
  SyncAnswer answer;
  answer.chain_id = "ait-devnet";
  answer.genesis_hash = rng.fixed<GenesisHash>();
  answer.head = any_tip(rng);
  answer.final = any_tip(rng);
  answer.authorities_hash = rng.fixed<Hash>();
  answer.node_id = "n1";
  answer.site = "s1";
  answer.links = {{"n2", Duration{5}}, {"n3", std::nullopt}};
  answer.instance = "0f";
  answer.node_time = any_time(rng);
  answer.cursor = limits::supply_max;
  answer.txs = {rng.fixed<TxId>(), rng.fixed<TxId>()};
  answer.held = Duration{9'999};
  answer.more = true;
  test::ChainBuilder builder;
  answer.justified = any_tip(rng);
  answer.votes = {
      {Vote::commit({3, rng.fixed<BlockId>()}), rng.fixed<PublicKey>(), rng.fixed<Signature>()}};
  const KeyPair& key = builder.ledger.authorities[0];
  const GenesisHash& chain = builder.params().genesis_hash;
  answer.evidence = {*breach(sign(chain, Vote::commit({3, BlockId{{1}}}), key),
                             sign(chain, Vote::commit({3, BlockId{{2}}}), key))};
  KeyClaim claim{{}, "n1 of site-a", "0f", any_time(rng), "0e", true, any_time(rng), {}};
  sign(chain, claim, key);
  if (rng.one_in(2)) answer.runs = claim;
  answer.sightings = {{claim, "http://127.0.0.1:1", Duration{4'001}}};
  answer.own_txs = {builder.transfer(0, 1).signed_tx()};
  if (GENERATE(false, true)) answer.own_block = builder.append().block.block();
  const std::string text = sync_answer_json(answer);
  const auto read = parse_sync_answer(text);
  REQUIRE(read);
  CHECK(sync_answer_json(*read) == text);
  const Buffer bytes = encode_sync_answer(answer);
  const auto decoded = decode_sync_answer(bytes);
  REQUIRE(decoded);
  CHECK(sync_answer_json(*decoded) == text);
  CHECK(encode_sync_answer(*decoded) == bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode_sync_answer(ByteView(bytes).first(size)));
  }
  Buffer other_form = bytes;
  ++other_form[0];
  CHECK(decode_sync_answer(other_form).error().code == Errc::bad_encoding);

  // A newer node may say more, one from before a field less.
  CHECK(parse_sync_answer("{\"later\":[]," + text.substr(1)));
  Json older = parse_json(text).value();
  older.erase("site");
  older.erase("links");
  const auto of_older = parse_sync_answer(dump(older));
  REQUIRE(of_older);
  CHECK(of_older->site.empty());
  CHECK(of_older->links.empty());
  CHECK_FALSE(parse_sync_answer("{}"));
  const std::size_t digits = text.find(to_hex(encode(answer.own_txs[0])));
  REQUIRE(digits != std::string::npos);
  std::string torn = text;
  torn.erase(digits, 2);
  CHECK(parse_sync_answer(torn).error().code == Errc::bad_encoding);
  torn[digits] = 'X';
  CHECK(parse_sync_answer(torn).error().code == Errc::bad_json);
}

TEST_CASE("lists in the canonical encoding are bounded before anything is allocated") {
  gen::Rng rng(Catch::rngSeed());
  const std::vector<TxId> ids = {rng.fixed<TxId>(), rng.fixed<TxId>()};
  const Buffer bytes = encode_ids(ids);
  CHECK(decode_ids(bytes, 2).value() == ids);
  CHECK_FALSE(decode_ids(bytes, 1));
  CHECK_FALSE(decode_ids(ByteView(bytes).first(bytes.size() - 1), 2));
  CHECK_FALSE(decode_ids(Buffer{0xff, 0xff, 0xff, 0xff}, 1'000));
  CHECK_FALSE(decode_ids(Buffer{}, 2));
  Buffer longer = bytes;
  longer.push_back(0);
  CHECK_FALSE(decode_ids(longer, 2));
}

TEST_CASE("text is quoted as JSON asks") {
  CHECK(json_text("plain") == "\"plain\"");
  CHECK(json_text("a\"b\\c\n") == "\"a\\\"b\\\\c\\n\"");
  CHECK(json_text("say \"hi\"") == "\"say \\\"hi\\\"\"");
  CHECK(json_text("C:\\") == "\"C:\\\\\"");
  CHECK(json_text("\xff") == "\"\xEF\xBF\xBD\"");
  CHECK(ObjectWriter().finish() == "{}");
  CHECK(ArrayWriter().finish() == "[]");
}

TEST_CASE("what authorities agree on is read back as it was printed") {
  gen::Rng rng(5);
  const auto keys = gen::public_keys(gen::keys(rng, 4));
  Governance governance{{keys[0], keys[1]}, {}, {}};
  const Tip head = any_tip(rng);
  const auto check = [&] {
    const auto read = parse_governance(governance_json(head, governance));
    REQUIRE(read);
    CHECK(read->head == head);
    CHECK(read->governance == governance);
  };
  check();
  governance.open = {{AuthorityChange::Kind::remove, keys[1]}, 1'009, {keys[0]}};
  check();
  governance.decision = {{AuthorityChange::Kind::add, keys[3]}, 3, 7, {keys[0]}};
  check();
  CHECK(parse_governance(R"({"head":{}})").error().code == Errc::bad_json);
}

TEST_CASE("a ballot is read back as it was printed, and nothing else is one") {
  test::Ledger ledger;
  for (const auto kind : {AuthorityChange::Kind::add, AuthorityChange::Kind::remove}) {
    for (const bool approve : {true, false}) {
      const Ballot ballot{{kind, ledger.users[0].public_key()}, approve};
      const SignedTx tx = ledger.signed_tx(ledger.authorities[0], ballot, {});
      const auto read = parse_tx(ledger.params, tx_json(ledger.params, tx));
      REQUIRE(read);
      CHECK(*read == tx);
    }
  }
  const SignedTx tx =
      ledger.signed_tx(ledger.authorities[0],
                       Ballot{{AuthorityChange::Kind::add, ledger.users[0].public_key()}}, {});
  const auto with = [&](const char* field, const Json& value) {
    Json json = *parse_json(tx_json(ledger.params, tx));
    json[field] = value;
    return parse_tx(ledger.params, dump(json)).error().code;
  };
  CHECK(with("change", "swap") == Errc::bad_json);
  CHECK(with("type", "vote") == Errc::bad_json);
  CHECK(with("recipient", "aitbc1") == Errc::bad_json);
  CHECK(with("approve", 1) == Errc::bad_json);
  CHECK(with("key", "00") == Errc::bad_json);
}

TEST_CASE("a handover is read back as it was printed") {
  test::Ledger ledger;
  Block block = ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})}).block();
  Certificate& proof = block.sealed.handover.emplace();
  proof.block = {3, id_of(block.header())};
  for (const KeyPair& key : ledger.authorities) {
    proof.votes.push_back(sign(ledger.params.genesis_hash, Vote::commit(proof.block), key));
  }
  const auto read = parse_branch(ledger.params, block_json(ledger.params, block, {}));
  INFO((read ? "" : read.error().detail));
  REQUIRE(read);
  CHECK(read->front() == block);
}
