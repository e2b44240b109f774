#pragma once
// A block: a header that its proposer seals, and a body of transactions. The id is the hash of the
// header; the seal is kept beside it. Header and body are encoded, stored and fetched apart.

#include "chain/core/tx.hpp"
#include "chain/core/vote.hpp"

namespace aitbc {

struct Header {
  Height height = 0;
  Slot slot = 0;
  BlockId parent;
  Hash txs_root;
  Hash state_root;  // after the block
  PublicKey proposer;
  std::uint32_t tx_count = 0;
  bool operator==(const Header&) const = default;
};

struct SealedHeader {
  Header header;
  Signature seal;
  // Of the first block after a change of authorities alone: commits that make the block which
  // decided on the change final (see governance.hpp). Like the seal it proves itself.
  std::optional<Certificate> handover = std::nullopt;
  bool operator==(const SealedHeader&) const = default;
};

struct Block {
  SealedHeader sealed;
  std::vector<SignedTx> txs;

  const Header& header() const { return sealed.header; }
  bool operator==(const Block&) const = default;
};

BlockId id_of(const Header&);
Tip tip_of(const Header&);
// A binary Merkle tree over full_hash of each transaction (shape of RFC 6962), zero when empty.
Hash txs_root_of(std::span<const SignedTx> txs);

Signature seal(const GenesisHash& chain, const Header&, const class KeyPair&);
bool check_seal(const GenesisHash& chain, const SealedHeader&);

void encode(Encoder&, const SealedHeader&);
SealedHeader decode_sealed_header(Decoder&);
void encode(Encoder&, const Block&);
Block decode_block(Decoder&);

// Without a handover.
inline constexpr std::size_t sealed_header_bytes = 8 + 8 + 4 * 32 + 4 + 64 + 1;

Buffer encode(const Block&);
Result<Block> decode_block(ByteView);
// A run of blocks, as `POST /rpc/blocks/import` and the ranges of `/rpc/blocks-range` carry them.
Buffer encode(std::span<const Block>);
Result<std::vector<Block>> decode_blocks(ByteView, std::size_t blocks_max);

}  // namespace aitbc
