#pragma once
// Waiting until a condition holds on a running network: what `wait` and `up --wait` do. Main thread
// only.

#include <string>

#include "cli/expression.hpp"
#include "cli/invocation.hpp"
#include "cli/running.hpp"

namespace aitbc::cli {

struct Awaited {
  Expression expression;
  std::string text;  // as it was written
};
Result<Awaited> parse_awaited(const std::string& text);

// How long it took until it held. bad_config if a scope is none of this network; timeout, with what
// the nodes said last.
Result<Duration> await(Invocation& invocation, OpenNetwork& open, const Awaited& awaited,
                       Duration timeout);

}  // namespace aitbc::cli
