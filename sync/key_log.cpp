#include "sync/key_log.hpp"

#include <utility>

namespace aitbc::sync {

// A key that waits for the others' approval, or was voted out, signs nothing and is not paused.
void KeyLog::note_role(const Replica& replica) {
  const Authority* authority = replica.authority();
  if (authority == nullptr) return;
  const bool in_set = is_authority(replica.chain().state().authorities(), authority->public_key());
  if (in_set == in_set_) return;
  // To be an authority from the start is no news.
  if (!in_set) {
    log_.warn("no_authority",
              {{"key", authority->public_key().hex()},
               {"detail",
                "the chain does not list this node's key: it signs nothing until more "
                "than half of the authorities have said aitbc authority add"}});
  } else if (in_set_) {
    log_.info("authority", {{"key", authority->public_key().hex()}});
  }
  in_set_ = in_set;
}

void KeyLog::note(const Replica& replica) {
  note_role(replica);
  const Fitness& fitness = replica.fitness();
  if (fitness.reason != reason_) {
    using Reason = Fitness::Reason;
    if (fitness.reason == Reason::none) {
      log_.info("signing");
    } else {
      const Log::Level level = fitness.reason >= Reason::other_runner ? Log::Level::error
                               : fitness.reason == Reason::asking     ? Log::Level::info
                                                                      : Log::Level::warn;
      log_.write(level, "paused", {{"why", fitness.why}}, {});
    }
    reason_ = fitness.reason;
  }
  const auto known = replica.chain().evidence();
  for (; evidence_ < known.size(); ++evidence_) {
    const Chain::Proven& proven = known[evidence_];
    log_.error("evidence", {{"id", hash_text(proven.id)},
                            {"key", proven.evidence.key().hex()},
                            {"detail", describe(proven.evidence)}});
  }
  const auto& conflict = replica.chain().finality_conflict();
  if (conflict && !std::exchange(conflict_, true)) {
    log_.error("finality_conflict", {{"ours_height", conflict->ours.block.height},
                                     {"ours", hash_text(conflict->ours.block.id)},
                                     {"theirs_height", conflict->theirs.block.height},
                                     {"theirs", hash_text(conflict->theirs.block.id)}});
  }
}

}  // namespace aitbc::sync
