#pragma once
// Who looks at a network and its machines, for diagnosis.hpp. What cannot be asked is a symptom and
// no error. Each look takes as long as the slowest machine or node, at most its deadline. One
// thread at a time.

#include "sites/diagnosis/diagnosis.hpp"
#include "sites/network.hpp"

namespace aitbc::sites {

// Before: the machines, and what the nodes shall have there. Needs no `up`.
Symptoms look_at_machines(Network&);
// After: also the nodes' processes and logs, and what they answer, on machines that were looked at.
// An error of the network's own folder alone.
Result<Symptoms> look_at_network(Network&, Clock&, Symptoms machines);

// Looks, and goes on looking while the answer may still change, for some slots at most.
Result<std::vector<Diagnosis>> find_reasons(Network&, Clock&, const OnProgress&);

// What the OS says of the nodes' processes; of those that do not run, what their logs say.
void look_at_processes(Network&, Symptoms&);

}  // namespace aitbc::sites
