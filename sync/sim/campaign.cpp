#include "sync/sim/campaign.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace aitbc::sim {

namespace {

thread_local std::uint64_t living = 0;
thread_local bool is_living = false;

// The lives that are done and not yet told, and the seeds that nobody lives yet.
class Board {
 public:
  explicit Board(const Campaign& campaign) : next_(0), count_(campaign.count) {}

  std::optional<std::uint64_t> take() {
    const std::lock_guard lock(mutex_);
    return next_ < count_ ? std::optional(next_++) : std::nullopt;
  }
  void put(std::uint64_t number, Life life) {
    const std::lock_guard lock(mutex_);
    done_.emplace(number, std::move(life));
    changed_.notify_one();
  }
  Life wait_for(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.contains(number); });
    return std::move(done_.extract(number).mapped());
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t next_;
  const std::uint64_t count_;
  std::map<std::uint64_t, Life> done_;
};

}  // namespace

void live_all(const Campaign& campaign, const std::function<void(const Life&)>& told) {
  Board board(campaign);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < std::max<std::size_t>(campaign.threads, 1); ++i) {
    threads.emplace_back([&] {
      while (const auto number = board.take()) {
        living = campaign.first + *number;
        is_living = true;
        board.put(*number, campaign.recording ? replay(*campaign.recording, campaign.plan, living)
                                              : live(campaign.plan, living));
        is_living = false;
      }
    });
  }
  for (std::uint64_t i = 0; i < campaign.count; ++i) told(board.wait_for(i));
  for (std::thread& thread : threads) thread.join();
}

std::optional<std::uint64_t> living_seed() {
  return is_living ? std::optional(living) : std::nullopt;
}

}  // namespace aitbc::sim
