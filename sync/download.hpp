#pragma once
// Fetching a peer's branch: ranges of whole blocks from several peers at once, put together in
// order and judged by their links. Pure; the agent sends what `next_range` asks for and imports
// what `take` gives, range by range, so that it is known who brought what cannot be used.

#include <map>

#include "chain/core/limits.hpp"
#include "sync/protocol.hpp"

namespace aitbc::sync {

using PeerId = std::size_t;  // of an agent: never given to a second peer

class Download {
 public:
  struct Range {
    Height from = 0;
    std::size_t limit = 0;
  };

  // The blocks above `ancestor` up to `target`, which `source` claims to have. A guess is the hope
  // that the peer's chain continues ours: until its first block proves that, one range is asked
  // for.
  Download(PeerId source, const Tip& target, const Tip& ancestor, bool guess);

  PeerId source() const { return source_; }
  const Tip& target() const { return target_; }
  Height ancestor() const { return ancestor_; }

  // What to ask for next, of no more blocks than that; nullopt while enough is under way or nothing
  // is missing.
  std::optional<Range> next_range(std::size_t blocks_max = limits::range_blocks_max);
  // While guessing, or after somebody else's range turned out to be of another chain, or when told.
  bool source_only() const { return guess_ || source_only_; }
  void ask_source_only() { source_only_ = true; }

  enum class Outcome {
    taken,        // waits for its turn, or can be taken
    wrong_guess,  // the first block does not continue the ancestor: search for the real one
    useless,      // of another chain, or empty: asked for again, from the source
    failed,       // the source itself does not deliver what it claims
  };
  Outcome on_blocks(PeerId from, const Range& asked, std::vector<CheckedBlock> blocks);
  Outcome on_error(PeerId from, const Range& asked);

  struct Delivery {
    PeerId from;
    std::vector<CheckedBlock> blocks;
  };
  // The range that follows the last taken block; nullopt while it has not arrived.
  std::optional<Delivery> take();
  const BlockId& last_taken() const { return last_taken_; }
  // What the source delivered does not follow what was taken: whoever brought the latter.
  std::optional<PeerId> failed() const { return failed_; }
  // Whether any block has shown yet that there is something to fetch.
  bool guessing() const { return guess_; }
  bool done() const { return next_ > target_.height; }

 private:
  Outcome ask_again(PeerId from, const Range& range);

  PeerId source_;
  Tip target_;
  Height ancestor_;
  BlockId last_taken_;  // id of the block before next_
  PeerId last_from_;    // who brought it
  Height next_;         // the next height to be taken
  Height asked_;        // heights below it are asked for
  bool guess_;
  bool source_only_ = false;
  std::optional<PeerId> failed_;
  std::size_t under_way_ = 0;
  // As many came whole. Rests of longer ranges would keep places that the lowest ones need.
  std::size_t whole_ = limits::range_blocks_max;
  std::vector<Range> again_;
  std::map<Height, Delivery> arrived_;
};

}  // namespace aitbc::sync
