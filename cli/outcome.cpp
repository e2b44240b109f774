#include "cli/outcome.hpp"

namespace aitbc::cli {

Exit exit_code(const Failure& failure) {
  const Category kind = category(failure.error.code);
  if (kind == Category::unreachable || failure.error.code == Errc::timeout) {
    return Exit::unreachable;
  }
  if (kind == Category::absent) return Exit::negative;
  if (failure.origin == Origin::node) return Exit::refused;
  switch (kind) {
    case Category::malformed:
    case Category::usage:
      return Exit::usage;
    case Category::rejected:
    case Category::early:
    case Category::known:
      return Exit::negative;
    case Category::busy:
      return Exit::unreachable;
    case Category::absent:
    case Category::unreachable:
    case Category::internal:
      break;
  }
  return Exit::internal;
}

}  // namespace aitbc::cli
