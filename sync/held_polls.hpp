#pragma once
// Polls that are held back while there is no news for those who ask. Core thread.

#include <list>

#include "sync/askers.hpp"
#include "sync/work.hpp"

namespace aitbc::sync {

class HeldPolls {
 public:
  using Clock = PollWork::Clock;

  void hold(PollWork poll) { polls_.push_back(std::move(poll)); }

  // How long until the first of them has waited for as long as it said, at most `longest`.
  Duration patience(Duration longest, Clock::time_point now) const {
    for (const PollWork& poll : polls_) {
      longest = std::min(longest, std::chrono::ceil<Duration>(poll.until() - now));
    }
    return longest;
  }

  // Those for whom there is news, which have come up to `latest`, and those whose wait is over are
  // given `make(query)`; the query says after which of the news the answer begins.
  template <class Make>
  void answer(const std::string& instance, Askers::Sequence latest, Clock::time_point now,
              const Make& make) {
    for (auto poll = polls_.begin(); poll != polls_.end();) {
      SyncQuery& query = poll->query;
      if (now < poll->until() && !askers_.has_news(query, instance, latest)) {
        ++poll;
        continue;
      }
      query.cursor = askers_.release(query, instance, latest);
      SyncAnswer news = make(query);
      news.held = std::chrono::duration_cast<Duration>(now - poll->asked);
      poll->answer(std::move(news));
      poll = polls_.erase(poll);
    }
  }

  void drop() { polls_.clear(); }

 private:
  std::list<PollWork> polls_;
  Askers askers_;
};

}  // namespace aitbc::sync
