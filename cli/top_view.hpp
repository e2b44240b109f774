#pragma once
// What `aitbc top` shows of what it knows, for any size of screen, and what it prints for programs.
// Pure.

#include <string>

#include "cli/screen.hpp"
#include "cli/top.hpp"

namespace aitbc::cli {

struct TopPicture {
  Screen screen;
  std::size_t scroll_max = 0;  // for TopModel::fit()
};
TopPicture draw(const TopModel& model, ScreenSize size, Time now);

// One line: the network, its rates, and each node (top_json.cpp).
std::string top_json(const TopModel& model, Time now);

}  // namespace aitbc::cli
