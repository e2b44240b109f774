#pragma once
// The same for many nodes at once: one short-lived thread each, all ended on return. The function
// writes to its own place only.

#include <cstddef>
#include <thread>
#include <vector>

namespace aitbc::sites {

template <class Function>
void at_once(std::size_t count, const Function& function) {
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&function, i] { function(i); });
}

}  // namespace aitbc::sites
