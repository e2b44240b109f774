#include "sync/sim/notary.hpp"

namespace aitbc::sim {

namespace {

// More than nodes that follow one another closely have among them.
constexpr std::size_t remembered_max = 20'000;

template <class Memory>
void make_room(Memory& memory) {
  if (memory.size() >= remembered_max) memory.clear();
}

template <class T>
Hash hash_of(const T& value) {
  Encoder out;
  encode(out, value);
  return hash("aitbc/sim-checked/1", {out.bytes()});
}

}  // namespace

Result<CheckedBlock> Notary::block(const Block& block) {
  const Hash key = hash_of(block);
  if (const auto found = blocks_.find(key); found != blocks_.end()) return found->second;
  AITBC_TRY_ASSIGN(CheckedBlock checked, CheckedBlock::check(params_, block));
  make_room(blocks_);
  blocks_.emplace(key, checked);
  return checked;
}

Result<CheckedTx> Notary::tx(const SignedTx& tx) {
  const Hash key = hash_of(tx);
  if (const auto found = txs_.find(key); found != txs_.end()) return found->second;
  AITBC_TRY_ASSIGN(CheckedTx checked, CheckedTx::check(params_, tx));
  make_room(txs_);
  txs_.emplace(key, checked);
  return checked;
}

Status Notary::claim(const KeyClaim& claim) {
  const Hash key = hash_of(claim);
  if (claims_.contains(key)) return ok();
  AITBC_TRY(check_claim(params_.genesis_hash, claim));
  make_room(claims_);
  claims_.insert(key);
  return ok();
}

Result<std::vector<CheckedBlock>> Notary::blocks(std::span<const Block> blocks) {
  std::vector<CheckedBlock> checked;
  for (const Block& each : blocks) {
    AITBC_TRY_ASSIGN(CheckedBlock next, block(each));
    checked.push_back(std::move(next));
  }
  return checked;
}

Result<sync::Heard> Notary::hear(SyncAnswer answer, std::vector<SignedVote>& fresh) {
  if (answer.genesis_hash != params_.genesis_hash) return sync::hear(verifier_, std::move(answer));
  std::vector<CheckedTx> txs;
  for (const SignedTx& each : answer.own_txs) {
    AITBC_TRY_ASSIGN(CheckedTx checked, tx(each));
    txs.push_back(std::move(checked));
  }
  std::vector<CheckedBlock> blocks;
  if (answer.own_block) {
    AITBC_TRY_ASSIGN(CheckedBlock checked, block(*answer.own_block));
    blocks.push_back(std::move(checked));
  }
  std::vector<SignedVote> unknown;
  for (const SignedVote& vote : answer.votes) {
    if (!votes_.contains(hash_of(vote))) unknown.push_back(vote);
  }
  std::vector<SignedVote> votes = std::exchange(answer.votes, unknown);
  answer.own_txs.clear();
  answer.own_block.reset();
  AITBC_TRY_ASSIGN(sync::Heard heard, sync::hear(verifier_, std::move(answer)));
  make_room(votes_);
  for (const SignedVote& vote : unknown) votes_.insert(hash_of(vote));
  fresh.insert(fresh.end(), unknown.begin(), unknown.end());
  heard.answer.votes = std::move(votes);
  heard.txs = std::move(txs);
  heard.blocks = std::move(blocks);
  return heard;
}

}  // namespace aitbc::sim
