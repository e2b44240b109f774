// Each invariant with a violation planted into what a node shows; and nodes that are in order.

#include "chain/checks.hpp"

#include <catch2/catch.hpp>

#include "tests/support/chain_builder.hpp"
#include "tests/support/store_disk.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

// A node that shows whatever a test wants.
class FakeNode final : public NodeView {
 public:
  FakeNode(std::string name, const ChainBuilder& builder) : name_(std::move(name)) {
    shown.genesis = builder.params().genesis_hash;
    shown.head = builder.head();
    shown.final = genesis_tip(builder.params());
    for (const Applied& applied : builder.blocks) chain.push_back(applied.block.block());
  }

  // Final up to the block, by the votes of these authorities.
  FakeNode& finalise(const ChainBuilder& builder, Height height,
                     std::initializer_list<std::size_t> voters = {0, 1}) {
    shown.final = tip_of(chain[height - 1].header());
    Certificate made;
    made.block = checkpoint_of(shown.final);
    for (const std::size_t voter : voters) {
      made.votes.push_back(sign(builder.params().genesis_hash, Vote::commit(made.block),
                                builder.ledger.authorities[voter]));
    }
    std::sort(made.votes.begin(), made.votes.end(),
              [](const auto& a, const auto& b) { return a.voter < b.voter; });
    proof = made;
    return *this;
  }

  const std::string& name() const override { return name_; }
  Result<Look> look() override {
    if (silent) return error(Errc::unreachable, "nobody there");
    return shown;
  }
  Result<std::vector<Block>> blocks(Height from, std::size_t limit) override {
    if (garbage) return error(Errc::bad_encoding, "blocks: cut short");
    std::vector<Block> some;
    for (std::size_t i = from - 1; i < chain.size() && some.size() < limit; ++i) {
      some.push_back(chain[i]);
    }
    return some;
  }
  Result<std::optional<Certificate>> certificate(Height) override { return proof; }
  Result<Fate> fate(const TxId& id) override {
    const auto found = fates.find(id);
    return found == fates.end() ? Fate{} : found->second;
  }

  Look shown;
  std::vector<Block> chain;
  std::optional<Certificate> proof;
  std::map<TxId, Fate> fates;
  bool silent = false, garbage = false;

 private:
  std::string name_;
};

Report look(const ChainBuilder& builder, std::vector<NodeView*> nodes,
            const std::vector<Acknowledged>& acknowledged = {}) {
  Audit audit(builder.genesis());
  for (const Acknowledged& tx : acknowledged) audit.expect(tx);
  return audit.look(nodes);
}

// The invariants that are broken, in order, with the nodes.
std::vector<std::string> broken(const Report& report) {
  std::vector<std::string> all;
  for (const Violation& violation : report.violations) {
    std::string one(violation.invariant);
    for (const std::string& node : violation.nodes) one += " " + node;
    all.push_back(one);
  }
  return all;
}

using Names = std::vector<std::string>;

ChainBuilder grown(std::size_t blocks) {
  ChainBuilder builder;
  for (std::size_t i = 0; i < blocks; ++i) builder.append();
  return builder;
}

// A copy of a builder's last block, changed, with the roots and the seal made to fit.
Block changed(const ChainBuilder& builder, const std::function<void(Block&)>& change) {
  Block block = builder.blocks.back().block.block();
  change(block);
  block.sealed.header.tx_count = static_cast<std::uint32_t>(block.txs.size());
  block.sealed.header.txs_root = txs_root_of(block.txs);
  for (const KeyPair& key : builder.ledger.authorities) {
    if (key.public_key() != block.header().proposer) continue;
    block.sealed.seal = seal(builder.params().genesis_hash, block.header(), key);
  }
  return block;
}

void show_last(FakeNode& node, const Block& block) {
  node.chain.back() = block;
  node.shown.head = tip_of(block.header());
}

}  // namespace

TEST_CASE("nodes in order break nothing, and what was executed is told") {
  const ChainBuilder builder = grown(150);
  FakeNode a("1", builder), b("2", builder);
  a.finalise(builder, 149);
  b.finalise(builder, 150);
  const Report report = look(builder, {&a, &b});
  CHECK(broken(report).empty());
  CHECK(report.notes.empty());
  CHECK(report.silent.empty());
  CHECK(report.checked == builder.head());
  CHECK(report.txs == 150);
  CHECK(report.seen.size() == 2);
}

TEST_CASE("the chain of a node in this process is looked at as it is") {
  const test::Disk disk(test::any_kind());
  ChainBuilder builder = grown(3);
  const CheckedTx waiting = builder.transfer(2, 3);
  Chain chain = std::move(*Chain::open(builder.genesis(), disk.open()));
  std::vector<CheckedBlock> blocks;
  for (const Applied& applied : builder.blocks) blocks.push_back(applied.block);
  REQUIRE(chain.import(blocks, start_of(builder.params(), 1'000)));
  REQUIRE(chain.submit(std::span(&waiting, 1)));
  const Checkpoint two = checkpoint_of(tip_of(blocks[1].header()));
  for (const Vote& vote :
       {Vote::prepare(two, checkpoint_of(genesis_tip(builder.params()))), Vote::commit(two)}) {
    std::vector<SignedVote> votes;
    for (const std::size_t voter : {0U, 1U}) {
      votes.push_back(sign(builder.params().genesis_hash, vote, builder.ledger.authorities[voter]));
    }
    REQUIRE(chain.add_votes(votes));
  }
  ChainView view("1", chain);
  const Report report =
      look(builder, {&view},
           {{waiting.id(), "1"}, {blocks[0].txs[0].id(), "1"}, {blocks[2].txs[0].id(), ""}});
  CHECK(broken(report).empty());
  CHECK(report.checked.height == 2);
  CHECK(report.seen[0].look.pending == 1);

  const Report lost = look(builder, {&view}, {{builder.transfer(1, 3).id(), "1"}});
  CHECK(broken(lost) == Names{"nothing_lost 1"});
}

TEST_CASE("same_id: another block at a final height") {
  ChainBuilder builder = grown(5);
  FakeNode a("1", builder), b("2", builder);
  a.finalise(builder, 5);
  b.finalise(builder, 5);
  ChainBuilder other = grown(3);
  other.append({other.transfer(2, 3)});
  other.append();
  FakeNode c("3", other);
  SECTION("with the votes of a quorum") {
    c.finalise(other, 5, {0, 2});
    const Report report = look(builder, {&c, &a, &b});
    CHECK(broken(report) == Names{"same_id 3", "one_final_history 3"});
    CHECK(report.violations[0].height == 4);
    CHECK(report.violations[0].seen == hash_text(id_of(c.chain[3].header())));
    CHECK(report.checked == builder.head());
  }
  SECTION("with too few") {
    c.finalise(other, 5, {2});
    CHECK(broken(look(builder, {&a, &b, &c})) == Names{"same_id 3", "one_final_history 3"});
  }
  SECTION("above what is final for that node heads may differ") {
    c.finalise(other, 3);
    const Report report = look(builder, {&a, &b, &c});
    CHECK(broken(report).empty());
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0].find("heads differ: ") == 0);
  }
}

TEST_CASE("same_id: another genesis, or no block where one is said to be final") {
  const ChainBuilder builder = grown(3);
  FakeNode a("1", builder), b("2", builder);
  a.finalise(builder, 3);
  b.finalise(builder, 3);
  SECTION("genesis") { b.shown.genesis = GenesisHash{}; }
  SECTION("no block") { b.chain.resize(2); }
  CHECK(broken(look(builder, {&a, &b})) == Names{"same_id 2"});
}

TEST_CASE("supply: somebody spends what he does not have") {
  ChainBuilder builder = grown(3);
  FakeNode node("1", builder);
  const SignedTx dear = builder.ledger.signed_transfer(builder.user(2), builder.address(3),
                                                       {.amount = 5'000, .fee = 1, .nonce = {}});
  show_last(node, changed(builder, [&](Block& block) { block.txs = {dear}; }));
  const Report report = look(builder, {&node});
  CHECK(broken(report) == Names{"supply 1"});
  CHECK(report.violations[0].height == 3);
}

TEST_CASE("receipts_mint_once: a claim that no coordinator signed") {
  ChainBuilder builder({.reserve = 10'000});
  const auto claim = [&](const ReceiptClaim& receipt) {
    return builder.ledger.checked_tx(builder.user(0), receipt, {});
  };
  const ReceiptClaim good = builder.ledger.claim("r", "1.5", builder.user(1));
  builder.append({claim(good)});
  builder.append({claim(good)});
  Replay replay(builder.genesis());
  for (const Applied& applied : builder.blocks) REQUIRE_FALSE(replay.add(applied.block.block()));
  CHECK(replay.state().root() == builder.ledger.state.root());

  Block forged =
      builder.append({claim(builder.ledger.claim("s", "1", builder.user(1)))}).block.block();
  ReceiptClaim& inside = std::get<ReceiptClaim>(forged.txs[0].body.payload);
  inside.signature = good.signature;
  auto broken = replay.add(forged);
  REQUIRE(broken);
  CHECK(broken->invariant == "receipts_mint_once");
  inside.coordinator = builder.user(0).public_key();
  inside.signature = builder.user(0).sign(as_bytes(inside.receipt));
  broken = replay.add(forged);
  REQUIRE(broken);
  CHECK(broken->invariant == "receipts_mint_once");
}

TEST_CASE("proposer_in_turn: a slot of somebody else, a slot that does not rise, a false seal") {
  ChainBuilder builder = grown(3);
  FakeNode node("1", builder);
  SECTION("somebody else's") {
    show_last(node, changed(builder, [](Block& block) { ++block.sealed.header.slot; }));
    // In its own words, not in those of the rule that it guards.
    CHECK(look(builder, {&node}).violations[0].expected.find("slot ") == 0);
  }
  SECTION("not rising") {
    show_last(node, changed(builder, [](Block& block) { block.sealed.header.slot -= 3; }));
  }
  SECTION("seal") { node.chain.back().sealed.seal.data[0] ^= 1; }
  CHECK(broken(look(builder, {&node})) == Names{"proposer_in_turn 1"});
}

TEST_CASE("recent_signer: an authority seals again too soon") {
  ChainBuilder builder = grown(3);
  FakeNode node("1", builder);
  show_last(node, changed(builder, [&](Block& block) {
              Header& header = block.sealed.header;
              const Header& before = builder.blocks[1].block.header();
              header.proposer = before.proposer;
              header.slot = before.slot + builder.ledger.authorities.size();
            }));
  const Report report = look(builder, {&node});
  CHECK(broken(report) == Names{"recent_signer 1"});
  CHECK(report.violations[0].expected == "a proposer of none of the 1 blocks before");
}

TEST_CASE("one_final_history: what is called final carries the votes of a quorum") {
  const ChainBuilder builder = grown(4);
  FakeNode a("1", builder), b("2", builder);
  a.finalise(builder, 3);
  b.finalise(builder, 3);
  SECTION("no certificate") { b.proof.reset(); }
  SECTION("too few votes") { b.finalise(builder, 3, {1}); }
  SECTION("a signature that does not hold") { b.proof->votes[0].signature.data[5] ^= 1; }
  SECTION("for another block") { b.proof->block = checkpoint_of(tip_of(b.chain[0].header())); }
  SECTION("prepares are no commits") { b.proof->kind = Vote::Kind::prepare; }
  SECTION("for a lower block") {
    b.finalise(builder, 2);
    b.shown.final = tip_of(b.chain[2].header());
  }
  SECTION("final is not in its own chain") { b.shown.final.id = BlockId{}; }
  SECTION("for a higher block that it does not have") {
    b.finalise(builder, 4);
    b.shown.final = tip_of(b.chain[2].header());
    b.chain.pop_back();
    b.shown.head = b.shown.final;
  }
  CHECK(broken(look(builder, {&a, &b})) == Names{"one_final_history 2"});
}

TEST_CASE("one_final_history: what was final at the last look must still be there") {
  ChainBuilder builder = grown(4);
  FakeNode node("1", builder);
  node.finalise(builder, 3);
  Audit audit(builder.genesis());
  std::vector<NodeView*> nodes{&node};
  CHECK(broken(audit.look(nodes)).empty());
  builder.append();
  FakeNode later("1", builder);
  later.finalise(builder, 5);
  nodes = {&later};
  const Report report = audit.look(nodes);
  CHECK(broken(report).empty());
  CHECK(report.checked.height == 5);
  CHECK(report.txs == 5);

  builder.rewind_to(2);
  for (int i = 0; i < 4; ++i) builder.append({builder.transfer(2, 3)});
  FakeNode other("1", builder);
  other.finalise(builder, 3);
  nodes = {&other};
  CHECK(broken(audit.look(nodes)) == Names{"one_final_history 1"});
}

TEST_CASE("roots_reexecute: the root, the body, the head and the state that a node tells") {
  ChainBuilder builder = grown(3);
  FakeNode a("1", builder), b("2", builder);
  SECTION("state root of a header") {
    show_last(b, changed(builder, [](Block& block) { block.sealed.header.state_root = Hash{}; }));
  }
  SECTION("a body that is not the header's, though final") {
    a.finalise(builder, 3);
    b.finalise(builder, 3);
    b.chain[1].txs.clear();
  }
  SECTION("the same, and asked first") {
    b.finalise(builder, 3);
    a.finalise(builder, 3);
    b.chain[1].txs.clear();
    CHECK(broken(look(builder, {&b, &a})) == Names{"roots_reexecute 2"});
  }
  SECTION("a head that does not exist") { b.shown.head = {9, 99, BlockId{}}; }
  SECTION("what is no answer at all") { b.garbage = true; }
  SECTION("a head of that height that does not exist") { b.shown.head.id = BlockId{}; }
  SECTION("another state") { b.shown.state_root = Hash{}; }
  CHECK(broken(look(builder, {&a, &b})) == Names{"roots_reexecute 2"});
}

TEST_CASE("a final block that nobody can execute ends the check with all who have it") {
  ChainBuilder builder = grown(3);
  const Block bad = changed(builder, [](Block& block) { block.sealed.header.state_root = {}; });
  FakeNode a("1", builder), b("2", builder);
  show_last(a, bad);
  show_last(b, bad);
  a.finalise(builder, 3);
  b.finalise(builder, 3);
  const Report report = look(builder, {&a, &b});
  CHECK(broken(report) == Names{"roots_reexecute 1 2"});
  CHECK(report.checked.height == 2);
  CHECK(report.notes == Names{"nothing was checked above height 2"});
}

TEST_CASE("nothing_lost: included once, waiting, or replaced") {
  ChainBuilder builder = grown(4);
  FakeNode a("1", builder), b("2", builder);
  a.finalise(builder, 3);
  b.finalise(builder, 4);
  const TxId included = builder.blocks[0].block.txs[0].id();
  const TxId other = builder.transfer(2, 3).id();
  using Kind = NodeView::Fate::Kind;

  CHECK(broken(look(builder, {&a, &b}, {{included, "1"}})).empty());
  CHECK(broken(look(builder, {&a, &b}, {{other, "1"}})) == Names{"nothing_lost 1"});
  CHECK(broken(look(builder, {&a, &b}, {{other, ""}})) == Names{"nothing_lost"});
  b.fates[other] = {Kind::pending, 0};
  CHECK(broken(look(builder, {&a, &b}, {{other, ""}})).empty());
  // It is the node that promised it that must keep it.
  CHECK(broken(look(builder, {&a, &b}, {{other, "1"}})) == Names{"nothing_lost 1"});
  a.fates[other] = {Kind::replaced, 0};
  CHECK(broken(look(builder, {&a, &b}, {{other, "1"}})).empty());
  // A node's word for a block that does not hold it is none.
  a.fates[other] = {Kind::included, 2};
  CHECK(broken(look(builder, {&a, &b}, {{other, "1"}})) == Names{"nothing_lost 1"});
  // While the one that knows cannot be asked, nothing can be said.
  a.silent = true;
  b.fates.clear();
  const Report unsure = look(builder, {&a, &b}, {{other, "1"}});
  CHECK(broken(unsure).empty());
  CHECK(unsure.notes.size() == 1);
  CHECK(unsure.silent.size() == 1);
}

TEST_CASE("grows_after_heal: head and final rise between two looks") {
  const ChainBuilder builder = grown(4);
  FakeNode a("1", builder);
  a.finalise(builder, 3);
  const std::vector<Seen> later{{"1", a.shown}};
  Seen before = later[0];
  before.look.head.height = 3;
  before.look.final.height = 2;
  CHECK(check_growth(std::vector{before}, later).empty());
  before.look.final.height = 3;
  const auto violations = check_growth(std::vector{before}, later);
  REQUIRE(violations.size() == 1);
  CHECK(text(violations[0]) ==
        "grows_after_heal: node 1: height 3: expected a final block above 3, got 3");
  before.look.head.height = 4;
  CHECK(check_growth(std::vector{before}, later).size() == 2);
  // Who does not answer any more has not grown.
  const auto silent = check_growth(later, {});
  REQUIRE(silent.size() == 2);
  CHECK(silent[0].seen == "no answer");
}

TEST_CASE("the list of invariants is what the code speaks of") {
  Names names;
  for (const Invariant& invariant : invariants()) names.emplace_back(invariant.name);
  CHECK(names == Names{"same_id", "supply", "receipts_mint_once", "proposer_in_turn",
                       "recent_signer", "one_final_history", "roots_reexecute", "nothing_lost",
                       "grows_after_heal"});
}

TEST_CASE("executing a chain again leads to its head and its state, and a branch can be left") {
  const ChainBuilder builder = grown(20);
  Replay replay(builder.genesis());
  for (std::size_t i = 0; i < 20; ++i) {
    if (i == 15) replay.enter_branch();
    REQUIRE_FALSE(replay.add(builder.blocks[i].block.block()));
  }
  CHECK(replay.head() == builder.head());
  CHECK(replay.state().root() == builder.ledger.state.root());
  CHECK(replay.txs() == 20);
  replay.leave_branch();
  CHECK(replay.head() == tip_of(builder.blocks[14].block.header()));
  CHECK(replay.txs() == 15);
  REQUIRE_FALSE(replay.add(builder.blocks[15].block.block()));
}

TEST_CASE("a block that breaks a rule says which, and is not taken") {
  ChainBuilder builder = grown(2);
  Replay replay(builder.genesis());
  const Block first = builder.blocks[0].block.block();
  CHECK(replay.add(builder.blocks[1].block.block())->code == Errc::unknown_parent);
  Block forged = first;
  forged.sealed.seal.data[0] ^= 1;
  CHECK(replay.add(forged)->code == Errc::bad_seal);
  Block other = first;
  std::get<Transfer>(other.txs[0].body.payload).amount = *Amount::from(7);
  CHECK(replay.add(other)->code == Errc::bad_txs_root);
  CheckedBlock lying = builder.blocks[0].block;
  lying.sealed.header.state_root.data[0] ^= 1;
  builder.rewind_to(0);
  const auto broken = replay.add(builder.ledger.reseal(lying).block());
  REQUIRE(broken);
  CHECK(broken->code == Errc::bad_state_root);
  CHECK(broken->height == 1);
  CHECK(replay.head().height == 0);
  CHECK_FALSE(replay.add(first));
}
