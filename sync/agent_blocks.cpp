// The part of the agent that brings the local chain up to the best that its peers offer.

#include <algorithm>
#include <iterator>

#include "sync/agent.hpp"

namespace aitbc::sync {

namespace {

// Whether it is the blocks that are wrong: too much at once is a limit of the local ledger.
bool breaks_a_rule(const Error& failure) {
  return category(failure.code) == Category::malformed && failure.code != Errc::too_large;
}

}  // namespace

// The peer's standing as its head and the last search tell it; kept as it was while neither does.
Status Agent::judge(Peer& peer) {
  if (!peer.status.head) return ok();
  const Tip theirs = *peer.status.head;
  const Tip ours = ledger_.head();
  SyncState& state = peer.status.state;
  AITBC_TRY_ASSIGN(const auto at_their_height, ledger_.id_at(theirs.height));
  peer.has_our_chain = at_their_height == theirs.id;
  if (theirs.id == ours.id) {
    state = {SyncState::Kind::in_sync, 0, {}};
  } else if (at_their_height == theirs.id) {
    state = {SyncState::Kind::behind, ours.height - theirs.height, {}};
  } else if (peer.searched == theirs && peer.ancestor && peer.ancestor->height < ours.height) {
    state = {SyncState::Kind::diverged, peer.ancestor->height, {}};
  } else if (theirs.height > ours.height) {
    state = {SyncState::Kind::ahead, theirs.height - ours.height, {}};
  }
  return ok();
}

// Votes weigh more than blocks, but which votes its branch holds is for the ledger to find out.
// A branch with a block that a quorum has committed is fetched even if it is no better than ours:
// if it leaves our chain below the final block, there are two final histories, and this is the
// proof.
bool Agent::claims_better(const Peer& peer) const {
  if (!peer.status.head) return false;
  const Tip justified = ledger_.justified();
  if (peer.lost == std::pair(peer.status.head->id, justified.id)) return false;
  if (peer.justified > justified.height || better(*peer.status.head, ledger_.head())) return true;
  return committed_elsewhere_ && peer.justified >= committed_elsewhere_->height &&
         peer.status.state.kind == SyncState::Kind::diverged;
}

// Once for each head of ours. What a peer has of our chain it still has when that only grew; one
// that is not followed moves on as we do, and says so only when it is looked at.
Status Agent::judge_all() {
  const Tip ours = ledger_.head();
  if (judged_for_ == ours) return ok();
  bool grew = false;
  if (judged_for_ && !follows_all()) {
    AITBC_TRY_ASSIGN(const auto still, ledger_.id_at(judged_for_->height));
    grew = still == judged_for_->id;
  }
  for (auto& [id, peer] : peers_) {
    const bool stands = peer.status.state.kind == SyncState::Kind::in_sync;
    if (peer.followed || !stands || !grew) AITBC_TRY(judge(peer));
  }
  judged_for_ = ours;
  return ok();
}

Result<bool> Agent::offers_better(const Peer& peer, Time now) {
  if (!usable(peer, now) || !claims_better(peer)) return false;
  AITBC_TRY_ASSIGN(const auto known, ledger_.id_at(peer.status.head->height));
  return known != peer.status.head->id;
}

Status Agent::advance(Time now) {
  AITBC_TRY_ASSIGN(committed_elsewhere_, ledger_.committed_elsewhere());
  AITBC_TRY(judge_all());
  if (download_) {
    AITBC_TRY_ASSIGN(const auto known, ledger_.id_at(download_->target().height));
    if (known == download_->target().id) end_download();
  }
  if (!download_) {
    std::optional<PeerId> best;
    for (const auto& [id, peer] : peers_) {
      if (peer.has_our_chain || peer.search || now < peer.retry_blocks) continue;
      AITBC_TRY_ASSIGN(const bool offers, offers_better(peer, now));
      if (offers && (!best || better(*peer.status.head, *peers_.at(*best).status.head))) best = id;
    }
    if (best) AITBC_TRY(start_download(*best));
  }
  if (download_) ask_ranges(now);

  // Where a peer that lost left our chain is worth knowing too.
  for (const auto& [id, peer] : peers_) {
    if (peer.has_our_chain || peer.search || now < peer.retry_blocks || !usable(peer, now))
      continue;
    const Tip theirs = *peer.status.head;
    if (peer.searched == theirs || claims_better(peer)) continue;
    AITBC_TRY_ASSIGN(const auto ours, ledger_.id_at(theirs.height));
    if (ours && ours != theirs.id) start_search(id, theirs.height);
  }
  retry_refused(now);
  return ok();
}

Status Agent::start_download(PeerId id) {
  const Peer& peer = peers_.at(id);
  const Tip target = *peer.status.head;
  const Tip ours = ledger_.head();
  if (peer.searched == target && peer.ancestor) {
    AITBC_TRY_ASSIGN(const auto still, ledger_.id_at(peer.ancestor->height));
    if (still == peer.ancestor->id) {
      ++downloads_;
      download_.emplace(id, target, *peer.ancestor, false);
      return ok();
    }
  }
  if (target.height > ours.height) {
    ++downloads_;
    download_.emplace(id, target, ours, true);
  } else {
    start_search(id, target.height);
  }
  return ok();
}

void Agent::start_search(PeerId id, Height differs_at) {
  Peer& peer = peers_.at(id);
  peer.search.emplace(differs_at);
  if (const auto headers = peer.search->next()) {
    send(id, *headers);
    return;
  }
  peer.search.reset();
  peer.ancestor = genesis_tip(ledger_.params());
  peer.searched = peer.status.head;
}

Status Agent::on_headers(PeerId id, Result<Reply> reply, Time now) {
  Peer& peer = peers_.at(id);
  if (!peer.search) return ok();
  const auto end_search = [&](const Error& why) {
    peer.search.reset();
    peer.status.last_error = why.detail;
    peer.retry_blocks = now + backoff(peer.block_failures);
    return ok();
  };
  if (!reply) return end_search(reply.error());
  const auto status =
      peer.search->on_headers(std::get<std::vector<SealedHeader>>(*reply),
                              [&](Height height, const BlockId& theirs) -> Result<bool> {
                                AITBC_TRY_ASSIGN(const auto ours, ledger_.id_at(height));
                                return ours == theirs;
                              });
  if (!status) return is_internal(status.error()) ? status : end_search(status.error());
  if (const auto headers = peer.search->next()) {
    send(id, *headers);
    return ok();
  }
  const Height height = *peer.search->ancestor();
  peer.search.reset();
  AITBC_TRY_ASSIGN(const auto ours, ledger_.id_at(height));
  if (!ours) return ok();  // our own chain changed during the search
  peer.ancestor = Tip{height, 0, *ours};
  peer.searched = peer.status.head;
  return judge(peer);
}

// ---- downloads ----------------------------------------------------------------------------------

// A range that extends our head is judged by itself, whoever brought it. A fork is judged as a
// whole, so all of it must be of one peer, or nobody would know whom to blame.
void Agent::hold_to_source() {
  if (download_->last_taken() != ledger_.head().id) download_->ask_source_only();
}

// The source first; then, while our head is extended, every peer that claims the height, in turns.
void Agent::ask_ranges(Time now) {
  hold_to_source();
  const Peer& source = peers_.at(download_->source());
  while (const auto range = download_->next_range(source.range_blocks)) {
    PeerId to = download_->source();
    for (std::size_t tries = 0; !download_->source_only() && tries < peers_.size(); ++tries) {
      const PeerId id = next_helper();
      const Peer& helper = peers_.at(id);
      const bool has_it = usable(helper, now) && now >= helper.retry_blocks &&
                          helper.status.head->height >= range->from + range->limit - 1;
      if (has_it) {
        to = id;
        break;
      }
    }
    send(to, GetBlocks{range->from, range->limit});
  }
}

PeerId Agent::next_helper() {
  auto next = peers_.upper_bound(last_helper_);
  if (next == peers_.end()) next = peers_.begin();
  return last_helper_ = next->first;
}

Status Agent::on_blocks(PeerId id, const GetBlocks& asked, std::uint64_t download,
                        Result<Reply> reply, Time now) {
  std::size_t& blocks_max = peers_.at(id).range_blocks;
  if (reply) {
    blocks_max = std::min(2 * blocks_max, limits::range_blocks_max);
  } else if (reply.error().code == Errc::timeout) {
    blocks_max = std::max<std::size_t>(blocks_max / 2, 1);
  }
  if (!download_ || download != downloads_) return ok();
  const Download::Range range{asked.from, asked.limit};
  const auto outcome =
      reply
          ? download_->on_blocks(id, range, std::get<std::vector<CheckedBlock>>(std::move(*reply)))
          : download_->on_error(id, range);
  switch (outcome) {
    case Download::Outcome::taken:
      return import_taken(now);
    case Download::Outcome::useless:
      return ok();
    case Download::Outcome::wrong_guess: {
      const PeerId source = download_->source();
      const Height height = download_->ancestor();
      end_download();
      if (height == 0) {
        distrust(peers_.at(source),
                 error(Errc::broken_branch, "blocks: block 1 does not follow the genesis"), now);
      } else {
        start_search(source, height);
      }
      return ok();
    }
    case Download::Outcome::failed:
      give_up(id,
              reply ? error(Errc::broken_branch, "blocks: the peer does not have what it claims")
                    : reply.error(),
              now);
      return ok();
  }
  AITBC_CHECK(false && "an Outcome outside its enumerators");
}

Status Agent::import_taken(Time now) {
  while (download_) {
    hold_to_source();
    auto taken = download_->take();
    if (const auto failed = download_->failed()) {
      give_up(*failed, error(Errc::broken_branch, "blocks: the ranges do not follow one another"),
              now);
      return ok();
    }
    if (!taken) return ok();
    std::move(taken->blocks.begin(), taken->blocks.end(), std::back_inserter(branch_));
    AITBC_TRY(import_branch(taken->from, now));
  }
  return ok();
}

// What was taken and not imported yet, brought by `from`.
Status Agent::import_branch(PeerId from, Time now) {
  const Tip tip = tip_of(branch_.back().header());
  if (better(tip, ledger_.head()) || download_->done()) {
    const auto imported = ledger_.import(branch_, now);
    if (imported) note_import(*imported);
    const bool kept_beside = imported && imported->kind == Imported::Kind::side;
    if (kept_beside && first_early(latest_slot(now)) == nullptr) {
      // Against our votes; what is still to come of it may be justified higher.
      if (download_->done()) lose();
      return check_depth(from, now);
    }
    // Blocks of slots to come are left out, so a better branch may not have become ours.
    if (imported ? kept_beside || better(tip, ledger_.head())
                 : imported.error().code == Errc::from_future) {
      wait_until_due(from, now);
      return ok();
    }
    branch_.clear();
    if (!imported) {
      if (is_internal(imported.error())) return imported.error();
      if (breaks_a_rule(imported.error())) distrust(peers_.at(from), imported.error(), now);
      give_up(from, imported.error(), now);
      return ok();
    }
    peers_.at(from).block_failures = 0;
  }
  if (download_->done()) {
    if (tip.id != download_->target().id) {
      give_up(from, error(Errc::broken_branch, "blocks: they do not end in the head that was said"),
              now);
      return ok();
    }
    end_download();
  }
  return check_depth(from, now);
}

Status Agent::check_depth(PeerId from, Time now) {
  if (download_ && branch_.size() + limits::range_blocks_max > limits::branch_blocks_max) {
    give_up(from,
            error(Errc::too_large, "blocks: the fork is deeper than " +
                                       std::to_string(limits::branch_blocks_max) + " blocks"),
            now);
  }
  return ok();
}

// All of the branch was weighed: not again before its head or our votes change.
void Agent::lose() {
  peers_.at(download_->source()).lost = std::pair(download_->target().id, ledger_.justified().id);
  end_download();
}

// The first block of the branch that is ahead of the clock; null if none is.
const CheckedBlock* Agent::first_early(Slot latest) const {
  const auto early = std::find_if(branch_.begin(), branch_.end(), [&](const CheckedBlock& block) {
    return block.header().slot > latest;
  });
  return early == branch_.end() ? nullptr : &*early;
}

Slot Agent::latest_slot(Time now) const {
  return slot_at(ledger_.params(), now).value_or(0) + limits::slots_ahead_max;
}

void Agent::note_import(const Imported& imported) {
  if (imported.rewound == 0) return;
  ++reorgs_;
  reorg_depth_max_ = std::max(reorg_depth_max_, imported.rewound);
}

// A block that came with a poll's answer. If it does not fit, the download finds out why.
Status Agent::take_pushed(Peer& peer, std::span<const CheckedBlock> blocks, Time now) {
  if (blocks.empty() || !better(tip_of(blocks.back().header()), ledger_.head())) return ok();
  const auto imported = ledger_.import(blocks, now);
  if (imported) {
    note_import(*imported);
  } else if (is_internal(imported.error())) {
    return imported.error();
  } else if (breaks_a_rule(imported.error())) {
    distrust(peer, imported.error(), now);
  }
  return ok();
}

void Agent::end_download() {
  download_.reset();
  branch_.clear();
}

// Who brought what could not be used waits, whether source or helper; the next best is asked at
// once.
void Agent::give_up(PeerId id, const Error& why, Time now) {
  Peer& peer = peers_.at(id);
  peer.status.last_error = why.detail;
  peer.searched.reset();
  peer.retry_blocks = now + backoff(peer.block_failures);
  end_download();
}

// To ask for the branch again before its first early block may be imported would be in vain.
void Agent::wait_until_due(PeerId from, Time now) {
  const Params& params = ledger_.params();
  const Slot latest = latest_slot(now);
  Time due = now + params.slot;  // if only another clock, of the daemon's node, finds it early
  std::string which = "the branch";
  if (const CheckedBlock* const early = first_early(latest)) {
    const Header& header = early->header();
    // Whatever slot a header claims, nobody waits for longer.
    const Slot last = latest + static_cast<Slot>(limits::future_wait_max / params.slot) + 1;
    due = start_of(params, std::min(header.slot, last) - limits::slots_ahead_max);
    which = "block " + std::to_string(header.height) + " of slot " + std::to_string(header.slot);
  }
  give_up(from, error(Errc::from_future, "blocks: " + which + " is ahead of this node's clock"),
          now);
  peers_.at(from).retry_blocks = std::min(due, now + limits::future_wait_max);
}

}  // namespace aitbc::sync
