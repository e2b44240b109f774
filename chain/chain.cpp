#include "chain/chain.hpp"

#include <algorithm>
#include <map>

namespace aitbc {

namespace {

// A header that must be there: at a height from 1 to the head's.
Result<Header> header_at(Store& store, Height height) {
  AITBC_TRY_ASSIGN(const auto sealed, store.header(height));
  if (!sealed) return error(Errc::corrupt, "store: no block at height " + std::to_string(height));
  return sealed->header;
}

// The parent of the block after `tip`, whose authorities are so many; read from the store.
Result<Parent> read_parent(Store& store, const Tip& tip, std::size_t authorities) {
  Parent parent{tip, {}};
  for (Height before = std::min<Height>(ancestors_kept(authorities), tip.height); before-- > 0;) {
    AITBC_TRY_ASSIGN(const Header header, header_at(store, tip.height - before));
    parent.recent.push_back({id_of(header), header.proposer});
  }
  return parent;
}

void undo_all(State& state, std::span<const Applied> blocks) {
  for (std::size_t i = blocks.size(); i-- > 0;) state.undo(blocks[i].effects);
}

void redo_all(State& state, std::span<const Applied> blocks) {
  for (const Applied& block : blocks) state.redo(block.effects);
}

Status check_links(std::span<const CheckedBlock> branch) {
  for (std::size_t i = 1; i < branch.size(); ++i) {
    if (branch[i].header().parent != id_of(branch[i - 1].header()) ||
        branch[i].header().height != branch[i - 1].header().height + 1) {
      return error(Errc::broken_branch, "branch: block " +
                                            std::to_string(branch[i].header().height) +
                                            " does not follow the one before it");
    }
  }
  return ok();
}

// Which transaction a branch has for each nonce of a sender.
struct Included {
  TxId id;
  Height height;
};
using IncludedBy = std::map<std::pair<Address, Nonce>, Included>;

IncludedBy included_by(std::span<const Applied> blocks) {
  IncludedBy included;
  for (const Applied& applied : blocks) {
    for (const CheckedTx& tx : applied.block.txs) {
      included.emplace(std::pair(tx.body().from, tx.body().nonce),
                       Included{tx.id(), applied.block.header().height});
    }
  }
  return included;
}

}  // namespace

// ---- opening ------------------------------------------------------------------------------------

Chain::Chain(Params params, std::unique_ptr<Store> store, Loaded& loaded, Parent parent,
             Mempool::Limits limits)
    : params_(std::move(params)),
      store_(std::move(store)),
      state_(std::move(loaded.state)),
      governance_(std::move(loaded.governance)),
      mempool_(limits),
      parent_(std::move(parent)),
      finality_(checkpoint_of(genesis_tip(params_))),
      final_(genesis_tip(params_)),
      justified_(final_),
      includable_(false) {
  for (Mempool::Entry& entry : loaded.mempool)
    mempool_.restore(std::move(entry.tx), entry.sequence);
  includable_ = mempool_.has_includable(state_);
}

Result<Chain> Chain::open(const Genesis& genesis, std::unique_ptr<Store> store,
                          Mempool::Limits limits) {
  AITBC_TRY(check_genesis(genesis));
  Params params = params_of(genesis);
  AITBC_TRY_ASSIGN(auto loaded, store->load(params));
  if (!loaded) {
    AITBC_TRY(store->initialise(genesis));
    AITBC_TRY_ASSIGN(loaded, store->load(params));
    AITBC_CHECK(loaded.has_value());
  }
  AITBC_TRY_ASSIGN(Parent parent,
                   read_parent(*store, loaded->head, loaded->state.authorities().size()));
  Chain chain(std::move(params), std::move(store), *loaded, std::move(parent), limits);
  chain.restore_evidence(*loaded);
  AITBC_TRY(chain.restore(loaded->certificates));
  return chain;
}

Result<std::optional<Tip>> Chain::tip_at(Height height) const {
  if (height > head().height) return std::optional<Tip>();
  if (height == head().height) return std::optional(head());
  if (height == 0) return std::optional(genesis_tip(params_));
  AITBC_TRY_ASSIGN(const Header header, header_at(*store_, height));
  return std::optional(tip_of(header));
}

Result<std::optional<BlockId>> Chain::id_at(Height height) const {
  AITBC_TRY_ASSIGN(const auto tip, tip_at(height));
  return tip ? std::optional(tip->id) : std::nullopt;
}

Result<Parent> Chain::parent_at(const Tip& tip) const {
  if (tip == head()) return parent_;
  return read_parent(*store_, tip, authorities_at(tip.height + 1).size());
}

const Governance& Chain::governance_at(Height height) const {
  const auto above = governance_.upper_bound(height);
  return above == governance_.begin() ? above->second : std::prev(above)->second;
}

bool Chain::knows_authorities_at(Height height) const {
  return governance_.begin()->first < height;
}

std::span<const PublicKey> Chain::authorities_at(Height height) const {
  return governance_at(height == 0 ? 0 : height - 1).authorities;
}

// ---- importing ----------------------------------------------------------------------------------

// How many blocks at the front of a branch are canonical. Each stands on the one before it, so the
// known ones come first and halving finds their end.
Result<std::size_t> Chain::count_known(std::span<const CheckedBlock> branch) const {
  std::size_t known = 0;
  for (std::size_t end = branch.size(); known < end;) {
    const std::size_t middle = known + (end - known) / 2;
    const Header& header = branch[middle].header();
    AITBC_TRY_ASSIGN(const auto ours, id_at(header.height));
    if (ours == id_of(header)) {
      known = middle + 1;
    } else {
      end = middle;
    }
  }
  return known;
}

Result<Imported> Chain::import(std::span<const CheckedBlock> branch, Time now) {
  if (branch.empty()) return error(Errc::bad_request, "branch: expected at least one block");
  if (branch.size() > limits::branch_blocks_max) {
    return error(Errc::too_large, "branch: expected at most " +
                                      std::to_string(limits::branch_blocks_max) + " blocks, got " +
                                      std::to_string(branch.size()));
  }
  AITBC_TRY(check_links(branch));

  AITBC_TRY_ASSIGN(const std::size_t known, count_known(branch));
  if (known == branch.size()) return Imported{Imported::Kind::exists, head(), 0, 0};
  branch = branch.subspan(known);
  AITBC_TRY(compare_seals(branch, now));
  const Header& first = branch.front().header();
  if (first.height <= final_.height) {
    AITBC_TRY(compare_finality(branch));
    AITBC_TRY_ASSIGN(const auto ours, id_at(first.height));
    return error(Errc::below_final, "block " + std::to_string(first.height) + ": another, " +
                                        hash_text(ours.value_or(BlockId{})) +
                                        ", is final at that height");
  }
  AITBC_TRY_ASSIGN(const auto ancestor, tip_at(first.height - 1));
  if (!ancestor || ancestor->id != first.parent) {
    return error(Errc::unknown_parent, "block " + std::to_string(first.height) + ": its parent " +
                                           hash_text(first.parent) +
                                           " is not on this node's chain; send the branch from "
                                           "the last common block on");
  }

  const auto slot_now = slot_at(params_, now);
  const Slot latest = slot_now ? *slot_now + limits::slots_ahead_max : 0;
  const auto early = std::find_if(branch.begin(), branch.end(), [&](const CheckedBlock& block) {
    return block.header().slot > latest;
  });
  if (early == branch.begin()) {
    return error(Errc::from_future, "block " + std::to_string(first.height) + ": slot " +
                                        std::to_string(first.slot) + " is ahead of this node's " +
                                        "clock, which allows up to " + std::to_string(latest));
  }
  branch = branch.first(static_cast<std::size_t>(early - branch.begin()));

  AITBC_TRY_ASSIGN(const Parent parent, parent_at(*ancestor));
  AITBC_TRY_ASSIGN(const bool better_branch, is_better(*ancestor, branch));
  return better_branch ? adopt(parent, branch) : keep_beside(parent, branch);
}

Result<Imported> Chain::adopt(const Parent& ancestor, std::span<const CheckedBlock> branch) {
  std::vector<Applied> rewound;
  if (ancestor.tip.height < head().height) {
    AITBC_TRY_ASSIGN(rewound, store_->applied_above(ancestor.tip.height));
  }
  undo_all(state_, rewound);
  Parent parent = ancestor;
  std::vector<Applied> appended;
  appended.reserve(branch.size());
  for (const CheckedBlock& block : branch) {
    auto effects = apply_block(params_, parent, state_, block);
    if (!effects) {
      undo_all(state_, appended);
      redo_all(state_, rewound);
      return std::move(effects).error();
    }
    parent.advance(block.header(), state_.authorities().size());
    appended.push_back({block, std::move(effects).value()});
  }
  const std::uint64_t depth = rewound.size();
  AITBC_TRY(commit_blocks(std::move(rewound), std::move(appended), std::move(parent)));
  AITBC_TRY(settle());
  return Imported{depth == 0 ? Imported::Kind::extended : Imported::Kind::reorganised, head(),
                  depth, branch.size()};
}

// The rules that need no state are checked, so that only authorities can have blocks kept.
Result<Imported> Chain::keep_beside(const Parent& ancestor, std::span<const CheckedBlock> branch) {
  Parent parent = ancestor;
  Governance governance = governance_at(ancestor.tip.height);
  for (const CheckedBlock& block : branch) {
    AITBC_TRY(check_header(parent, governance, block.header()));
    advance(governance, block);
    parent.advance(block.header(), governance.authorities.size());
  }
  Batch batch;
  batch.side.assign(branch.begin(), branch.end());
  AITBC_TRY(store_->commit(batch));
  return Imported{Imported::Kind::side, head(), 0, 0};
}

// `state_` stands at `head` already; on an error it is taken back to where it was before.
Status Chain::commit_blocks(std::vector<Applied> rewound, std::vector<Applied> appended,
                            Parent head) {
  const IncludedBy included = included_by(appended);
  Batch batch;
  if (!rewound.empty()) batch.rewind_to = rewound.front().block.header().height - 1;

  std::vector<Address> senders;
  for (const auto& [key, tx] : included) {
    if (senders.empty() || senders.back() != key.first) senders.push_back(key.first);
    if (mempool_.find(tx.id) != nullptr) batch.pool_remove.push_back(tx.id);
  }
  const auto replace = [&](const CheckedTx& tx) {
    const Included& by = included.at({tx.body().from, tx.body().nonce});
    if (by.id != tx.id()) batch.replaced.push_back({tx.id(), by.id, by.height});
    return by.id != tx.id();
  };
  for (const CheckedTx& tx : mempool_.stale(state_, senders)) {
    if (replace(tx)) batch.pool_remove.push_back(tx.id());
  }
  Mempool::Sequence sequence = mempool_.last_sequence();
  for (const Applied& block : rewound) {
    for (const CheckedTx& tx : block.block.txs) {
      if (tx.body().nonce >= state_.at(tx.body().from).nonce) {
        batch.pool_add.push_back({tx, ++sequence});
      } else {
        replace(tx);
      }
    }
  }
  batch.append = std::move(appended);
  if (auto committed = store_->commit(batch); !committed) {
    undo_all(state_, batch.append);
    redo_all(state_, rewound);
    return committed;
  }
  if (batch.rewind_to) {
    governance_.erase(governance_.upper_bound(*batch.rewind_to), governance_.end());
  }
  for (const Applied& block : batch.append) {
    if (const auto& change = block.effects.governance) {
      governance_.emplace(block.block.header().height, change->after);
    }
  }
  for (const TxId& id : batch.pool_remove) mempool_.remove(id);
  for (Mempool::Entry& entry : batch.pool_add)
    mempool_.restore(std::move(entry.tx), entry.sequence);
  mempool_.advance();
  parent_ = std::move(head);
  includable_ = mempool_.has_includable(state_);
  return ok();
}

// ---- sealing ------------------------------------------------------------------------------------

std::optional<Time> Chain::next_proposal(const Authority& authority, Time now) const {
  const PublicKey& key = authority.public_key();
  const Governance& governance = state_.governance();
  const Height next = head().height + 1;
  if (parent_.is_recent_signer(key, governance.authorities.size())) {
    return std::nullopt;  // another's block must come first, and will wake us
  }
  if (needs_handover(governance, next) && final_.height < governance.decision->decided) {
    return std::nullopt;  // votes must come first
  }
  Slot after = std::max(head().slot, authority.marks().sealed);
  if (!includable_ && head() == final_ && !is_changing(governance, next)) return std::nullopt;
  if (!includable_ || is_deep()) {
    after = std::max(after, last_slot_for_txs(parent_, governance));
  }
  if (const auto slot = slot_at(params_, now); slot && *slot > 0) {
    after = std::max(after, now < sealing_ends(params_, *slot) ? *slot - 1 : *slot);
  }
  const auto turn = next_turn(state_.authorities(), key, after);
  if (!turn) return std::nullopt;
  return std::max(now, start_of(params_, *turn));
}

Result<std::optional<Certificate>> Chain::handover() const {
  const Governance& governance = state_.governance();
  if (!needs_handover(governance, head().height + 1)) return std::optional<Certificate>();
  return store_->finality_of(governance.decision->decided);
}

Result<std::optional<CheckedBlock>> Chain::propose(Authority& authority, Time now) {
  const auto at = next_proposal(authority, now);
  if (!at || *at > now) return std::optional<CheckedBlock>();
  const Slot slot = *slot_at(params_, now);
  const auto candidates = mempool_.select(state_, limits::block_txs_max);
  AITBC_TRY_ASSIGN(auto certificate, handover());
  auto built = build_block(params_, parent_, state_, authority.key(), slot, candidates,
                           std::move(certificate));
  if (!built) return std::optional<CheckedBlock>();

  std::vector<Applied> appended;
  appended.push_back({built->block, std::move(built->effects)});
  if (auto promised = authority.promise_seal(slot); !promised) {
    undo_all(state_, appended);
    return std::move(promised).error();
  }
  Parent next = parent_;
  next.advance(built->block.header(), state_.authorities().size());
  AITBC_TRY(commit_blocks({}, std::move(appended), std::move(next)));
  accuse(signed_.see(built->block.sealed));
  AITBC_TRY(settle());
  return std::optional(std::move(built->block));
}

// ---- pending transactions -----------------------------------------------------------------------

// What used its nonce may be itself.
Error Chain::refusal_of(const CheckedTx& tx, Error refusal) const {
  if (refusal.code != Errc::nonce_used) return refusal;
  auto included = store_->included(tx.id());
  if (!included) return std::move(included).error();
  if (!*included) return refusal;
  return error(Errc::duplicate, "transaction " + hash_text(tx.id()) + " is in the chain already");
}

// Whether it would change anything but its sender's account, as things stand.
Status Chain::check_use(const CheckedTx& tx) const {
  if (const auto* ballot = std::get_if<Ballot>(&tx.body().payload)) {
    return check_ballot(state_.governance(), tx.body().from, *ballot);
  }
  return tx.mint() ? check_claim(state_, *tx.mint()) : ok();
}

Result<std::vector<Result<TxId>>> Chain::submit(std::span<const CheckedTx> txs,
                                                Submitter submitter) {
  std::vector<Result<TxId>> answers;
  answers.reserve(txs.size());
  Batch batch;
  for (const CheckedTx& tx : txs) {
    if (const auto status = mempool_.check(state_, tx); !status) {
      answers.emplace_back(refusal_of(tx, status.error()));
      continue;
    }
    if (submitter == Submitter::client) {
      if (auto status = check_use(tx); !status) {
        answers.push_back(std::move(status).error());
        continue;
      }
    }
    const Mempool::Sequence sequence = mempool_.add(tx);
    batch.pool_add.push_back({tx, sequence});
    answers.emplace_back(tx.id());
  }
  if (batch.pool_add.empty()) return answers;
  if (auto committed = store_->commit(batch); !committed) {
    for (const Mempool::Entry& entry : batch.pool_add) mempool_.remove(entry.tx.id());
    return std::move(committed).error();
  }
  for (const Mempool::Entry& entry : batch.pool_add) {
    if (includable_) break;
    includable_ = check_tx(state_, entry.tx.body()).has_value();
  }
  return answers;
}

}  // namespace aitbc
