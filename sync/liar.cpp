#include "sync/liar.hpp"

namespace aitbc::sync {

namespace {

constexpr Height forged_blocks = 10;

// Not the one that it is, and always the same.
template <class Id>
Id another(const Id& id) {
  Id other;
  other.data = hash("aitbc/another/1", {id.view()}).data;
  return other;
}

void spoil(Signature& signature) { signature.data[0] ^= 1; }

Vote twin_of(const Vote& vote) {
  const Checkpoint target{vote.target.height, another(vote.target.id)};
  return vote.kind == Vote::Kind::prepare ? Vote::prepare(target, vote.source)
                                          : Vote::commit(target);
}

// Two transactions of different senders may stand in either order: the state is the same after
// them, and the block is as good as the first. Otherwise only the seal of the other one holds.
Block twin_of(const KeyPair& key, const GenesisHash& chain, Block block) {
  Header& header = block.sealed.header;
  for (std::size_t i = 1; i < block.txs.size(); ++i) {
    if (block.txs[i - 1].body.from == block.txs[i].body.from) continue;
    std::swap(block.txs[i - 1], block.txs[i]);
    header.txs_root = txs_root_of(block.txs);
    block.sealed.seal = seal(chain, header, key);
    return block;
  }
  header.state_root = another(header.state_root);
  block.sealed.seal = seal(chain, header, key);
  return block;
}

}  // namespace

void lie(Lie what, SyncAnswer& answer) {
  if (what == Lie::forged_head) {
    answer.head.height += forged_blocks;
    answer.head.slot += forged_blocks;
    answer.head.id = another(answer.head.id);
    answer.own_block.reset();
  } else if (what == Lie::garbage) {
    for (SignedVote& vote : answer.votes) spoil(vote.signature);
    for (SignedTx& tx : answer.own_txs) tx.body.nonce += 1;
    if (answer.own_block) spoil(answer.own_block->sealed.seal);
  }
}

void lie(Lie what, const Tip& head, std::vector<SealedHeader>& headers) {
  if (what == Lie::withhold && !headers.empty() && headers.front().header.height < head.height) {
    headers.clear();
  }
  if (what != Lie::garbage) return;
  for (SealedHeader& sealed : headers) sealed.header.parent = another(sealed.header.parent);
}

void lie(Lie what, const Tip& head, std::vector<Block>& blocks) {
  if (what == Lie::withhold && !blocks.empty() && blocks.front().header().height < head.height) {
    blocks.clear();
  }
  if (what != Lie::garbage) return;
  for (Block& block : blocks) spoil(block.sealed.seal);
}

void lie(Lie what, std::vector<SignedTx>& txs) {
  if (what != Lie::garbage) return;
  for (SignedTx& tx : txs) tx.body.nonce += 1;
}

void double_sign(const KeyPair& key, const GenesisHash& chain, std::uint64_t turn,
                 SyncAnswer& answer) {
  const std::size_t count = answer.votes.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (answer.votes[i].voter != key.public_key()) continue;
    const Vote twin = twin_of(answer.votes[i].vote);
    answer.votes.push_back(sign(chain, twin, key));
  }
  if (turn % 2 == 0 || !answer.own_block) return;
  if (answer.own_block->header().proposer != key.public_key()) return;
  answer.own_block = twin_of(key, chain, std::move(*answer.own_block));
}

}  // namespace aitbc::sync
