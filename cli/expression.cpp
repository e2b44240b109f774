#include "cli/expression.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "cli/number.hpp"

namespace aitbc::cli {

namespace {

using Field = Condition::Field;
using Operator = Condition::Operator;

constexpr std::size_t expression_bytes_max = 1'024;

constexpr std::array<std::pair<std::string_view, Field>, 8> fields{{
    {"height", Field::height},
    {"final", Field::final},
    {"mempool", Field::mempool},
    {"reorgs", Field::reorgs},
    {"evidence", Field::evidence},
    {"state", Field::state},
    {"head", Field::head},
    {"state_root", Field::state_root},
}};
// Longer ones first: "<" begins "<=".
constexpr std::array<std::pair<std::string_view, Operator>, 6> operators{{
    {"==", Operator::equal},
    {"!=", Operator::unequal},
    {"<=", Operator::at_most},
    {">=", Operator::at_least},
    {"<", Operator::less},
    {">", Operator::more},
}};
constexpr std::array kinds{SyncState::Kind::in_sync,       SyncState::Kind::behind,
                           SyncState::Kind::ahead,         SyncState::Kind::diverged,
                           SyncState::Kind::paused,        SyncState::Kind::unreachable,
                           SyncState::Kind::wrong_genesis, SyncState::Kind::stopped};

bool is_number(Field field) { return field <= Field::evidence; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Expression> parse() {
    Expression clauses;
    do {
      AITBC_TRY_ASSIGN(Clause clause, parse_clause());
      clauses.push_back(std::move(clause));
    } while (take_word("and"));
    if (!at_end()) return unexpected("'and', ',' or the end");
    return clauses;
  }

 private:
  Result<Clause> parse_clause() {
    Clause clause;
    clause.scope = std::string(word());
    if (clause.scope.empty()) return unexpected("all, any or a node");
    if (!take(":")) return unexpected("':' after '" + clause.scope + "'");
    do {
      AITBC_TRY_ASSIGN(Condition condition, parse_condition());
      if (std::holds_alternative<Condition::Same>(condition.value) && clause.scope != "all") {
        return unexpected("a hash: 'same' compares all nodes, so it stands behind 'all:'");
      }
      clause.conditions.push_back(std::move(condition));
    } while (take(","));
    return clause;
  }

  Result<Condition> parse_condition() {
    Condition condition;
    const std::string_view field = word();
    const auto known = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& entry) { return entry.first == field; });
    if (known == fields.end()) {
      return unexpected("height, final, mempool, reorgs, evidence, state, head or state_root");
    }
    condition.field = known->second;
    const auto op = std::find_if(operators.begin(), operators.end(),
                                 [&](const auto& entry) { return take(entry.first); });
    if (op == operators.end()) return unexpected("==, !=, <, <=, > or >=");
    condition.op = op->second;
    if (!is_number(condition.field) && condition.op != Operator::equal &&
        condition.op != Operator::unequal) {
      return unexpected("== or != for " + std::string(field));
    }
    AITBC_TRY(parse_value(condition));
    return condition;
  }

  Status parse_value(Condition& condition) {
    const std::string_view text = word();
    if (is_number(condition.field)) {
      const auto number = parse_number(text, "value");
      if (!number) return unexpected("a whole number");
      condition.value = *number;
      return ok();
    }
    if (condition.field == Field::state) {
      const auto kind =
          std::find_if(kinds.begin(), kinds.end(), [&](auto entry) { return name(entry) == text; });
      if (kind == kinds.end()) {
        return unexpected(
            "in_sync, behind, ahead, diverged, paused, unreachable, wrong_genesis "
            "or stopped");
      }
      condition.value = *kind;
      return ok();
    }
    if (text == "same") {
      condition.value = Condition::Same{};
      return ok();
    }
    const auto hash = parse_hash<Hash>(text);
    if (!hash) return unexpected("'same' or 0x and 64 hexadecimal digits");
    condition.value = *hash;
    return ok();
  }

  void skip_blanks() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
  }
  bool at_end() {
    skip_blanks();
    return position_ == text_.size();
  }
  std::string_view word() {
    skip_blanks();
    last_ = position_;
    const auto end = std::min(text_.find_first_of(" :,=!<>", position_), text_.size());
    const std::string_view found = text_.substr(position_, end - position_);
    position_ = end;
    return found;
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (text_.substr(position_, token.size()) != token) return false;
    position_ += token.size();
    last_ = position_;
    return true;
  }
  bool take_word(std::string_view expected) {
    const std::size_t before = position_;
    if (word() == expected) return true;
    position_ = before;
    return false;
  }
  Error unexpected(const std::string& expected) const {
    return error(Errc::bad_config, "expression, at character " + std::to_string(last_ + 1) +
                                       ": expected " + expected);
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t last_ = 0;  // where the word under judgement begins
};

template <class Value>
bool compare(Operator op, const Value& left, const Value& right) {
  switch (op) {
    case Operator::equal:
      return left == right;
    case Operator::unequal:
      return left != right;
    case Operator::less:
      return left < right;
    case Operator::at_most:
      return left <= right;
    case Operator::more:
      return left > right;
    case Operator::at_least:
      return left >= right;
  }
  return false;
}

std::uint64_t number_of(const NodeFacts::Ledger& ledger, Field field) {
  switch (field) {
    case Field::height:
      return ledger.height;
    case Field::final:
      return ledger.final;
    case Field::mempool:
      return ledger.mempool;
    default:
      return ledger.reorgs;
    case Field::evidence:
      return ledger.evidence;
  }
}

Hash hash_of(const NodeFacts::Ledger& ledger, Field field) {
  return field == Field::head ? Hash{ledger.head.data} : ledger.state_root;
}

bool holds(const Condition& condition, const NodeFacts& node) {
  if (const auto* kind = std::get_if<SyncState::Kind>(&condition.value)) {
    return compare(condition.op, node.state, *kind);
  }
  if (!node.ledger) return false;
  if (const auto* number = std::get_if<std::uint64_t>(&condition.value)) {
    return compare(condition.op, number_of(*node.ledger, condition.field), *number);
  }
  const auto* hash = std::get_if<Hash>(&condition.value);
  return hash != nullptr && compare(condition.op, hash_of(*node.ledger, condition.field), *hash);
}

bool holds_for_all(const Condition& condition, const std::vector<NodeFacts>& nodes) {
  if (!std::holds_alternative<Condition::Same>(condition.value)) {
    return std::all_of(nodes.begin(), nodes.end(),
                       [&](const NodeFacts& node) { return holds(condition, node); });
  }
  const bool answered = std::all_of(nodes.begin(), nodes.end(),
                                    [](const NodeFacts& node) { return node.ledger.has_value(); });
  if (!answered || nodes.empty()) return false;
  const Hash first = hash_of(*nodes.front().ledger, condition.field);
  const bool same = std::all_of(nodes.begin(), nodes.end(), [&](const NodeFacts& node) {
    return hash_of(*node.ledger, condition.field) == first;
  });
  return same == (condition.op == Operator::equal);
}

bool holds(const Clause& clause, const std::vector<NodeFacts>& nodes) {
  const auto all_conditions = [&](const NodeFacts& node) {
    return std::all_of(clause.conditions.begin(), clause.conditions.end(),
                       [&](const Condition& condition) { return holds(condition, node); });
  };
  if (clause.scope == "any") return std::any_of(nodes.begin(), nodes.end(), all_conditions);
  if (clause.scope != "all") {
    const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const NodeFacts& candidate) {
      return candidate.node == clause.scope;
    });
    return node != nodes.end() && all_conditions(*node);
  }
  return std::all_of(clause.conditions.begin(), clause.conditions.end(),
                     [&](const Condition& condition) { return holds_for_all(condition, nodes); });
}

}  // namespace

Result<Expression> parse_expression(std::string_view text) {
  if (text.size() > expression_bytes_max) {
    return error(Errc::bad_config, "the expression is longer than " +
                                       std::to_string(expression_bytes_max) + " characters");
  }
  return Parser(text).parse();
}

Status check_scopes(const Expression& expression, const std::vector<std::string>& nodes) {
  for (const Clause& clause : expression) {
    if (clause.scope == "all" || clause.scope == "any") continue;
    if (std::find(nodes.begin(), nodes.end(), clause.scope) != nodes.end()) continue;
    std::string known;
    for (const std::string& node : nodes) known += (known.empty() ? "" : ", ") + node;
    return error(Errc::bad_config, "there is no node '" + clause.scope + "'; there are: " + known);
  }
  return ok();
}

bool holds(const Expression& expression, const std::vector<NodeFacts>& nodes) {
  return std::all_of(expression.begin(), expression.end(),
                     [&](const Clause& clause) { return holds(clause, nodes); });
}

std::string_view name(SyncState::Kind kind) {
  switch (kind) {
    case SyncState::Kind::in_sync:
      return "in_sync";
    case SyncState::Kind::behind:
      return "behind";
    case SyncState::Kind::ahead:
      return "ahead";
    case SyncState::Kind::diverged:
      return "diverged";
    case SyncState::Kind::paused:
      return "paused";
    case SyncState::Kind::unreachable:
      return "unreachable";
    case SyncState::Kind::wrong_genesis:
      return "wrong_genesis";
    case SyncState::Kind::stopped:
      return "stopped";
  }
  AITBC_CHECK(false && "a state outside its enumerators");
}

}  // namespace aitbc::cli
