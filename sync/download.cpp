#include "sync/download.hpp"

#include <algorithm>

namespace aitbc::sync {

Download::Download(PeerId source, const Tip& target, const Tip& ancestor, bool guess)
    : source_(source),
      target_(target),
      ancestor_(ancestor.height),
      last_taken_(ancestor.id),
      last_from_(source),
      next_(ancestor.height + 1),
      asked_(ancestor.height + 1),
      guess_(guess) {}

std::optional<Download::Range> Download::next_range(std::size_t blocks_max) {
  const std::size_t most = guess_ ? 1 : limits::ranges_max;
  if (under_way_ + arrived_.size() >= most) return std::nullopt;
  blocks_max = std::min(blocks_max, whole_);
  Range range;
  if (!again_.empty()) {
    // The lowest first: what waits for it must not fill all places.
    const auto lowest =
        std::min_element(again_.begin(), again_.end(),
                         [](const Range& a, const Range& b) { return a.from < b.from; });
    range = *lowest;
    again_.erase(lowest);
    if (range.limit > blocks_max) {
      again_.push_back({range.from + blocks_max, range.limit - blocks_max});
      range.limit = blocks_max;
    }
  } else if (asked_ <= target_.height) {
    range = {asked_, std::min<std::size_t>(blocks_max, target_.height - asked_ + 1)};
    asked_ += range.limit;
  } else {
    return std::nullopt;
  }
  ++under_way_;
  return range;
}

Download::Outcome Download::ask_again(PeerId from, const Range& range) {
  if (from == source_) return Outcome::failed;
  source_only_ = true;
  again_.push_back(range);
  return Outcome::useless;
}

Download::Outcome Download::on_error(PeerId from, const Range& asked) {
  --under_way_;
  return ask_again(from, asked);
}

Download::Outcome Download::on_blocks(PeerId from, const Range& asked,
                                      std::vector<CheckedBlock> blocks) {
  --under_way_;
  if (blocks.empty() || blocks.size() > asked.limit ||
      blocks.front().header().height != asked.from) {
    return ask_again(from, asked);
  }
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].header().parent != id_of(blocks[i - 1].header())) return ask_again(from, asked);
  }
  if (guess_ && asked.from == next_) {
    if (blocks.front().header().parent != last_taken_) return Outcome::wrong_guess;
    guess_ = false;
  }
  // A peer may send less than it was asked for: the size of an answer is bounded.
  if (blocks.size() == asked.limit) {
    whole_ = std::min(std::max(whole_, 2 * asked.limit), limits::range_blocks_max);
  } else {
    whole_ = blocks.size();
    again_.push_back({asked.from + blocks.size(), asked.limit - blocks.size()});
  }
  arrived_.emplace(asked.from, Delivery{from, std::move(blocks)});
  return Outcome::taken;
}

std::optional<Download::Delivery> Download::take() {
  const auto found = arrived_.find(next_);
  if (found == arrived_.end()) return std::nullopt;
  Delivery taken = std::move(found->second);
  arrived_.erase(found);
  const bool follows = taken.blocks.front().header().parent == last_taken_;
  if (taken.from == source_) {
    if (!follows) failed_ = last_from_;
  } else if (!follows || source_only_) {
    again_.push_back({next_, taken.blocks.size()});
    source_only_ = true;
    return std::nullopt;
  }
  if (failed_) return std::nullopt;
  next_ += taken.blocks.size();
  last_taken_ = id_of(taken.blocks.back().header());
  last_from_ = taken.from;
  return taken;
}

}  // namespace aitbc::sync
