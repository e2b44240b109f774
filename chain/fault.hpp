#pragma once
// What a node of a devnet is told to do wrong, as values: below rpc and sync, so that both can
// speak of it.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

// The rule for the links to and from these peers, by their base URLs.
struct LinkFault {
  LinkRule rule;
  std::vector<std::string> out, in;
  bool operator==(const LinkFault&) const = default;
};

// Its clock is off by so much, and by `drift_ppm` microseconds more each second.
struct ClockFault {
  Duration offset{0};
  std::int32_t drift_ppm = 0;
  bool operator==(const ClockFault&) const = default;
};

// Nothing can be written, or each commit takes so much longer.
struct DiskFault {
  bool full = false;
  Duration delay{0};
  bool operator==(const DiskFault&) const = default;
};

// What it tells its peers.
enum class Lie {
  forged_head,  // a better head than there is
  garbage,      // blocks, votes and transactions that break rules
  withhold      // nothing below its head
};
std::string_view name(Lie);

// An authority signs second blocks and votes, past its sign-guard.
struct DoubleSign {
  bool operator==(const DoubleSign&) const = default;
};

struct Fault {
  std::string id;    // one on all nodes that a command told
  std::string what;  // for people
  Time since, until;
  std::variant<LinkFault, ClockFault, DiskFault, Lie, DoubleSign> kind;
  bool operator==(const Fault&) const = default;
};
// link, clock, disk, lie, double-sign.
std::string_view kind_name(const Fault&);

}  // namespace aitbc
