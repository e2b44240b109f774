#include "chain/fault.hpp"

#include <algorithm>

#include "chain/core/result.hpp"

namespace aitbc {

namespace {

constexpr std::uint64_t million = 1'000'000;

// Of two independent chances.
std::uint32_t either(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>(a + b - std::uint64_t{a} * b / million);
}

}  // namespace

LinkRule LinkRule::operator+(const LinkRule& other) const {
  LinkRule both;
  both.cut = cut || other.cut;
  both.delay = delay + other.delay;
  both.jitter = jitter + other.jitter;
  both.loss_ppm = either(loss_ppm, other.loss_ppm);
  both.duplicate_ppm = either(duplicate_ppm, other.duplicate_ppm);
  both.reorder_ppm = either(reorder_ppm, other.reorder_ppm);
  const bool bounded = bytes_per_second > 0 && other.bytes_per_second > 0;
  both.bytes_per_second = bounded ? std::min(bytes_per_second, other.bytes_per_second)
                                  : bytes_per_second + other.bytes_per_second;
  return both;
}

std::string_view name(Lie lie) {
  switch (lie) {
    case Lie::forged_head:
      return "forged-head";
    case Lie::garbage:
      return "garbage";
    case Lie::withhold:
      return "withhold";
  }
  AITBC_CHECK(false && "a Lie outside its enumerators");
}

std::string_view kind_name(const Fault& fault) {
  constexpr std::string_view names[] = {"link", "clock", "disk", "lie", "double-sign"};
  return names[fault.kind.index()];
}

}  // namespace aitbc
