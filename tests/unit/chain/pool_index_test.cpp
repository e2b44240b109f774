// Where pending transactions are, for readers of older and newer states.

#include "chain/pool_index.hpp"

#include <catch2/catch.hpp>

#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

using Places = std::vector<PoolIndex::Sequence>;

Places places_of(const PoolIndex& index, const CheckedTx& tx) {
  Places sequences;
  const TxId id = tx.id();
  for (const auto& place : index.places_of(std::span(&id, 1))) sequences.push_back(place.sequence);
  return sequences;
}

}  // namespace

TEST_CASE("a pending transaction is found until no view may see it any more") {
  ChainBuilder chain;
  const CheckedTx tx = chain.transfer(0, 1, 1, 0);
  const std::vector<Mempool::Entry> entries{{tx, 7}};
  const std::vector<PoolIndex::Place> places{{tx.id(), 7}};
  PoolIndex index;
  CHECK(places_of(index, tx).empty());
  index.add(entries);
  CHECK(places_of(index, tx) == Places{7});

  auto before = std::make_optional<PoolIndex::View>(index);
  auto beside = std::make_optional<PoolIndex::View>(index);
  index.remove(places);
  const PoolIndex::View after(index);
  CHECK(before->find(tx.id()) == Places{7});
  before.reset();
  CHECK(places_of(index, tx) == Places{7});
  beside.reset();
  CHECK(places_of(index, tx).empty());  // though `after` is still open
}

TEST_CASE("what nobody reads is forgotten with its removal, and so is what was not written") {
  ChainBuilder chain;
  const CheckedTx tx = chain.transfer(0, 1, 1, 0);
  const std::vector<Mempool::Entry> first{{tx, 7}};
  const std::vector<Mempool::Entry> again{{tx, 9}};
  PoolIndex index;
  index.add(first);
  index.add(again);
  index.drop(again);
  CHECK(places_of(index, tx) == Places{7});
  index.remove(std::vector<PoolIndex::Place>{{tx.id(), 7}});
  CHECK(places_of(index, tx).empty());
}

TEST_CASE("at rest there is room for those alone that are there") {
  ChainBuilder chain;
  PoolIndex index;
  std::vector<Mempool::Entry> entries;
  std::vector<PoolIndex::Place> places;
  for (PoolIndex::Sequence sequence = 1; sequence <= 500; ++sequence) {
    entries.push_back({chain.transfer(0, 1, 1, sequence), sequence});
    places.push_back({entries.back().tx.id(), sequence});
  }
  index.add(entries);
  CHECK(index.shrink() > entries.size());
  index.remove(std::span(places).subspan(1));
  CHECK(index.shrink() < 10);
  CHECK(places_of(index, entries[0].tx) == Places{1});
}
