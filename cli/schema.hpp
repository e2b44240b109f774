#pragma once
// What each command prints with --json, as JSON Schema (2020-12). One table says it, in a short
// notation; tests hold real output against it. Pure functions.
//
//   text count int flag hash any   a string, an integer >= 0, an integer, a boolean, 0x and 64
//                                  digits, anything
//   {a:text b?:count}              an object with exactly these fields; b may be absent
//   [count]                        a list
//   count~                         may be null
//   {a:text}|tx                    the whole document is one of two
//   block {+block more:text}       a shape by its name, and its fields among others

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aitbc::cli {

// nullopt for a command that does not exist; "chain head" and "up" are commands.
std::optional<std::string> schema_of(std::string_view command);

std::vector<std::string> commands_with_schema();

}  // namespace aitbc::cli
