#include "chain/core/block.hpp"

#include <bit>

#include "chain/core/crypto.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

// The smallest a transaction can be: one key and one signature.
constexpr std::size_t tx_bytes_min = 1 + 8 + 8 + 34 + 2 + 32 + 2 + 64;

void encode(Encoder& out, const Header& header) {
  out.integer(header.height);
  out.integer(header.slot);
  out.fixed(header.parent);
  out.fixed(header.txs_root);
  out.fixed(header.state_root);
  out.fixed(header.proposer);
  out.integer(header.tx_count);
}

Hash merkle_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return {};
  if (leaves.size() == 1) return leaves[0];
  // RFC 6962, 2.1: the left half is the largest power of two below the number of leaves.
  const std::size_t left = std::bit_floor(leaves.size() - 1);
  const Hash a = merkle_root(leaves.first(left));
  const Hash b = merkle_root(leaves.subspan(left));
  return hash("aitbc/txs-node/1", {a.view(), b.view()});
}

Hash seal_message(const GenesisHash& chain, const Header& header) {
  return hash("aitbc/seal/1", {chain.view(), id_of(header).view()});
}

}  // namespace

BlockId id_of(const Header& header) {
  Encoder out;
  encode(out, header);
  return BlockId{hash("aitbc/block/1", {out.bytes()}).data};
}

Tip tip_of(const Header& header) { return {header.height, header.slot, id_of(header)}; }

Hash txs_root_of(std::span<const SignedTx> txs) {
  std::vector<Hash> leaves;
  leaves.reserve(txs.size());
  for (const SignedTx& tx : txs) leaves.push_back(full_hash(tx));
  return merkle_root(leaves);
}

Signature seal(const GenesisHash& chain, const Header& header, const KeyPair& key) {
  return key.sign(seal_message(chain, header).view());
}

bool check_seal(const GenesisHash& chain, const SealedHeader& sealed) {
  return verify(sealed.header.proposer, seal_message(chain, sealed.header).view(), sealed.seal);
}

void encode(Encoder& out, const SealedHeader& sealed) {
  encode(out, sealed.header);
  out.fixed(sealed.seal);
  out.integer(static_cast<std::uint8_t>(sealed.handover.has_value()));
  if (sealed.handover) encode(out, *sealed.handover);
}

SealedHeader decode_sealed_header(Decoder& in) {
  SealedHeader sealed;
  Header& header = sealed.header;
  header.height = in.integer<std::uint64_t>();
  header.slot = in.integer<std::uint64_t>();
  header.parent = in.fixed<BlockId>();
  header.txs_root = in.fixed<Hash>();
  header.state_root = in.fixed<Hash>();
  header.proposer = in.fixed<PublicKey>();
  header.tx_count = in.integer<std::uint32_t>();
  sealed.seal = in.fixed<Signature>();
  const auto has_handover = in.integer<std::uint8_t>();
  if (has_handover > 1) in.fail();
  if (has_handover == 1) sealed.handover = decode_certificate(in);
  if (header.height > limits::supply_max || header.slot > limits::supply_max) in.fail();
  return sealed;
}

void encode(Encoder& out, const Block& block) {
  encode(out, block.sealed);
  for (const SignedTx& tx : block.txs) encode(out, tx);
}

Block decode_block(Decoder& in) {
  Block block;
  block.sealed = decode_sealed_header(in);
  const std::size_t txs = block.header().tx_count;
  if (txs > limits::block_txs_max || txs * tx_bytes_min > in.remaining()) {
    in.fail();
    return block;
  }
  block.txs.reserve(txs);
  for (std::size_t i = 0; i < txs && !in.failed(); ++i) block.txs.push_back(decode_signed_tx(in));
  return block;
}

Buffer encode(const Block& block) {
  Encoder out;
  encode(out, block);
  return std::move(out).bytes();
}

Result<Block> decode_block(ByteView bytes) {
  if (bytes.size() > limits::block_bytes_max) {
    return error(Errc::too_large,
                 "block: over " + std::to_string(limits::block_bytes_max) + " bytes");
  }
  Decoder in(bytes);
  Block block = decode_block(in);
  AITBC_TRY(in.finish("block"));
  return block;
}

Buffer encode(std::span<const Block> blocks) {
  Encoder out;
  out.integer(static_cast<std::uint32_t>(blocks.size()));
  for (const Block& block : blocks) encode(out, block);
  return std::move(out).bytes();
}

Result<std::vector<Block>> decode_blocks(ByteView bytes, std::size_t blocks_max) {
  Decoder in(bytes);
  const std::size_t count = in.count(blocks_max, sealed_header_bytes);
  std::vector<Block> blocks;
  blocks.reserve(count);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    const std::size_t start = in.consumed();
    blocks.push_back(decode_block(in));
    if (in.consumed() - start > limits::block_bytes_max) {
      return error(Errc::too_large,
                   "block: over " + std::to_string(limits::block_bytes_max) + " bytes");
    }
  }
  AITBC_TRY(in.finish("blocks"));
  return blocks;
}

}  // namespace aitbc
