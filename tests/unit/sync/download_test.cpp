#include "sync/download.hpp"

#include <catch2/catch.hpp>

#include <deque>

#include "chain/core/limits.hpp"
#include "chain/core/poa.hpp"

using namespace aitbc;
using sync::Download;
using Outcome = Download::Outcome;

namespace {

constexpr sync::PeerId source = 0;
constexpr sync::PeerId helper = 1;

// Headers that link, from height 1 on; a download looks at nothing else.
std::vector<CheckedBlock> linked_blocks(std::size_t count, Byte flavour) {
  std::vector<CheckedBlock> blocks;
  BlockId parent;
  for (Height height = 1; height <= count; ++height) {
    CheckedBlock block{};
    block.sealed.header.height = height;
    block.sealed.header.parent = parent;
    block.sealed.header.state_root.data[0] = flavour;
    parent = id_of(block.header());
    blocks.push_back(block);
  }
  return blocks;
}

std::vector<CheckedBlock> cut(const std::vector<CheckedBlock>& blocks,
                              const Download::Range& range) {
  const auto first = blocks.begin() + static_cast<std::ptrdiff_t>(range.from - 1);
  return {first, first + static_cast<std::ptrdiff_t>(range.limit)};
}

std::vector<CheckedBlock> take_all(Download& download) {
  std::vector<CheckedBlock> all;
  while (const auto taken = download.take()) {
    all.insert(all.end(), taken->blocks.begin(), taken->blocks.end());
  }
  return all;
}

const std::vector<CheckedBlock> chain = linked_blocks(1'000, 1);
const std::vector<CheckedBlock> foreign = linked_blocks(1'000, 2);
const Tip target = tip_of(chain.back().header());
const Tip genesis{};

}  // namespace

TEST_CASE("ranges come back in any order and are taken in theirs") {
  Download download(source, target, genesis, false);
  std::vector<Download::Range> ranges;
  while (const auto range = download.next_range()) ranges.push_back(*range);
  REQUIRE(ranges.size() == limits::ranges_max);
  Height next = 1;
  while (!ranges.empty()) {
    const auto range = ranges.back();  // the last asked first
    ranges.pop_back();
    CHECK(download.on_blocks(range.from % 2 == 0 ? source : helper, range, cut(chain, range)) ==
          Outcome::taken);
    for (const CheckedBlock& block : take_all(download)) CHECK(block.header().height == next++);
    while (const auto more = download.next_range()) ranges.insert(ranges.begin(), *more);
  }
  CHECK(download.done());
  CHECK(next == 1'001);
}

TEST_CASE("a short answer is completed") {
  Download download(source, target, genesis, false);
  const auto range = *download.next_range();
  CHECK(download.on_blocks(source, range, cut(chain, {range.from, 10})) == Outcome::taken);
  CHECK(take_all(download).size() == 10);
  const auto rest = *download.next_range();
  CHECK(rest.from == 11);
  CHECK(rest.limit == 10);  // as many came whole
  CHECK(download.on_blocks(source, rest, cut(chain, rest)) == Outcome::taken);
  CHECK(download.next_range()->limit == 20);
}

TEST_CASE("cut answers leave none idle who fetches") {
  const std::size_t lanes = 2;
  Download download(source, target, genesis, false);
  std::deque<Download::Range> under_way;
  for (int patience = 0; !download.done() && patience < 1'000; ++patience) {
    while (under_way.size() < lanes) {
      const auto range = download.next_range();
      if (!range) break;
      under_way.push_back(*range);
    }
    const bool is_end = !under_way.empty() && under_way.front().from > 900;
    if (!is_end) REQUIRE(under_way.size() == lanes);
    const auto range = under_way.front();
    under_way.pop_front();
    const auto blocks = cut(chain, {range.from, std::min<std::size_t>(range.limit, 40)});
    REQUIRE(download.on_blocks(source, range, blocks) == Outcome::taken);
    take_all(download);
  }
  CHECK(download.done());
}

TEST_CASE("answers that are always cut short still make progress") {
  const std::size_t most = GENERATE(10U, 100U, 255U);
  Download download(source, target, genesis, false);
  std::deque<Download::Range> under_way;
  for (int patience = 0; !download.done() && patience < 1'000; ++patience) {
    while (const auto range = download.next_range()) under_way.push_back(*range);
    REQUIRE_FALSE(under_way.empty());
    const auto range = under_way.front();
    under_way.pop_front();
    const auto blocks = cut(chain, {range.from, std::min(range.limit, most)});
    REQUIRE(download.on_blocks(source, range, blocks) == Outcome::taken);
    take_all(download);
  }
  CHECK(download.done());
}

TEST_CASE("a source whose ranges do not follow one another has failed") {
  Download download(source, target, genesis, false);
  const auto first = *download.next_range();
  const auto second = *download.next_range();
  REQUIRE(download.on_blocks(source, first, cut(chain, first)) == Outcome::taken);
  REQUIRE(download.on_blocks(source, second, cut(foreign, second)) == Outcome::taken);
  CHECK(take_all(download).size() == first.limit);
  CHECK(download.failed() == source);
}

TEST_CASE("what the source delivers does not follow a helper's range: the helper failed") {
  Download download(source, target, genesis, false);
  const auto first = *download.next_range();
  const auto second = *download.next_range();
  REQUIRE(download.on_blocks(helper, first, cut(foreign, first)) == Outcome::taken);
  REQUIRE(download.on_blocks(source, second, cut(chain, second)) == Outcome::taken);
  CHECK(download.take()->from == helper);
  CHECK_FALSE(download.take());
  CHECK(download.failed() == helper);
}

TEST_CASE("told to ask the source alone, a download takes nothing more of a helper") {
  Download download(source, target, genesis, false);
  const auto range = *download.next_range();
  REQUIRE(download.on_blocks(helper, range, cut(chain, range)) == Outcome::taken);
  download.ask_source_only();
  CHECK_FALSE(download.take());
  CHECK_FALSE(download.failed());
  CHECK(download.next_range()->from == range.from);
}

TEST_CASE("a guess asks for one range until its first block proves it") {
  Download download(source, target, genesis, true);
  const auto range = *download.next_range();
  CHECK_FALSE(download.next_range());
  CHECK(download.source_only());
  SECTION("right") {
    CHECK(download.on_blocks(source, range, cut(chain, range)) == Outcome::taken);
    CHECK_FALSE(download.source_only());
    CHECK(download.next_range());
  }
  SECTION("wrong") {
    Download wrong(source, target, tip_of(foreign.front().header()), true);
    const auto second = *wrong.next_range();
    CHECK(wrong.on_blocks(source, second, cut(chain, second)) == Outcome::wrong_guess);
  }
}

TEST_CASE("a helper of another chain costs a range, a source that does not deliver the download") {
  Download download(source, target, genesis, false);
  const auto first = *download.next_range();
  const auto second = *download.next_range();
  REQUIRE(download.on_blocks(source, first, cut(chain, first)) == Outcome::taken);
  enum class Fault { foreign, nothing, failure, broken };
  switch (GENERATE(Fault::foreign, Fault::nothing, Fault::failure, Fault::broken)) {
    case Fault::foreign:  // seen only when it is its turn
      CHECK(download.on_blocks(helper, second, cut(foreign, second)) == Outcome::taken);
      break;
    case Fault::nothing:
      CHECK(download.on_blocks(helper, second, {}) == Outcome::useless);
      break;
    case Fault::failure:
      CHECK(download.on_error(helper, second) == Outcome::useless);
      break;
    case Fault::broken: {
      auto broken = cut(chain, second);
      broken[1] = foreign[second.from];
      CHECK(download.on_blocks(helper, second, broken) == Outcome::useless);
      break;
    }
  }
  CHECK(take_all(download).size() == first.limit);
  CHECK(download.source_only());
  const auto again = *download.next_range();
  CHECK(again.from == second.from);
  SECTION("the source delivers") {
    CHECK(download.on_blocks(source, again, cut(chain, again)) == Outcome::taken);
    CHECK(take_all(download).size() == again.limit);
  }
  SECTION("the source fails") { CHECK(download.on_error(source, again) == Outcome::failed); }
  SECTION("the source sends what was not asked for") {
    CHECK(download.on_blocks(source, again, cut(chain, {1, 1})) == Outcome::failed);
  }
}
