// Both stores give the same answers: every case runs on the SQLite store and on the memory store.

#include "chain/store.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "chain/core/limits.hpp"
#include "chain/core/parties.hpp"
#include "tests/support/store_disk.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

// Differs from the id only where no index looks.
template <class Id>
Id twin_of(Id id) {
  id.data.back() ^= 1;
  return id;
}

// All transactions newest first, all accounts richest first, and any page of them.
void check_lists(Snapshot& view, ChainBuilder& chain) {
  std::vector<TxId> ids;
  std::vector<std::pair<std::uint64_t, Address>> accounts;
  std::map<Address, std::uint64_t> named;
  for (const Applied& applied : chain.blocks) {
    for (const CheckedTx& tx : applied.block.txs) {
      ids.insert(ids.begin(), tx.id());
      for (const Address& address : Parties(tx.body())) ++named[address];
    }
  }
  for (const auto* keys : {&chain.ledger.users, &chain.ledger.authorities}) {
    for (const KeyPair& key : *keys) {
      const Account account = chain.ledger.account(key);
      const Address address = Ledger::address(key);
      if (account.balance == Amount{} && named[address] == 0) continue;
      accounts.emplace_back(limits::supply_max - account.balance.units(), address);
    }
  }
  const Account coordinator = chain.ledger.account(chain.ledger.coordinator);
  if (coordinator.balance != Amount{}) {
    accounts.emplace_back(limits::supply_max - coordinator.balance.units(),
                          Ledger::address(chain.ledger.coordinator));
  }
  std::sort(accounts.begin(), accounts.end());
  for (const std::size_t offset : {0U, 1U, 3U, 1'000U}) {
    const TxPage txs = must(view.txs(offset, 2));
    CHECK(txs.total == ids.size());
    const std::size_t left = ids.size() - std::min(offset, ids.size());
    REQUIRE(txs.txs.size() == std::min<std::size_t>(left, 2));
    for (std::size_t i = 0; i < txs.txs.size(); ++i) {
      CHECK(id_of(chain.params().genesis_hash, txs.txs[i].tx.body) == ids[offset + i]);
    }
    const AccountPage page = must(view.accounts({}, offset, 2));
    CHECK(page.total == accounts.size());
    const std::size_t rest = accounts.size() - std::min(offset, accounts.size());
    REQUIRE(page.rows.size() == std::min<std::size_t>(rest, 2));
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
      const auto& [poverty, address] = accounts[offset + i];
      CHECK(page.rows[i].address == address);
      CHECK(page.rows[i].account.balance.units() == limits::supply_max - poverty);
      CHECK(page.rows[i].txs == named[address]);
    }
  }
  if (accounts.empty()) return;
  const Amount most = Amount::from(limits::supply_max - accounts.front().first).value();
  const AccountPage richest = must(view.accounts(most, 0, 10));
  CHECK(richest.total == static_cast<std::size_t>(
                             std::count_if(accounts.begin(), accounts.end(), [&](const auto& each) {
                               return each.first == accounts.front().first;
                             })));
}

// Everything a snapshot says of the canonical chain must follow from the builder's blocks.
void check_chain(Store& store, ChainBuilder& chain) {
  const auto view = must(store.reader().snapshot());
  CHECK(must(view->head()) == chain.head());
  const Height top = chain.blocks.size();
  CHECK_FALSE(must(view->header(0)).has_value());
  CHECK_FALSE(must(view->header(top + 1)).has_value());
  CHECK_FALSE(must(store.header(0)).has_value());
  CHECK_FALSE(must(store.header(top + 1)).has_value());
  CHECK_FALSE(must(view->block(top + 1)).has_value());
  for (const Applied& applied : chain.blocks) {
    const Header& header = applied.block.header();
    CHECK(must(view->header(header.height)) == applied.block.sealed);
    CHECK(must(store.header(header.height)) == applied.block.sealed);
    CHECK(must(view->block(header.height)) == applied.block.block());
    CHECK(must(view->height_of(id_of(header))) == header.height);
    CHECK_FALSE(must(view->height_of(twin_of(id_of(header)))).has_value());
    std::uint32_t position = 0;
    for (const CheckedTx& tx : applied.block.txs) {
      const auto located = must(view->tx(tx.id()));
      REQUIRE(located.has_value());
      CHECK(located->tx == tx.signed_tx());
      CHECK(located->height == header.height);
      CHECK(located->position == position++);
      CHECK(located->slot == header.slot);
      CHECK_FALSE(must(view->tx(twin_of(tx.id()))).has_value());
      CHECK(must(store.included(tx.id())));
      CHECK_FALSE(must(store.included(twin_of(tx.id()))));
    }
  }
  check_lists(*view, chain);
  for (const KeyPair& key : chain.ledger.users) {
    CHECK(must(view->account(Ledger::address(key))) == chain.ledger.account(key));
  }
  for (const KeyPair& key : chain.ledger.authorities) {
    CHECK(must(view->account(Ledger::address(key))) == chain.ledger.account(key));
  }
}

std::vector<TxId> history(Snapshot& view, const Address& address, const Params& params) {
  std::vector<TxId> ids;
  const TxPage page = must(view.txs_of(address, 0, 1'000));
  CHECK(page.total == page.txs.size());
  for (const LocatedTx& located : page.txs) {
    ids.push_back(id_of(params.genesis_hash, located.tx.body));
  }
  return ids;
}

}  // namespace

TEST_CASE("a new store holds the genesis alone") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  const Loaded loaded = load(*store, chain.params());
  CHECK(loaded.head == genesis_tip(chain.params()));
  CHECK(loaded.state.root() == State::of(chain.genesis()).root());
  CHECK(loaded.state.authorities().size() == chain.genesis().authorities.size());
  CHECK(loaded.mempool.empty());
  CHECK(loaded.certificates.empty());
  check_chain(*store, chain);
}

TEST_CASE("appended blocks are answered now and after a restart") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  {
    const auto store = disk.create(chain.genesis());
    chain.append({chain.transfer(0, 1), chain.transfer(0, 2, 5, 1), chain.transfer(3, 3, 7)});
    commit(*store, appending(chain.blocks));
    chain.append();
    chain.append({chain.transfer(2, 1, 4)});
    commit(*store, appending({chain.blocks[1], chain.blocks[2]}));
    check_chain(*store, chain);
  }
  const auto store = disk.open();
  const Loaded loaded = load(*store, chain.params());
  CHECK(loaded.head == chain.head());
  CHECK(loaded.state.root() == chain.ledger.state.root());
  CHECK(loaded.state.accounts() == chain.ledger.state.accounts());
  check_chain(*store, chain);
}

TEST_CASE("one commit rewinds and appends; what left the chain is beside it") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  chain.append();
  const CheckedTx lost = chain.transfer(2, 3, 100);
  chain.append({lost, chain.transfer(0, 1, 2)});
  chain.append({chain.transfer(3, 0, 50)});
  commit(*store, appending(chain.blocks));

  const std::vector<Applied> above = must(store->applied_above(1));
  REQUIRE(above.size() == 2);
  for (std::size_t i = 0; i < above.size(); ++i) {
    CHECK(above[i].block.block() == chain.blocks[i + 1].block.block());
    CHECK(above[i].block.txs[0].id() == chain.blocks[i + 1].block.txs[0].id());
    CHECK(above[i].effects == chain.blocks[i + 1].effects);
  }
  CHECK(must(store->applied_above(3)).empty());

  const std::vector<Applied> rewound = chain.rewind_to(1);
  Batch batch;
  batch.rewind_to = 1;
  for (int i = 0; i < 3; ++i) batch.append.push_back(chain.append({chain.transfer(1, 2, 3)}));
  commit(*store, batch);
  check_chain(*store, chain);

  const auto view = must(store->reader().snapshot());
  CHECK_FALSE(must(view->tx(lost.id())).has_value());
  CHECK_FALSE(must(store->included(lost.id())));
  CHECK_FALSE(must(view->height_of(id_of(rewound[0].block.header()))).has_value());
  const auto side = must(view->side_blocks(10));
  REQUIRE(side.size() == 2);
  CHECK(side[0].sealed.header == rewound[1].block.header());
  CHECK(side[1].sealed.header == rewound[0].block.header());
  CHECK(side[1].id == id_of(rewound[0].block.header()));
  CHECK(must(view->side_blocks(1)).size() == 1);
  CHECK(history(*view, chain.address(3), chain.params()).empty());
  CHECK(history(*view, chain.address(2), chain.params()).size() == 3);

  CHECK(load(*store, chain.params()).state.root() == chain.ledger.state.root());
}

TEST_CASE("a rewind to the genesis and back leaves the same chain") {
  const Disk disk(any_kind());
  ChainBuilder chain({.authorities = 1, .users = 2});
  const auto store = disk.create(chain.genesis());
  for (int i = 0; i < 4; ++i) chain.append();
  commit(*store, appending(chain.blocks));

  const auto first = chain.rewind_to(0);
  Batch back;
  back.rewind_to = 0;
  commit(*store, back);
  check_chain(*store, chain);
  CHECK(load(*store, chain.params()).state.root() == State::of(chain.genesis()).root());
  CHECK(must(must(store->reader().snapshot())->side_blocks(10)).size() == 4);

  for (const Applied& applied : first) chain.append(applied.block.txs);
  commit(*store, appending(chain.blocks));
  check_chain(*store, chain);
  // A block that is canonical again is no losing one.
  CHECK(must(must(store->reader().snapshot())->side_blocks(10)).empty());
}

TEST_CASE("an address's transactions come newest first, in pages") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  std::vector<TxId> expected;
  for (int i = 0; i < 5; ++i) {
    const auto sent = chain.transfer(0, 1);
    const auto received = chain.transfer(2, 0);
    const auto own = chain.transfer(0, 0, 1, 1);
    chain.append({sent, received, own, chain.transfer(3, 1)});
    for (const CheckedTx& tx : {sent, received, own}) expected.insert(expected.begin(), tx.id());
  }
  commit(*store, appending(chain.blocks));
  const auto view = must(store->reader().snapshot());
  const Address address = chain.address(0);
  CHECK(history(*view, address, chain.params()) == expected);
  for (std::size_t offset = 0; offset <= expected.size() + 1; ++offset) {
    const TxPage page = must(view->txs_of(address, offset, 4));
    CHECK(page.total == expected.size());
    const std::size_t left = expected.size() - std::min(offset, expected.size());
    REQUIRE(page.txs.size() == std::min<std::size_t>(left, 4));
    for (std::size_t i = 0; i < page.txs.size(); ++i) {
      CHECK(id_of(chain.params().genesis_hash, page.txs[i].tx.body) == expected[offset + i]);
    }
  }
  CHECK(must(view->txs_of(Address{}, 0, 10)).total == 0);
}

TEST_CASE("a receipt is found by its id while the block that minted for it is canonical") {
  const Disk disk(any_kind());
  ChainBuilder chain({.reserve = 100'000});
  const auto store = disk.create(chain.genesis());
  const auto claim = [&](std::string_view id, std::string_view units, Nonce ahead = 0) {
    Ledger::Spend spend;
    spend.nonce = chain.ledger.account(chain.user(0)).nonce + ahead;
    return chain.ledger.checked_tx(chain.user(0), chain.ledger.claim(id, units, chain.user(1)),
                                   spend);
  };
  struct Known {
    std::string id;
    Height height;
    std::uint32_t position;
  };
  // Oldest first.
  const auto check = [&](const std::vector<Known>& expected, std::uint64_t minted) {
    const auto view = must(store->reader().snapshot());
    for (const std::size_t offset : {0U, 1U, 2U, 9U}) {
      const ReceiptPage page = must(view->receipts(offset, 2));
      CHECK(page.total == Minted{expected.size(), Amount::from(minted).value()});
      const std::size_t left = expected.size() - std::min(offset, expected.size());
      REQUIRE(page.claims.size() == std::min<std::size_t>(left, 2));
      for (std::size_t i = 0; i < page.claims.size(); ++i) {
        const Known& known = expected[expected.size() - 1 - offset - i];
        CHECK(page.claims[i].height == known.height);
        CHECK(page.claims[i].position == known.position);
      }
    }
    std::map<Height, std::vector<std::uint32_t>> claims;
    for (const auto& [id, height, position] : expected) {
      const auto found = must(view->receipt(id));
      REQUIRE(found.has_value());
      CHECK(found->height == height);
      CHECK(found->position == position);
      CHECK(found->tx == chain.blocks[height - 1].block.txs[position].signed_tx());
      claims[height].push_back(position);
    }
    for (Height height = 0; height <= chain.blocks.size() + 1; ++height) {
      CHECK(must(view->claims_in(height)) == claims[height]);
    }
    CHECK_FALSE(must(view->receipt("none")).has_value());
    check_lists(*view, chain);
  };
  check({}, 0);
  chain.append({chain.transfer(2, 3), claim("a", "1"), claim("b", "2", 1)});
  chain.append({claim("a", "1"), claim("c", "3.5", 1)});
  commit(*store, appending(chain.blocks));
  const std::vector<Known> first = {{"a", 1, 1}, {"b", 1, 2}, {"c", 2, 1}};
  check(first, 1'050 + 2'100 + 3'675);

  chain.rewind_to(1);
  Batch batch;
  batch.rewind_to = 1;
  batch.append.push_back(chain.append({claim("d", "4")}));
  batch.append.push_back(chain.append({claim("c", "3.5")}));
  commit(*store, batch);
  check({{"a", 1, 1}, {"b", 1, 2}, {"d", 2, 0}, {"c", 3, 0}}, 1'050 + 2'100 + 4'200 + 3'675);
  CHECK(load(*store, chain.params()).state.root() == chain.ledger.state.root());

  Batch none;
  none.rewind_to = 0;
  chain.rewind_to(0);
  commit(*store, none);
  check({}, 0);
}

TEST_CASE("a long history is found from any place, also after part of it was rewound") {
  const Disk disk(any_kind());
  ChainBuilder chain({.authorities = 1, .users = 3, .balance = 100'000});
  const auto store = disk.create(chain.genesis());
  const auto grow = [&](std::size_t blocks, std::uint64_t amount) {
    std::vector<Applied> grown;
    for (std::size_t i = 0; i < blocks; ++i) {
      std::vector<CheckedTx> txs;
      for (Nonce ahead = 0; ahead < 20; ++ahead) txs.push_back(chain.transfer(0, 1, amount, ahead));
      txs.push_back(chain.transfer(2, 0, amount));
      grown.push_back(chain.append(txs));
    }
    return grown;
  };
  const auto check = [&] {
    std::vector<TxId> expected;
    for (const Applied& applied : chain.blocks) {
      for (const CheckedTx& tx : applied.block.txs) expected.insert(expected.begin(), tx.id());
    }
    const auto view = must(store->reader().snapshot());
    CHECK(history(*view, chain.address(0), chain.params()) == expected);
    for (std::size_t offset = 0; offset < expected.size(); offset += 13) {
      INFO("offset " << offset << " of " << expected.size());
      const TxPage page = must(view->txs_of(chain.address(0), offset, 1));
      REQUIRE(page.txs.size() == 1);
      CHECK(id_of(chain.params().genesis_hash, page.txs[0].tx.body) == expected[offset]);
      CHECK(page.total == expected.size());
    }
  };
  commit(*store, appending(grow(9, 1)));
  check();
  for (const Height height : {Height{8}, Height{4}, Height{0}}) {
    Batch batch;
    batch.rewind_to = height;
    chain.rewind_to(height);
    batch.append = grow(6, 2 + height);
    commit(*store, batch);
    check();
  }
}

TEST_CASE("headers and blocks come in ranges with bounds") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  for (int i = 0; i < 6; ++i) chain.append();
  commit(*store, appending(chain.blocks));
  const auto view = must(store->reader().snapshot());
  const std::size_t bytes = encode(chain.blocks[0].block.block()).size();

  CHECK(must(view->headers(0, 100)).size() == 6);
  const auto headers = must(view->headers(3, 2));
  REQUIRE(headers.size() == 2);
  CHECK(headers[0] == chain.blocks[2].block.sealed);
  CHECK(must(view->headers(7, 5)).empty());
  CHECK(must(view->headers(~Height{0}, 5)).empty());

  CHECK(must(view->blocks(0, 100, 1 << 20)).size() == 6);
  CHECK(must(view->blocks(2, 3, 1 << 20))[0] == chain.blocks[1].block.block());
  CHECK(must(view->blocks(2, 3, 1 << 20)).size() == 3);
  CHECK(must(view->blocks(1, 100, 1)).size() == 1);
  CHECK(must(view->blocks(1, 100, 3 * bytes)).size() == 3);
  CHECK(must(view->blocks(1, 100, 3 * bytes - 1)).size() == 2);
  CHECK(must(view->blocks(6, 100, 1 << 20)).size() == 1);
  CHECK(must(view->blocks(7, 100, 1 << 20)).empty());
  CHECK_FALSE(must(view->header(~Height{0})).has_value());
}

TEST_CASE("a snapshot does not see what is committed after it") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  chain.append();
  commit(*store, appending(chain.blocks));
  const auto before = must(store->reader().snapshot());
  const Account account = chain.ledger.account(chain.user(0));
  chain.append();
  Batch batch = appending({chain.blocks[1]});
  batch.pool_add.push_back({chain.transfer(0, 1), 1});
  commit(*store, batch);

  CHECK(must(before->head()).height == 1);
  CHECK_FALSE(must(before->header(2)).has_value());
  CHECK(must(before->account(chain.address(0))) == account);
  CHECK(must(before->pending_count()) == 0);
  const auto after = must(store->reader().snapshot());
  CHECK(must(after->head()).height == 2);
  CHECK(must(after->pending_count()) == 1);
}

TEST_CASE("snapshots are bounded and come back") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  std::vector<std::unique_ptr<Snapshot>> out;
  for (std::size_t i = 0; i < limits::readers_max; ++i) {
    out.push_back(must(store->reader().snapshot()));
  }
  const auto refused = store->reader().snapshot();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::overloaded);
  // The writer needs none of them.
  chain.append();
  commit(*store, appending(chain.blocks));
  CHECK(must(store->applied_above(0)).size() == 1);
  out.pop_back();
  CHECK(must(must(store->reader().snapshot())->head()).height == 1);
}

TEST_CASE("a store of another chain is refused with both hashes") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  disk.create(chain.genesis());
  Genesis other = chain.genesis();
  other.chain_id = "other";
  const auto store = disk.open();
  const auto refused = store->load(params_of(other));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::wrong_genesis);
  CHECK_THAT(refused.error().detail, Catch::Contains(hash_of(other).hex()) &&
                                         Catch::Contains(hash_of(chain.genesis()).hex()));
}
