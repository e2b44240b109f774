#include "sync/sim/recording.hpp"

namespace aitbc::sim {

World::World(const Setup& setup, const Recording& recording)
    : World(setup, recording.genesis, recording.made, {}, {}) {
  for (NodeIndex i = 0; i < setup.nodes && !failure(); ++i) {
    const RecordedNode& recorded = recording.nodes[i];
    nodes_[i].machine.clock.set(now(), recorded.clock_offset, 0);
    if (const auto loaded = load(i, recorded); !loaded) {
      fail("recording", "node " + recorded.name + ": " + loaded.error().detail);
      return;
    }
    restart(i);
    on_node(i, [this, i, &recorded]() -> Result<Sends> {
      AITBC_TRY(nodes_[i].replica->add_votes(recorded.votes));
      return Sends();
    });
  }
}

// What the node had is put on its disk by the rules under which it got there.
Status World::load(NodeIndex index, const RecordedNode& recorded) {
  AITBC_TRY_ASSIGN(auto store, open_store(nodes_[index].machine));
  AITBC_TRY_ASSIGN(Chain chain, Chain::open(genesis_, std::move(store)));
  AITBC_TRY_ASSIGN(const auto blocks, notary_.blocks(recorded.blocks));
  std::span<const CheckedBlock> left(blocks);
  while (!left.empty()) {
    const auto part = left.first(std::min(left.size(), limits::branch_blocks_max));
    AITBC_TRY(chain.import(part, local(index)));
    left = left.subspan(part.size());
  }
  for (const SignedVote& vote : recorded.votes) AITBC_TRY(check_vote(params_.genesis_hash, vote));
  AITBC_TRY(chain.add_votes(recorded.votes));
  std::vector<CheckedTx> pending;
  for (const SignedTx& tx : recorded.pending) {
    AITBC_TRY_ASSIGN(CheckedTx checked, notary_.tx(tx));
    pending.push_back(std::move(checked));
  }
  AITBC_TRY(chain.submit(pending, Chain::Submitter::peer));
  return ok();
}

Recording World::record() const {
  Recording recording{genesis_, now(), {}};
  for (NodeIndex i = 0; i < setup_.nodes; ++i) {
    if (!is_up(i)) continue;
    const Chain& chain = replica(i).chain();
    RecordedNode node;
    node.name = std::to_string(i + 1);
    node.clock_offset = local(i) - now();
    const auto snapshot = chain.reader().snapshot();
    for (Height height = 1; snapshot && height <= chain.head().height; ++height) {
      const auto block = (*snapshot)->block(height);
      if (block && *block) node.blocks.push_back(**block);
    }
    if (const auto proof = snapshot ? (*snapshot)->finality_of(chain.final().height)
                                    : Result<std::optional<Certificate>>(snapshot.error());
        proof && *proof) {
      node.votes = (*proof)->votes;
    }
    const auto votes = chain.finality().since(0);
    node.votes.insert(node.votes.end(), votes.begin(), votes.end());
    for (const auto& entry : chain.mempool().since(0, limits::mempool_txs_max)) {
      node.pending.push_back(entry.tx.signed_tx());
    }
    recording.nodes.push_back(std::move(node));
  }
  return recording;
}

}  // namespace aitbc::sim
