#pragma once
// The same for many nodes at once: one short-lived thread each, all ended on return. The function
// writes to its own place only.

#include <cstddef>
#include <thread>
#include <vector>

#include "chain/core/result.hpp"

namespace aitbc::sites {

template <class Function>
void at_once(std::size_t count, const Function& function) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&function, i] { function(i); });
}

// The same for what may fail: all are done, and the first failure is told.
template <class Function>
Status all_at_once(std::size_t count, const Function& function) {
  std::vector<Status> outcomes(count, ok());
  at_once(count, [&](std::size_t i) { outcomes[i] = function(i); });
  for (Status& outcome : outcomes) AITBC_TRY(std::move(outcome));
  return ok();
}

}  // namespace aitbc::sites
