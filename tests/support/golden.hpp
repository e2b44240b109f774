#pragma once
// Values that must never change by accident, kept in tests/golden as lines of "name value". A file
// is right only if it holds exactly the names and values that the code yields. With
// AITBC_GOLDEN=write in the environment it is written instead: read the diff before keeping it.

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

namespace aitbc::test {

using GoldenValues = std::map<std::string, std::string>;

inline GoldenValues read_golden(const std::string& file) {
  GoldenValues values;
  std::ifstream in("tests/golden/" + file);
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.find(' ');
    if (space == std::string::npos) continue;
    values[line.substr(0, space)] = line.substr(space + 1);
  }
  return values;
}

// What the file says; `actual` itself, after writing it, when the file is to be written.
inline GoldenValues expected_golden(const std::string& file, const GoldenValues& actual) {
  const char* mode = std::getenv("AITBC_GOLDEN");
  if (mode == nullptr || std::string(mode) != "write") return read_golden(file);
  std::ofstream out("tests/golden/" + file);
  for (const auto& [name, value] : actual) out << name << ' ' << value << '\n';
  return actual;
}

}  // namespace aitbc::test
