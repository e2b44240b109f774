#pragma once
// A map whose keys only grow, in one piece of memory: an agent walks through all of its peers at
// each event, and in a tree that is a wait for memory at each of them. References hold until a key
// is added or erased. Not thread-safe.

#include <algorithm>
#include <utility>
#include <vector>

#include "chain/core/result.hpp"

namespace aitbc::sync {

template <class Key, class Value>
class FlatMap {
 public:
  using Entries = std::vector<std::pair<Key, Value>>;
  using iterator = typename Entries::iterator;
  using const_iterator = typename Entries::const_iterator;

  iterator begin() { return entries_.begin(); }
  iterator end() { return entries_.end(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  // The key is greater than all that there are.
  Value& append(Key key) {
    AITBC_CHECK(empty() || entries_.back().first < key);
    return entries_.emplace_back(key, Value()).second;
  }
  iterator erase(iterator entry) { return entries_.erase(entry); }

  // One that is there.
  Value& at(Key key) { return found(*this, key)->second; }
  const Value& at(Key key) const { return found(*this, key)->second; }
  // The first that is greater.
  iterator upper_bound(Key key) {
    return std::upper_bound(begin(), end(), key,
                            [](Key wanted, const auto& entry) { return wanted < entry.first; });
  }

 private:
  template <class Map>
  static auto found(Map& map, Key key) {
    const auto entry =
        std::lower_bound(map.begin(), map.end(), key,
                         [](const auto& each, Key wanted) { return each.first < wanted; });
    AITBC_CHECK(entry != map.end() && entry->first == key);
    return entry;
  }

  Entries entries_;
};

}  // namespace aitbc::sync
