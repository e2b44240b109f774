#include "sync/roster.hpp"

#include <algorithm>
#include <utility>

#include "chain/core/limits.hpp"

namespace aitbc::sync {

Roster::Roster(Duration window, Check check) : window_(window), check_(std::move(check)) {
  if (check_) return;
  check_ = [](const GenesisHash& chain, const KeyClaim& claim) {
    return check_claim(chain, claim);
  };
}

// The time of day may step back: nothing was heard later than now. Once for all that one answer
// tells: each of many keys would look at all others.
void Roster::forget(Time now) {
  if (std::exchange(forgot_, now) == now) return;
  for (auto it = by_key_.begin(); it != by_key_.end();) {
    for (Heard& heard : it->second) heard.at = std::min(heard.at, now);
    std::erase_if(it->second, [&](const Heard& heard) { return !fresh(heard, now); });
    it = it->second.empty() ? by_key_.erase(it) : std::next(it);
  }
}

Status Roster::hear(const GenesisHash& chain, const Sighting& sighting, Time now) {
  forget(now);
  const KeyClaim& claim = sighting.claim;
  // Whoever passes a claim on can make it no younger than it is, but for what clocks differ.
  const Time at = std::min(now - std::max(sighting.age, Duration{0}), claim.signed_at + window_);
  if (now - at > window_) return ok();
  const auto known_key = by_key_.find(claim.key);
  if (known_key != by_key_.end()) {
    for (Heard& heard : known_key->second) {
      if (heard.claim.instance != claim.instance) continue;
      if (heard.claim != claim) {
        if (claim.signed_at <= heard.claim.signed_at) return ok();
        AITBC_TRY(check_(chain, claim));
      }
      heard = {claim, sighting.url, std::max(at, heard.at)};
      return ok();
    }
  } else if (by_key_.size() >= limits::authorities_max) {
    return ok();
  }
  AITBC_TRY(check_(chain, claim));
  auto& all = by_key_[claim.key];
  all.push_back({claim, sighting.url, at});
  std::stable_sort(all.begin(), all.end(),
                   [](const Heard& a, const Heard& b) { return a.at > b.at; });
  if (all.size() > limits::key_runners_max) all.pop_back();
  return ok();
}

void Roster::tell(const std::vector<Heard>& all, Time now, std::vector<Sighting>& found) const {
  constexpr Duration resolution{1};  // or rounding would make the age less with each hop
  for (const Heard& heard : all) {
    // forget() comes later than a clock that has stepped back.
    const Duration age = std::max(now - heard.at, Duration{0}) + resolution;
    if (fresh(heard, now)) found.push_back({heard.claim, heard.url, age});
  }
}

std::vector<Sighting> Roster::sightings(Time now) const {
  std::vector<Sighting> found;
  for (const auto& of_key : by_key_) tell(of_key.second, now, found);
  return found;
}

std::size_t Roster::heard(std::span<const PublicKey> keys, const std::optional<PublicKey>& own,
                          Time now) const {
  return static_cast<std::size_t>(std::count_if(keys.begin(), keys.end(), [&](const auto& key) {
    if (key == own) return true;
    const auto found = by_key_.find(key);
    return found != by_key_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const Heard& heard) { return fresh(heard, now); });
  }));
}

std::vector<Sighting> Roster::runners(const PublicKey& key, Time now) const {
  std::vector<Sighting> found;
  if (const auto of_key = by_key_.find(key); of_key != by_key_.end()) {
    tell(of_key->second, now, found);
  }
  return found;
}

}  // namespace aitbc::sync
