#pragma once
// What a network of very many nodes at many sites would cost: a world without faults, whose links
// are as long as those between sites are, and whose nodes are as fast as they were measured to be.
// A function of its argument. One thread.

#include "sync/sim/world.hpp"

namespace aitbc::sim {

struct Growth {
  std::uint64_t seed = 1;
  std::size_t authorities = 21;
  std::size_t followers = 979;
  std::size_t sites = 50;
  Duration latency{80};  // a round trip between two sites, on average; the sites lie on a square
  Costs costs = {std::chrono::microseconds{150}, std::chrono::microseconds{36}};
  std::size_t payments = 20;
  Duration interval{5'000};  // between two payments
};

struct Grown {
  std::optional<Failure> failure;
  std::uint64_t payments = 0;
  std::uint64_t reached_all = 0;       // of the payments
  std::vector<Duration> to_all;        // of those: from the acknowledgement on, ascending
  std::vector<Duration> to_final;      // from the sealing of a block until all call it final
  std::uint64_t messages_at_rest = 0;  // of all nodes, a minute
  std::uint64_t bytes_at_rest = 0;     // likewise
  std::uint64_t bytes_of_payment = 0;  // of all nodes, for one
  std::string differences;             // between nodes at the end; empty if there are none
};

Grown grow(const Growth&);

}  // namespace aitbc::sim
