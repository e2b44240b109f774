#include "chain/core/block.hpp"

#include <catch2/catch.hpp>

#include "chain/core/crypto.hpp"
#include "tests/support/generators.hpp"

using namespace aitbc;

namespace {

// RFC 6962 said differently: combine neighbours level by level; an odd last one rises unchanged.
Hash independent_txs_root(const std::vector<SignedTx>& txs) {
  std::vector<Hash> level;
  for (const SignedTx& tx : txs) level.push_back(full_hash(tx));
  if (level.empty()) return {};
  while (level.size() > 1) {
    std::vector<Hash> above;
    for (std::size_t i = 0; i + 1 < level.size(); i += 2) {
      above.push_back(hash("aitbc/txs-node/1", {level[i].view(), level[i + 1].view()}));
    }
    if (level.size() % 2 != 0) above.push_back(level.back());
    level = std::move(above);
  }
  return level[0];
}

std::vector<SignedTx> some_txs(gen::Rng& rng, std::size_t count) {
  std::vector<SignedTx> txs;
  for (std::size_t i = 0; i < count; ++i) txs.push_back(gen::any_signed_tx(rng));
  return txs;
}

constexpr std::size_t tx_count_at = 8 + 8 + 4 * 32;

Buffer with_tx_count(Buffer bytes, std::uint32_t count) {
  for (std::size_t i = 0; i < 4; ++i)
    bytes[tx_count_at + i] = static_cast<Byte>(count >> (24 - 8 * i));
  return bytes;
}

}  // namespace

TEST_CASE("the id covers each field of the header") {
  gen::Rng rng(1);
  const Header header = gen::any_sealed_header(rng).header;
  const BlockId id = id_of(header);
  CHECK(id == id_of(header));
  Header changed = header;
  ++changed.height;
  CHECK(id != id_of(changed));
  changed = header;
  ++changed.slot;
  CHECK(id != id_of(changed));
  changed = header;
  changed.parent.data[31] ^= 1;
  CHECK(id != id_of(changed));
  changed = header;
  changed.txs_root.data[31] ^= 1;
  CHECK(id != id_of(changed));
  changed = header;
  changed.state_root.data[31] ^= 1;
  CHECK(id != id_of(changed));
  changed = header;
  changed.proposer.data[31] ^= 1;
  CHECK(id != id_of(changed));
  changed = header;
  ++changed.tx_count;
  CHECK(id != id_of(changed));
}

TEST_CASE("a tip is the header's height, slot and id") {
  gen::Rng rng(2);
  const Header header = gen::any_sealed_header(rng).header;
  CHECK(tip_of(header) == Tip{header.height, header.slot, id_of(header)});
}

TEST_CASE("the seal is the proposer's, for this header and this chain") {
  gen::Rng rng(3);
  const KeyPair key = gen::key(rng);
  const auto chain = rng.fixed<GenesisHash>();
  Header header = gen::any_sealed_header(rng).header;
  header.proposer = key.public_key();
  const SealedHeader sealed{header, seal(chain, header, key)};
  CHECK(check_seal(chain, sealed));
  CHECK_FALSE(check_seal(rng.fixed<GenesisHash>(), sealed));

  SealedHeader changed = sealed;
  ++changed.header.slot;
  CHECK_FALSE(check_seal(chain, changed));
  changed = sealed;
  changed.header.proposer = gen::key(rng).public_key();
  CHECK_FALSE(check_seal(chain, changed));
  changed = sealed;
  changed.seal.data[5] ^= 1;
  CHECK_FALSE(check_seal(chain, changed));
}

TEST_CASE("a seal does not sign anything else") {
  gen::Rng rng(4);
  const KeyPair key = gen::key(rng);
  const auto chain = rng.fixed<GenesisHash>();
  Header header = gen::any_sealed_header(rng).header;
  header.proposer = key.public_key();
  CHECK_FALSE(check_seal(chain, {header, key.sign(id_of(header).view())}));
  CHECK_FALSE(verify(key.public_key(), id_of(header).view(), seal(chain, header, key)));
}

TEST_CASE("the root of transactions has the shape of RFC 6962") {
  gen::Rng rng(5);
  const std::vector<SignedTx> txs = some_txs(rng, 33);
  for (std::size_t count = 0; count <= txs.size(); ++count) {
    const std::vector<SignedTx> first(txs.begin(),
                                      txs.begin() + static_cast<std::ptrdiff_t>(count));
    INFO(count);
    CHECK(txs_root_of(first) == independent_txs_root(first));
  }
  CHECK(txs_root_of({}) == Hash{});
  CHECK(txs_root_of(std::span(txs).first(1)) == full_hash(txs[0]));
}

TEST_CASE("order, number and each byte of the transactions change their root") {
  gen::Rng rng(6);
  std::vector<SignedTx> txs = some_txs(rng, 5);
  const Hash root = txs_root_of(txs);
  std::swap(txs[3], txs[4]);
  CHECK(txs_root_of(txs) != root);
  std::swap(txs[3], txs[4]);
  txs.push_back(txs.back());  // the flaw of duplicated last leaves must not be here
  CHECK(txs_root_of(txs) != root);
  txs.pop_back();
  txs[2].witness.parts[0].signature.data[63] ^= 0x80;
  CHECK(txs_root_of(txs) != root);
}

TEST_CASE("a sealed header has the size that counts rely on") {
  gen::Rng rng(7);
  Encoder out;
  encode(out, gen::any_sealed_header(rng));
  CHECK(out.size() == sealed_header_bytes);
}

TEST_CASE("heights and slots that no JSON reader could hold are refused") {
  gen::Rng rng(8);
  const SealedHeader good = gen::any_sealed_header(rng);
  struct Case {
    Height height;
    Slot slot;
    bool good;
  };
  const auto [height, slot, valid] = GENERATE(values<Case>({
      {limits::supply_max, limits::supply_max, true},
      {limits::supply_max + 1, 0, false},
      {0, limits::supply_max + 1, false},
      {~Height{0}, 0, false},
      {0, ~Slot{0}, false},
  }));
  SealedHeader sealed = good;
  sealed.header.height = height;
  sealed.header.slot = slot;
  Encoder out;
  encode(out, sealed);
  Decoder in(out.bytes());
  static_cast<void>(decode_sealed_header(in));
  CHECK(in.finish("header").has_value() == valid);
}

TEST_CASE("a number of transactions that cannot follow is refused before anything is reserved") {
  gen::Rng rng(9);
  Block block = gen::any_block(rng, 0);
  const Buffer bytes = encode(block);
  for (const std::uint32_t count : {1U, 10'000U, 10'001U, 0x7fffffffU, 0xffffffffU}) {
    INFO(count);
    const Buffer bad = with_tx_count(bytes, count);
    Decoder in(bad);
    CHECK(decode_block(in).txs.capacity() == 0);
    CHECK(in.failed());
    CHECK(decode_block(bad).error().code == Errc::bad_encoding);
  }
}

TEST_CASE("one transaction more than a block may hold is refused even if it is there") {
  gen::Rng rng(10);
  SignedTx tx = gen::any_signed_tx(rng);
  tx.witness.policy.keys.resize(1);
  tx.witness.parts = {{0, rng.fixed<Signature>()}};
  Block block = gen::any_block(rng, 0);
  block.txs.assign(limits::block_txs_max, tx);
  block.sealed.header.tx_count = limits::block_txs_max;
  CHECK(decode_block(encode(block)).value().txs.size() == limits::block_txs_max);
  block.txs.push_back(tx);
  ++block.sealed.header.tx_count;
  CHECK(decode_block(encode(block)).error().code == Errc::bad_encoding);
}

TEST_CASE("a block over its limit of bytes is refused") {
  CHECK(decode_block(Buffer(limits::block_bytes_max + 1)).error().code == Errc::too_large);
  CHECK(decode_block(Buffer(limits::block_bytes_max)).error().code == Errc::bad_encoding);
}

TEST_CASE("a run of blocks is limited in number") {
  gen::Rng rng(11);
  std::vector<Block> blocks;
  for (int i = 0; i < 3; ++i) blocks.push_back(gen::any_block(rng, 2));
  const Buffer bytes = encode(std::span<const Block>(blocks));
  CHECK(decode_blocks(bytes, 3).value() == blocks);
  CHECK(decode_blocks(bytes, 4).value() == blocks);
  CHECK(decode_blocks(bytes, 2).error().code == Errc::bad_encoding);
  CHECK(decode_blocks(encode(std::span<const Block>()), 0).value().empty());
  CHECK(decode_blocks({}, 3).error().code == Errc::bad_encoding);
}

TEST_CASE("a block over its limit is refused within a run, too") {
  gen::Rng rng(12);
  SignedTx tx = gen::any_signed_tx(rng);
  tx.witness.policy.keys.assign(limits::policy_keys_max, PublicKey{});
  tx.witness.parts.assign(1, {0, Signature{}});
  Block block = gen::any_block(rng, 0);
  block.txs.assign(limits::block_bytes_max / encode(tx).size() + 1, tx);
  block.sealed.header.tx_count = static_cast<std::uint32_t>(block.txs.size());
  REQUIRE(block.txs.size() <= limits::block_txs_max);
  const std::vector<Block> blocks = {block};
  CHECK(decode_blocks(encode(std::span(blocks)), 1).error().code == Errc::too_large);
}

TEST_CASE("every cut of a block, and every addition to it, is refused") {
  gen::Rng rng(13);
  Block block = gen::any_block(rng, 0);
  block.txs = some_txs(rng, 3);
  block.sealed.header.tx_count = 3;
  Buffer bytes = encode(block);
  REQUIRE(decode_block(bytes).value() == block);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(decode_block(ByteView(bytes).first(size)).error().code == Errc::bad_encoding);
  }
  bytes.push_back(0);
  CHECK(decode_block(bytes).error().code == Errc::bad_encoding);
}
