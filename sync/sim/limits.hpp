#pragma once
// The bounds of the simulator, by name, as chain/core/limits.hpp has those of a node.

#include <cstddef>
#include <cstdint>

namespace aitbc::limits {

inline constexpr std::uint64_t sim_seeds_max = 1'000'000;
inline constexpr std::uint64_t sim_hours_max = 24 * 365;
inline constexpr std::size_t sim_nodes_max = 32;
inline constexpr std::size_t sim_followers_max = 10'000;
inline constexpr std::size_t dump_bytes_max = 1024 * 1024 * 1024;  // of a recorded network
inline constexpr std::size_t dump_items_max = 1'000'000;  // blocks, votes or transactions of a node

}  // namespace aitbc::limits
