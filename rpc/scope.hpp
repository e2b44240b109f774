#pragma once
// What a caller may do; each scope includes those before it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace aitbc::rpc {

enum class Scope : std::uint8_t {
  read,    // ask
  submit,  // also hand in what proves itself: transactions, votes, evidence
  admin,   // also what needs the owner's trust: faucets, faults, keys, blocks by hand
};

constexpr std::string_view name(Scope scope) {
  switch (scope) {
    case Scope::read:
      return "read";
    case Scope::submit:
      return "submit";
    case Scope::admin:
      return "admin";
  }
  return "unknown";
}

constexpr std::optional<Scope> parse_scope(std::string_view word) {
  for (const Scope scope : {Scope::read, Scope::submit, Scope::admin}) {
    if (word == name(scope)) return scope;
  }
  return std::nullopt;
}

}  // namespace aitbc::rpc
