#pragma once
// What a node of a devnet is told to do wrong, as values: below rpc and sync, so that both can
// speak of it.

#include <cstdint>

#include "chain/core/time.hpp"

namespace aitbc {

// What happens to the messages of one directed link, beyond what the network does to them.
struct LinkRule {
  bool cut = false;
  Duration delay{0};
  Duration jitter{0};  // up to this much more; messages keep their order
  std::uint32_t loss_ppm = 0;
  std::uint32_t duplicate_ppm = 0;
  std::uint32_t reorder_ppm = 0;       // so many of a million are overtaken by later ones
  std::uint64_t bytes_per_second = 0;  // 0: no bound
  bool operator==(const LinkRule&) const = default;

  bool is_plain() const { return *this == LinkRule{}; }
  // What two faults on one link do together.
  LinkRule operator+(const LinkRule&) const;
};

}  // namespace aitbc
