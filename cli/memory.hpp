#pragma once
// What a node does to stay small: it runs beside many others on one machine.

#include "chain/core/time.hpp"

namespace aitbc::cli {

inline constexpr Duration give_back_interval{30'000};

// Before any other thread exists.
void stay_small();

// What a start or a burst of work needed and nobody needs any more goes back to the system: free
// heap, and the pages of the program itself, which come again from the page cache when they are
// used. Takes less than a millisecond; any thread.
void give_back();

}  // namespace aitbc::cli
