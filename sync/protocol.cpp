#include "sync/protocol.hpp"

namespace aitbc::sync {

// An answer of another chain is not judged by the rules of this one: the agent says what it is.
Result<Heard> hear(Verifier& verifier, SyncAnswer answer) {
  const Params& params = verifier.params();
  Heard heard;
  if (answer.genesis_hash == params.genesis_hash) {
    for (const SignedVote& vote : answer.votes) AITBC_TRY(check_vote(params.genesis_hash, vote));
    for (const Evidence& evidence : answer.evidence) {
      AITBC_TRY(check_evidence(params.genesis_hash, evidence));
    }
    for (const SignedTx& tx : answer.own_txs) {
      AITBC_TRY_ASSIGN(CheckedTx checked, verifier.tx(tx));
      heard.txs.push_back(std::move(checked));
    }
    if (answer.own_block) {
      AITBC_TRY_ASSIGN(CheckedBlock checked, verifier.block(*answer.own_block));
      heard.blocks.push_back(std::move(checked));
    }
  }
  answer.own_txs.clear();
  answer.own_block.reset();
  heard.answer = std::move(answer);
  return heard;
}

}  // namespace aitbc::sync
