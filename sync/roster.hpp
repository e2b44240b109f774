#pragma once
// Which processes run the authorities' keys, as far as this node heard, itself or through others.
// From it follow two answers: whether a quorum of authorities is there, and whether another process
// runs the own key. Deterministic; owned by one Agent.
//
// Hearing is passed on with its age, which each hop only ever makes greater: so two nodes cannot
// keep a third alive for one another that both stopped hearing.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "chain/protocol.hpp"

namespace aitbc::sync {

class Roster {
 public:
  // Whether a claim is its key's own.
  using Check = std::function<Status(const GenesisHash&, const KeyClaim&)>;
  // What was heard longer ago than `window` is forgotten. Without a check of one's own claims are
  // verified.
  explicit Roster(Duration window, Check check = nullptr);

  Duration window() const { return window_; }
  // bad_signature if the claim is not its key's own: verified each time that it is renewed.
  Status hear(const GenesisHash&, const Sighting&, Time now);
  // To be passed on: of each key the processes that were heard last.
  std::vector<Sighting> sightings(Time now) const;
  // How many of the keys were heard; `own` counts without.
  std::size_t heard(std::span<const PublicKey> keys, const std::optional<PublicKey>& own,
                    Time now) const;
  // The processes that run the key.
  std::vector<Sighting> runners(const PublicKey&, Time now) const;

 private:
  struct Heard {
    KeyClaim claim;
    std::string url;
    Time at;
  };
  bool fresh(const Heard& heard, Time now) const { return now - heard.at <= window_; }
  void forget(Time now);
  void tell(const std::vector<Heard>& all, Time now, std::vector<Sighting>& found) const;

  Duration window_;
  Check check_;
  std::optional<Time> forgot_;                      // what was too old then
  std::map<PublicKey, std::vector<Heard>> by_key_;  // of each key the last heard first
};

}  // namespace aitbc::sync
