#include "chain/journal.hpp"

#include <catch2/catch.hpp>

#include "chain/chain.hpp"
#include "chain/journaled_store.hpp"
#include "chain/memory_store.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

const Time now = from_unix_ms(1'700'000'000'000);

Event::What final_at(Height height) { return FinalEvent{{height, {}}}; }

std::vector<Event::Number> numbers(const Result<Journal::Events>& events) {
  std::vector<Event::Number> found;
  for (const auto& event : events.value()) found.push_back(event->number);
  return found;
}

using Numbers = std::vector<Event::Number>;

// A chain whose commits are noted, and what they noted, in short words.
struct Noted {
  ChainBuilder builder;
  Journal journal;
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
  std::unique_ptr<Chain> chain;
  Event::Number read = 0;

  Noted() { open(); }
  // The next process on the same disk.
  void open() {
    auto store = std::make_unique<JournaledStore>(std::make_unique<MemoryStore>(disk), journal);
    chain = std::make_unique<Chain>(std::move(*Chain::open(builder.genesis(), std::move(store))));
  }

  void import(Height from) {
    std::vector<CheckedBlock> branch;
    for (std::size_t i = from - 1; i < builder.blocks.size(); ++i) {
      branch.push_back(builder.blocks[i].block);
    }
    REQUIRE(chain->import(branch, start_of(builder.params(), 1'000'000)).has_value());
  }
  void make_final(Height height) {
    const Checkpoint target = checkpoint_of(tip_of(builder.blocks[height - 1].block.header()));
    const Checkpoint genesis = checkpoint_of(genesis_tip(builder.params()));
    std::vector<SignedVote> votes;
    for (const std::size_t voter : {0u, 1u}) {
      const KeyPair& key = builder.ledger.authorities[voter];
      const GenesisHash& id = builder.params().genesis_hash;
      votes.push_back(sign(id, Vote::prepare(target, genesis), key));
      votes.push_back(sign(id, Vote::commit(target), key));
    }
    REQUIRE(chain->add_votes(votes).has_value());
  }
  void submit(const CheckedTx& tx) {
    const auto answer = chain->submit(std::vector{tx}).value().front();
    REQUIRE((answer || answer.error().code == Errc::duplicate));
  }

  std::vector<std::string> words() {
    journal.publish(now);
    std::vector<std::string> found;
    const Journal::Events events = journal.after(read, 1'000).value();
    for (const auto& event : events) {
      found.push_back(word(event->what));
      read = event->number;
    }
    return found;
  }
  static std::string word(const Event::What& what) {
    if (const auto* head = std::get_if<HeadEvent>(&what)) {
      return "head " + std::to_string(head->block->header.height);
    }
    if (const auto* final = std::get_if<FinalEvent>(&what)) {
      return "final " + std::to_string(final->block.height);
    }
    if (const auto* reorg = std::get_if<ReorgEvent>(&what)) {
      return "reorg " + std::to_string(reorg->ancestor) + " -" + std::to_string(reorg->rewound) +
             " +" + std::to_string(reorg->appended);
    }
    const auto& tx = std::get<TxEvent>(what);
    return (tx.first ? "first " : "") + std::string(name(tx.status)) + " " +
           std::to_string(std::get<Transfer>(tx.tx.body().payload).amount.units()) +
           (tx.block ? " in " + std::to_string(tx.block->header.height) : "");
  }
};

using Words = std::vector<std::string>;

class FullDisk final : public MemoryStore {
 public:
  bool full = false;
  Status commit(const Batch& batch) override {
    return full ? Status(error(Errc::disk_full, "no space is left")) : MemoryStore::commit(batch);
  }
};

}  // namespace

TEST_CASE("a chain at rest lets its store rest too, and goes on") {
  class RestingStore final : public MemoryStore {
   public:
    explicit RestingStore(int& rests) : rests_(rests) {}
    void shrink() override { ++rests_; }

   private:
    int& rests_;
  };
  int rests = 0;
  Journal journal;
  ChainBuilder builder;
  Chain chain = std::move(*Chain::open(
      builder.genesis(),
      std::make_unique<JournaledStore>(std::make_unique<RestingStore>(rests), journal)));
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(chain.submit(std::span(&tx, 1)));
  chain.shrink();
  CHECK(rests == 1);
  CHECK(chain.mempool().find(tx.id()) != nullptr);
}

TEST_CASE("a journal keeps its newest events, and says where it forgot") {
  Journal journal(Journal::Bounds{.events_max = 3});
  std::size_t rings = 0;
  const auto watch = journal.bells().add([&] { ++rings; });
  CHECK(journal.after(0, 10).value().empty());
  journal.note(final_at(1));
  CHECK(journal.last() == 0);  // nobody is told before it has its time
  journal.publish(now);
  journal.publish(now);
  CHECK(rings == 1);
  CHECK(journal.after(0, 10).value().front()->time == now);
  for (Height height = 2; height <= 5; ++height) journal.note(final_at(height));
  journal.publish(now);
  CHECK(rings == 2);
  CHECK(journal.forgotten() == 2);
  CHECK(numbers(journal.after(2, 10)) == Numbers{3, 4, 5});
  CHECK(numbers(journal.after(2, 2)) == Numbers{3, 4});
  CHECK(numbers(journal.after(5, 2)).empty());
  CHECK(journal.after(1, 10).error().code == Errc::out_of_range);
  CHECK(journal.after(6, 10).error().code == Errc::out_of_range);
  journal.close();
  CHECK(rings == 3);
  CHECK(numbers(journal.after(4, 10)) == Numbers{5});
  CHECK(journal.after(5, 10).error().code == Errc::shutting_down);
}

TEST_CASE("what is fresh may fill the window, what is old may not") {
  constexpr Duration fresh{1'000};
  Journal journal(Journal::Bounds{.old_bytes_max = 0, .fresh_time = fresh});
  journal.note(final_at(1));
  journal.publish(now);
  journal.note(final_at(2));
  journal.publish(now + fresh);
  CHECK(numbers(journal.after(0, 10)) == Numbers{1, 2});
  std::size_t rings = 0;
  const auto watch = journal.bells().add([&] { ++rings; });
  journal.publish(now + fresh + Duration{1});  // nothing happened: it forgets nevertheless
  CHECK(rings == 0);
  CHECK(numbers(journal.after(1, 10)) == Numbers{2});
  CHECK(journal.after(0, 10).error().code == Errc::out_of_range);
  journal.publish(now + 3 * fresh);
  CHECK(journal.forgotten() == 2);
  CHECK(journal.after(2, 10).value().empty());
}

TEST_CASE("a little of what is old stays, and never more than the window has room for") {
  constexpr std::size_t a_few = 4 * sizeof(Event), more = 16 * sizeof(Event);
  constexpr Duration fresh{1'000};
  Journal journal(Journal::Bounds{.bytes_max = more, .old_bytes_max = a_few, .fresh_time = fresh});
  for (Height height = 1; height <= 100; ++height) journal.note(final_at(height));
  journal.publish(now);
  const auto kept = journal.after(journal.forgotten(), 100).value().size();
  CHECK(kept > 4);
  CHECK(kept < 16);
  journal.publish(now + 2 * fresh);
  const auto left = journal.after(journal.forgotten(), 100).value().size();
  CHECK(left > 0);
  CHECK(left < 4);
}

TEST_CASE("all events of a transaction share what came first") {
  Noted noted;
  ChainBuilder& builder = noted.builder;
  const CheckedTx waiting = builder.transfer(0, 1, 5);
  noted.submit(waiting);
  const auto again = CheckedTx::check(builder.params(), waiting.signed_tx());  // as from a peer
  builder.append({again.value()});
  noted.import(1);
  noted.make_final(1);
  noted.journal.publish(now);
  std::size_t told = 0;
  const Journal::Events events = noted.journal.after(0, 10).value();
  for (const auto& event : events) {
    const auto* tx = std::get_if<TxEvent>(&event->what);
    if (tx == nullptr) continue;
    ++told;
    CHECK(&tx->tx.body() == &waiting.body());
  }
  CHECK(told == 3);
}

TEST_CASE("what is committed is noted: pending, in a block, final") {
  Noted noted;
  ChainBuilder& builder = noted.builder;
  const CheckedTx waiting = builder.transfer(0, 1, 5);
  noted.submit(waiting);
  CHECK(noted.words() == Words{"first pending 5"});
  noted.submit(waiting);
  CHECK(noted.words().empty());
  builder.append({waiting, builder.transfer(1, 0, 6)});
  builder.append({builder.transfer(1, 0, 7)});
  noted.import(1);
  CHECK(noted.words() == Words{"head 1", "included 5 in 1", "first included 6 in 1", "head 2",
                               "first included 7 in 2"});
  noted.make_final(1);
  CHECK(noted.words() == Words{"final 1", "final 5 in 1", "final 6 in 1"});
  builder.append({builder.transfer(1, 0, 8)});
  noted.import(3);
  noted.words();
  noted.make_final(3);
  CHECK(noted.words() == Words{"final 3", "final 7 in 2", "final 8 in 3"});
}

TEST_CASE("a reorganisation is noted with what it took back, brought and replaced") {
  Noted noted;
  ChainBuilder& builder = noted.builder;
  builder.append({builder.transfer(0, 1, 1)});
  const CheckedTx returns = builder.transfer(1, 2, 2);
  const CheckedTx stays = builder.transfer(2, 3, 3);
  builder.append({returns, stays, builder.transfer(0, 1, 4)});
  noted.import(1);
  const CheckedTx waits = builder.transfer(3, 1, 9);
  noted.submit(waits);
  noted.words();
  builder.rewind_to(1);
  builder.append({stays, builder.transfer(0, 2, 5)});
  builder.append({builder.transfer(3, 2, 6)});
  noted.import(2);
  CHECK(noted.words() == Words{"reorg 1 -1 +2", "head 2", "included 3 in 2",
                               "first included 5 in 2", "head 3", "first included 6 in 3",
                               "replaced 9", "replaced 4", "pending 2"});
}

TEST_CASE("what could not be stored is told to nobody") {
  ChainBuilder builder;
  Journal journal;
  auto store = std::make_unique<FullDisk>();
  FullDisk& disk = *store;
  auto journaled = std::make_unique<JournaledStore>(std::move(store), journal);
  Chain chain = std::move(*Chain::open(builder.genesis(), std::move(journaled)));
  disk.full = true;
  const std::vector txs{builder.transfer(0, 1, 5)};
  CHECK(chain.submit(txs).error().code == Errc::disk_full);
  journal.publish(now);
  CHECK(journal.last() == 0);
  disk.full = false;
  CHECK(chain.submit(txs).has_value());
  journal.publish(now);
  CHECK(journal.last() == 1);
}

TEST_CASE("what waits and what is not final is known again after a start") {
  Noted noted;
  ChainBuilder& builder = noted.builder;
  builder.append({builder.transfer(0, 1, 5)});
  noted.import(1);
  const CheckedTx waiting = builder.transfer(2, 1, 6);
  noted.submit(waiting);
  noted.words();
  noted.open();
  CHECK(noted.words().empty());
  builder.append({waiting});
  noted.import(2);
  CHECK(noted.words() == Words{"head 2", "included 6 in 2"});
  noted.make_final(2);
  CHECK(noted.words() == Words{"final 2", "final 5 in 1", "final 6 in 2"});
}
