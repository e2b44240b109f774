#pragma once
// The network of a scenario made real: on loopback addresses that nobody else has, with accounts
// for the traffic, as the text of a network file. Main thread only.

#include "sites/manifest.hpp"

namespace aitbc::cli {

// unreachable if there are no free addresses.
Status place(sites::Manifest& network);
std::string network_text(const sites::Manifest& network);

}  // namespace aitbc::cli
