#pragma once
// What the rules of a diagnosis hand to one another: findings before they are put in order. Pure;
// any thread.

#include <string>
#include <vector>

#include "sites/diagnosis/diagnosis.hpp"

namespace aitbc::sites {

struct Clue : Diagnosis {
  // Of a fault on purpose: kill, pause, or kind_name(). Of what a machine said: by_machine.
  std::string kind;
};
inline constexpr std::string_view by_machine = "machine";

bool share_a_node(const Diagnosis& one, const Diagnosis& other);

// Causes before effects, and each effect with its cause.
std::vector<Diagnosis> in_order(std::vector<Clue> clues);

// The rules, each on its part of what was seen.
void judge_machines(const Symptoms&, std::vector<Clue>&);
void judge_nodes(const Symptoms&, std::vector<Clue>&);
void judge_chain(const Symptoms&, std::vector<Clue>&);

}  // namespace aitbc::sites
