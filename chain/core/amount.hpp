#pragma once
// Units of the chain's only currency, 0 … limits::supply_max. No arithmetic operators: a sum that
// leaves the range is a nullopt that the caller must look at.

#include <compare>
#include <cstdint>
#include <optional>

#include "chain/core/limits.hpp"

namespace aitbc {

class Amount {
 public:
  constexpr Amount() = default;

  static constexpr std::optional<Amount> from(std::uint64_t units) {
    if (units > limits::supply_max) return std::nullopt;
    return Amount{units};
  }

  constexpr std::uint64_t units() const { return units_; }
  constexpr std::optional<Amount> plus(Amount other) const { return from(units_ + other.units_); }
  constexpr std::optional<Amount> minus(Amount other) const {
    if (other.units_ > units_) return std::nullopt;
    return Amount{units_ - other.units_};
  }
  auto operator<=>(const Amount&) const = default;

 private:
  explicit constexpr Amount(std::uint64_t units) : units_(units) {}
  std::uint64_t units_ = 0;
};

}  // namespace aitbc
