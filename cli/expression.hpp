#pragma once
// The conditions of `aitbc wait`, and how they are judged. A node that does not answer has a state
// but no height: what is asked about its height is false. Pure functions.
//
//   expression = clause { "and" clause }
//   clause     = ( "all" | "any" | NODE ) ":" condition { "," condition }
//   condition  = field operator value
//   field      = height | final | mempool | reorgs | evidence  with a number
//              | state                                  with a word: in_sync, behind, ahead, ...
//              | head | state_root                      with "same" or 0x and 64 digits
//   operator   = == | != | < | <= | > | >=              (words and hashes: == and != alone)
//
// "all: head == same" holds when every node answers and all name one head.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chain/protocol.hpp"

namespace aitbc::cli {

// What is known of one node when a condition is judged.
struct NodeFacts {
  std::string node;
  SyncState::Kind state = SyncState::Kind::unreachable;
  struct Ledger {
    Height height = 0;
    Height final = 0;
    std::uint64_t mempool = 0;
    std::uint64_t reorgs = 0;
    BlockId head;
    Hash state_root;
    std::uint64_t evidence = 0;
  };
  std::optional<Ledger> ledger;  // nullopt if it did not answer
};

struct Condition {
  enum class Field { height, final, mempool, reorgs, evidence, state, head, state_root };
  enum class Operator { equal, unequal, less, at_most, more, at_least };
  struct Same {
    bool operator==(const Same&) const = default;
  };
  Field field{};
  Operator op{};
  std::variant<std::uint64_t, SyncState::Kind, Hash, Same> value;
  bool operator==(const Condition&) const = default;
};

struct Clause {
  std::string scope;  // "all", "any" or a node
  std::vector<Condition> conditions;
  bool operator==(const Clause&) const = default;
};
using Expression = std::vector<Clause>;

// bad_config with the position and what was expected there.
Result<Expression> parse_expression(std::string_view text);

// bad_config when it names a node that is not among them.
Status check_scopes(const Expression& expression, const std::vector<std::string>& nodes);
bool holds(const Expression& expression, const std::vector<NodeFacts>& nodes);

std::string_view name(SyncState::Kind kind);

}  // namespace aitbc::cli
