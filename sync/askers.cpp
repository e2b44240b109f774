#include "sync/askers.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"

namespace aitbc::sync {

Askers::Sequence Askers::known(const SyncQuery& query, const std::string& instance) const {
  if (query.instance != instance) return 0;
  const auto told = told_.find(query.asker);
  return told == told_.end() ? query.cursor : std::max(query.cursor, told->second);
}

bool Askers::has_news(const SyncQuery& query, const std::string& instance, Sequence latest) const {
  return query.instance != instance || known(query, instance) != latest;
}

Askers::Sequence Askers::release(const SyncQuery& query, const std::string& instance,
                                 Sequence latest) {
  const Sequence since = known(query, instance);
  if (!query.asker.empty()) {
    if (told_.size() >= limits::askers_max && !told_.contains(query.asker)) told_.clear();
    told_[query.asker] = latest;
  }
  return since;
}

}  // namespace aitbc::sync
