#pragma once
// A network's status as tables for people and as JSON for programs. Pure functions.

#include <string>
#include <vector>

#include "sites/network.hpp"

namespace aitbc::cli {

inline constexpr std::size_t short_hash_digits = 10;  // 0x and eight digits tell heads apart

std::string status_table(const sites::NetworkStatus& status);
std::string status_json(const sites::NetworkStatus& status);
// The same with the number of changes that `up` made, and the JSON of what it gave up.
std::string up_json(const sites::NetworkStatus& status, std::size_t changes,
                    std::string_view given_up);

std::string process_table(const std::vector<sites::NodeProcess>& processes);
std::string process_json(const std::string& network,
                         const std::vector<sites::NodeProcess>& processes);

// What an operator must see without asking for it: each begins with ", "; empty if there is
// nothing.
std::string alarms(const NodeStatus&);

// The verdict on a node, the faults that it has on purpose, and its alarms.
std::string state_text(const sites::NodeReport& report);

// What each node says of its peers.
std::string peer_table(const sites::NetworkStatus& status);
std::string peer_json(const sites::NetworkStatus& status);

}  // namespace aitbc::cli
